"""Finding, selecting, tagging and deleting, by pointer and by keyboard."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.acceptance.serving import Server
from tests.browser.conftest import MIB
from tests.browser.person import Person

MANY = 1000


def addresses(page: Page, *, ends: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(ends) + "$"))


def test_search_filter_and_sort_stand_in_the_address(guest: Person, pictures: Path) -> None:
    guest.given(*(pictures / name for name in ("Dawn.jpg", "Lake.jpg", "Notes.txt")))
    page = guest.page
    page.get_by_role("searchbox", name="Search by name").fill("la")
    addresses(page, ends="/?q=la")
    expect(guest.tile("Dawn.jpg")).to_be_hidden()
    expect(guest.tile("Lake.jpg")).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    page.get_by_role("button", name="Text", exact=True).click()
    addresses(page, ends="/?type=text")
    expect(guest.tile("Lake.jpg")).to_be_hidden()
    expect(guest.tile("Notes.txt")).to_be_visible()
    page.get_by_role("button", name="Sort: Newest first").click()
    page.get_by_role("menuitemradio", name="Name, A to Z").click()
    addresses(page, ends="/?type=text&sort=name")
    page.go_back()
    addresses(page, ends="/?type=text")
    page.go_back()
    addresses(page, ends="/")
    expect(guest.tile("Lake.jpg")).to_be_visible()
    page.go_forward()
    expect(guest.tile("Lake.jpg")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("button", name="Text", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(guest.tile("Notes.txt")).to_be_visible()


def test_the_chips_of_types_cover_every_file(guest: Person, tmp_path: Path) -> None:
    shown = {
        "Text": ("notes.txt", b"some words\n"),
        "Documents": ("letter.rtf", b"{\\rtf1 x}"),
        "Archives": ("data.gz", b"\x1f\x8b\x08" + bytes(20)),
        "Other": ("noise.bin", b"\x9b\x01\x02\xff" * 9),
    }
    for name, content in shown.values():
        (tmp_path / name).write_bytes(content)
    guest.given(*(tmp_path / name for name, _ in shown.values()))
    for chip, (name, _) in shown.items():
        guest.page.get_by_role("button", name=chip, exact=True).click()
        expect(guest.page.get_by_role("gridcell")).to_have_count(1)
        expect(guest.tile(name)).to_be_visible()


def test_many_are_tagged_at_once_and_found_by_the_tag(guest: Person, pictures: Path) -> None:
    guest.given(*(pictures / name for name in ("Dawn.jpg", "Lake.jpg", "Forest.jpg")))
    page = guest.page
    page.get_by_role("checkbox", name="Select Dawn.jpg").click()
    page.get_by_role("checkbox", name="Select Lake.jpg").click()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Add tags").click()
    dialog = page.get_by_role("dialog", name="Add tags to 2 files")
    dialog.get_by_role("combobox", name="Add a tag").fill("outdoors")
    page.get_by_role("option", name="Add “outdoors”").click()
    dialog.get_by_role("button", name="Add tags", exact=True).click()
    expect(page.get_by_text("2 files changed.")).to_be_visible()
    sent = [one for one in guest.requests if "bulkTag(" in (one.post_data or "")]
    assert len(sent) == 1
    page.get_by_role("button", name="Tags", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="outdoors").click()
    addresses(page, ends="/?tag=outdoors")
    expect(page.get_by_text("2 files", exact=True)).to_be_visible()
    expect(guest.tile("Forest.jpg")).to_be_hidden()


def test_many_are_shown_to_everyone_at_once_and_others_files_are_not(
    guest: Person, pictures: Path, arrive: Callable[..., Person]
) -> None:
    guest.given(*(pictures / name for name in ("Dawn.jpg", "Lake.jpg", "Forest.jpg")))
    page = guest.page
    for name in ("Dawn.jpg", "Lake.jpg"):
        page.get_by_role("checkbox", name=f"Select {name}").click()
    page.get_by_role("button", name="Who sees them").click()
    assert guest.barriers(menu=True) == []
    page.get_by_role("menuitem", name="Everyone signed in").click()
    expect(page.get_by_text("2 files changed to “Everyone signed in”.")).to_be_visible()
    expect(page.get_by_text("2 selected")).to_be_hidden()
    guest.open("/?visibility=shared")
    expect(page.get_by_text("2 files", exact=True)).to_be_visible()
    page.get_by_role("checkbox", name="Select Dawn.jpg").click()
    page.get_by_role("button", name="Who sees them").click()
    page.get_by_role("menuitem", name="Only me").click()
    expect(guest.tile("Dawn.jpg")).to_be_hidden()
    expect(page.get_by_text("1 file", exact=True)).to_be_visible()

    other = arrive()
    other.sign_in()
    other.open("/?scope=everyone")
    other.page.get_by_role("checkbox", name="Select Lake.jpg").click()
    other.page.get_by_role("button", name="Who sees them").click()
    other.page.get_by_role("menuitem", name="Anyone with the link").click()
    refusal = "1 file could not be changed: only the owner can do that."
    expect(other.page.get_by_text(refusal)).to_be_visible()
    other.page.get_by_role("button", name="Dismiss").click()

    other.page.get_by_role("checkbox", name="Select Lake.jpg").click()
    other.page.get_by_role("button", name="Add tags").click()
    dialog = other.page.get_by_role("dialog", name="Add tags to 1 file")
    dialog.get_by_role("combobox", name="Add a tag").fill("mine")
    other.page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Add tags", exact=True).click()
    other.page.get_by_role("button", name="Show which").click()
    dialog = other.page.get_by_role("dialog", name="Files that were not changed")
    expect(dialog.get_by_text("Lake.jpg")).to_be_visible()
    expect(dialog.get_by_text("only the owner can do that.")).to_be_visible()
    assert other.barriers() == []


def test_a_deletion_can_be_undone_before_the_server_hears_of_it(
    guest: Person, pictures: Path
) -> None:
    guest.given(*(pictures / name for name in ("Dawn.jpg", "Lake.jpg", "Forest.jpg")))
    page = guest.page
    for name in ("Dawn.jpg", "Lake.jpg"):
        page.get_by_role("checkbox", name=f"Select {name}").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(guest.tile("Dawn.jpg")).to_be_hidden()
    expect(page.get_by_text("1 file", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(guest.tile("Dawn.jpg")).to_be_visible()
    assert not [one for one in guest.requests if "BulkDelete" in (one.post_data or "")]
    page.reload()
    expect(page.get_by_text("3 files", exact=True)).to_be_visible()


def test_a_deletion_takes_effect_when_its_message_goes(guest: Person, pictures: Path) -> None:
    guest.given(*(pictures / name for name in ("Dawn.jpg", "Lake.jpg", "Forest.jpg")))
    page = guest.page
    for name in ("Dawn.jpg", "Lake.jpg", "Forest.jpg"):
        guest.see_picture(name)  # a thumbnail asked for and then deleted is refused
    page.get_by_role("checkbox", name="Select Dawn.jpg").click()
    page.get_by_role("checkbox", name="Select Forest.jpg").click(modifiers=["Shift"])
    page.get_by_role("button", name="Delete", exact=True).click()
    with page.expect_response("**/graphql"):
        page.get_by_role("button", name="Dismiss").click()
    page.reload()
    expect(page.get_by_role("heading", name="Your library is empty")).to_be_visible()


def test_a_deletion_takes_effect_when_the_page_is_left(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Dawn.jpg", pictures / "Lake.jpg")
    guest.see_picture("Dawn.jpg")
    guest.page.get_by_role("checkbox", name="Select Dawn.jpg").click()
    guest.page.get_by_role("button", name="Delete", exact=True).click()
    expect(guest.page.get_by_role("button", name="Undo")).to_be_visible()
    guest.page.reload()
    expect(guest.tile("Lake.jpg")).to_be_visible()
    expect(guest.tile("Dawn.jpg")).to_be_hidden()


def test_everything_goes_by_keyboard(guest: Person, pictures: Path) -> None:
    guest.given(*(pictures / name for name in ("Dawn.jpg", "Lake.jpg", "Forest.jpg")))
    page = guest.page
    press = page.keyboard.press
    press("/")
    expect(page.get_by_role("searchbox", name="Search by name")).to_be_focused()
    guest.tile("Forest.jpg").focus()
    press("ArrowRight")
    expect(guest.tile("Lake.jpg")).to_be_focused()
    press("Space")
    press("Shift+ArrowRight")
    expect(page.get_by_text("2 selected")).to_be_visible()
    press("Escape")
    expect(page.get_by_text("2 selected")).to_be_hidden()
    press("Home")
    press("Enter")
    expect(page.get_by_role("dialog", name="Viewer: Forest.jpg")).to_be_visible()
    press("Escape")
    expect(guest.tile("Forest.jpg")).to_be_focused()
    press("Control+a")
    expect(page.get_by_text("3 selected")).to_be_visible()
    press("Delete")
    expect(page.get_by_text("3 files deleted")).to_be_visible()


def test_uploads_are_cancelled_refused_in_words_and_tried_again(
    guest: Person, pictures: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * (MIB + 1))
    page = guest.page
    with page.expect_file_chooser() as dialog:
        page.get_by_role("button", name="Upload", exact=True).click()
    dialog.value.set_files([large])
    panel = page.get_by_role("region", name="Uploads")
    expect(panel.get_by_text("Too large: a file may have up to 1.05 MB.")).to_be_visible()

    page.route("**/graphql", lambda _: None, times=1)  # stands still
    with page.expect_file_chooser() as dialog:
        page.get_by_role("button", name="Upload", exact=True).click()
    dialog.value.set_files([pictures / "Dawn.jpg"])
    panel.get_by_role("button", name="Cancel Dawn.jpg").click()
    expect(panel.get_by_text("Cancelled")).to_be_visible()
    panel.get_by_role("button", name="Try Dawn.jpg again").click()
    expect(guest.tile("Dawn.jpg")).to_be_visible()


def test_of_a_long_list_only_what_is_near_exists(
    guest: Person, pictures: Path, server: Server
) -> None:
    guest.given(pictures / "Notes.txt")
    multiply(server, "Notes.txt", MANY)
    guest.page.reload()
    expect(guest.page.get_by_text("1,001 files")).to_be_visible()
    seen = 0
    for _ in range(60):
        guest.page.keyboard.press("End")
        seen = max(seen, guest.page.locator(".tile").count())
        guest.page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
        if guest.tile("Notes.txt").count():
            break
        guest.page.wait_for_timeout(100)
    expect(guest.tile("Notes.txt")).to_be_visible()  # the oldest comes last
    assert 0 < seen < MANY / 4


def multiply(server: Server, name: str, times: int) -> None:
    """Write ``times`` newer files like the one called ``name`` straight into the tables."""
    with closing(sqlite3.connect(server.data_dir / "media.db", timeout=20)) as database, database:
        database.row_factory = sqlite3.Row
        newest = "SELECT * FROM file WHERE filename = ? ORDER BY created_at DESC LIMIT 1"
        row = dict(database.execute(newest, (name,)).fetchone())
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        for number in range(times):
            copy = row | {"id": f"{row['id'][:-5]}{number:05d}", "filename": f"copy {number}.txt"}
            copy["created_at"] = copy["updated_at"] = f"2999-01-01 00:00:00.{number:06d}+00:00"
            database.execute(f"INSERT INTO file ({columns}) VALUES ({marks})", [*copy.values()])
        database.execute(
            "UPDATE user_account SET files_count = files_count + ? WHERE id = ?",
            (times, row["owner_id"]),
        )
        database.execute("UPDATE blob SET refs = refs + ? WHERE key = ?", (times, row["blob_id"]))


def test_what_others_share_is_seen_but_not_changed(
    guest: Person, arrive: Callable[..., Person], pictures: Path
) -> None:
    guest.given(pictures / "Film.mp4")
    viewer = guest.look_at("Film.mp4")
    viewer.get_by_role("combobox", name="Who can see it").click()
    guest.page.get_by_role("option", name="Everyone signed in").click()
    expect(viewer.get_by_text("Saved")).to_be_visible()
    other = arrive()
    other.sign_in()
    other.open("/?scope=everyone")
    viewer = other.look_at("Film.mp4")
    expect(viewer.get_by_role("button", name="Share a link")).to_be_hidden()
    expect(viewer.get_by_label("Name", exact=True)).not_to_be_editable()
    other.page.wait_for_function("() => document.querySelector('video')?.readyState >= 1")
