"""What people typed, chose and deleted outlives Escape, reloads, outages and other accounts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.acceptance.serving import Server, eventually
from tests.browser.person import Person
from tests.browser.pictures import PASSWORD
from tests.browser.test_organising import multiply

MANY = 1400
REFUSED = {"errors": [{"message": "expired", "extensions": {"code": "UNAUTHENTICATED"}}]}


def sign_out_in_another_tab(person: Person) -> None:
    """Sign out and in as somebody else, in a second page of the same browser."""
    tab = person.page.context.new_page()
    tab.goto(person.url)
    tab.get_by_role("button", name="Account and appearance").click()
    tab.get_by_role("menuitem", name="Sign out").click()
    tab.get_by_role("button", name="Sign out and lose the files").click()
    tab.get_by_role("button", name="Start as a guest").click()
    expect(tab.get_by_role("heading", name="Your library is empty")).to_be_visible()


def be_refused(person: Person) -> None:
    """Let the server end the session, and sign in again as somebody else."""
    page = person.page
    page.context.clear_cookies()
    page.route("**/graphql", lambda route: route.fulfill(json=REFUSED))
    page.get_by_role("searchbox").fill("anything")
    start = page.get_by_role("button", name="Start as a guest")
    expect(start).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    page.unroute("**/graphql")
    start.click()


@pytest.mark.parametrize("end", [sign_out_in_another_tab, be_refused])
def test_nothing_of_one_account_reaches_the_next(
    guest: Person, pictures: Path, end: Callable[[Person], None]
) -> None:
    page = guest.given(pictures / "Dawn.jpg", pictures / "Lake.jpg").page
    uploads: list[Route] = []
    page.route("**/graphql", lambda route: hold_uploads(route, uploads))
    begin_upload(page, pictures / "Forest.jpg")
    page.get_by_role("checkbox", name="Select Lake.jpg").click()
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("checkbox", name="Select Dawn.jpg").click()
    end(guest)
    expect(page.get_by_role("heading", name="Your library is empty")).to_be_visible()
    for gone in ("Selected files", "Uploads"):
        expect(page.get_by_role("region", name=gone)).to_be_hidden()
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    expect(guest.tile("Dawn.jpg")).to_be_hidden()
    assert len(uploads) == 1
    guest.complaints.clear()  # the browser reports the refused renewal


def hold_uploads(route: Route, held: list[Route]) -> None:
    if "multipart" in route.request.headers.get("content-type", ""):
        held.append(route)
    else:
        route.continue_()


def begin_upload(page: Page, *files: Path) -> None:
    with page.expect_file_chooser() as dialog:
        page.get_by_role("button", name="Upload", exact=True).click()
    dialog.value.set_files(files)


def test_leaving_the_page_deletes_more_files_than_one_request_holds(
    guest: Person, pictures: Path, server: Server
) -> None:
    page = guest.given(pictures / "Notes.txt").page
    multiply(server, "Notes.txt", MANY)
    page.reload()
    expect(page.get_by_text("1,401 files")).to_be_visible()
    page.wait_for_function(
        "() => { scrollTo(0, document.body.scrollHeight);"
        " return document.querySelector('[aria-label=\"Open Notes.txt\"]'); }"
    )
    guest.tile("Notes.txt").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.get_by_text("1,401 files deleted")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Your library is empty")).to_be_visible()
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((key) => key.startsWith('media.deletion'))"
    )
    page.reload()
    expect(page.get_by_role("heading", name="Your library is empty")).to_be_visible()


def test_a_deletion_in_the_viewer_is_undone_by_pointer_and_by_keyboard(
    guest: Person, pictures: Path
) -> None:
    page = guest.given(pictures / "Dawn.jpg", pictures / "Lake.jpg").page
    viewer = guest.look_at("Lake.jpg")
    ways: tuple[Callable[[Page], None], ...] = (click_undo, tab_to_undo)
    for undo in ways:
        viewer.get_by_role("button", name="Delete").click()
        expect(page.get_by_role("dialog", name="Viewer: Dawn.jpg")).to_be_visible()
        undo(page)
        expect(page.get_by_role("button", name="Undo")).to_be_hidden()
        page.get_by_role("button", name="Previous file").click()
        expect(page.get_by_role("dialog", name="Viewer: Lake.jpg")).to_be_visible()
    assert guest.barriers() == []


def click_undo(page: Page) -> None:
    page.get_by_role("button", name="Undo").click()


def tab_to_undo(page: Page) -> None:
    """Go from element to element until the focus is on Undo, and press it."""
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if undo.evaluate("button => button === document.activeElement"):
            page.keyboard.press("Enter")
            return
    pytest.fail("the keyboard does not reach Undo")


def test_a_description_is_kept_however_the_viewer_is_left(guest: Person, pictures: Path) -> None:
    page = guest.given(pictures / "Dawn.jpg").page
    ways: dict[str, Callable[[], object]] = {
        "Escape": lambda: page.keyboard.press("Escape"),
        "Back": page.go_back,
        "reload": page.reload,
    }
    for name, leave in ways.items():
        description = guest.look_at("Dawn.jpg").get_by_label("Description")
        description.fill(f"Left by {name}")
        leave()
        guest.open()
        description = guest.look_at("Dawn.jpg").get_by_label("Description")
        expect(description).to_have_value(f"Left by {name}")
        guest.open()


def test_a_description_is_saved_when_its_page_is_left_for_good(
    guest: Person, pictures: Path, server: Server
) -> None:
    guest.given(pictures / "Dawn.jpg")
    guest.look_at("Dawn.jpg").get_by_label("Description").fill("Left for good")
    guest.page.goto("about:blank")
    descriptions = "SELECT 1 FROM file WHERE description = 'Left for good'"
    eventually(lambda: server.rows(descriptions), "the description is saved")


def test_a_locked_pdf_asks_for_its_password_in_the_page(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Locked.pdf")
    viewer = guest.look_at("Locked.pdf")
    password = viewer.get_by_label("This document has a password")
    password.fill("guess")
    viewer.get_by_role("button", name="Open", exact=True).click()
    expect(viewer.get_by_text("That is not the password.")).to_be_visible()
    assert guest.barriers() == []
    viewer.get_by_role("button", name="Cancel").click()
    expect(viewer.get_by_text("locked with a password")).to_be_visible()
    viewer.get_by_role("button", name="Enter the password").click()
    password.fill(PASSWORD)
    password.press("Enter")
    expect(viewer.get_by_text("Page 1 of 1")).to_be_attached()
    # The browser reports that there is no preview of it.
    guest.complaints = [one for one in guest.complaints if " 422 " not in one]


def test_after_an_outage_everything_goes_on_by_itself(guest: Person, pictures: Path) -> None:
    page = guest.given(pictures / "Dawn.jpg", pictures / "Lake.jpg").page
    description = guest.look_at("Dawn.jpg").get_by_label("Description")
    page.context.set_offline(True)
    description.fill("Typed without a network")
    expect(page.get_by_text("Not saved.")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("Forest")
    expect(page.get_by_role("heading", name="The files could not be loaded")).to_be_visible()
    begin_upload(page, pictures / "Forest.jpg")
    expect(page.get_by_text("Waiting.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="1 file uploaded")).to_be_visible()
    expect(guest.tile("Forest.jpg")).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    description = guest.look_at("Dawn.jpg").get_by_label("Description")
    page.reload()
    expect(description).to_have_value("Typed without a network")
    guest.complaints.clear()  # the browser reports every request that fails
