"""The first minutes: signing in, an empty library, the first files, coming back."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.acceptance.serving import Server, eventually
from tests.browser.person import Person

KIB = 1024
MOST_SCRIPT_BYTES = 145 * KIB


def test_one_click_signs_in_and_an_empty_library_says_what_to_do(guest: Person) -> None:
    expect(guest.page.get_by_role("heading", name="Your library is empty")).to_be_visible()
    expect(guest.page.get_by_role("button", name="Choose files")).to_be_visible()
    expect(guest.page.get_by_text("0 files")).to_be_visible()


def test_files_come_by_the_dialog_and_show_their_thumbnails(guest: Person, pictures: Path) -> None:
    names = ["Dawn.jpg", "Guide.pdf", "Film.mp4"]
    guest.choose(pictures / name for name in names)
    for name in names:
        assert guest.see_picture(name).evaluate("image => image.naturalWidth") > 0
    expect(guest.page.get_by_text("3 files", exact=True)).to_be_visible()


def test_a_folder_that_cannot_be_read_is_told(guest: Person, tmp_path: Path) -> None:
    (tmp_path / "trip").mkdir()
    guest.page.evaluate(
        "() => { const entry = DataTransferItem.prototype.webkitGetAsEntry;"
        "DataTransferItem.prototype.webkitGetAsEntry = function () {"
        "  const folder = entry.call(this), reader = Object.getPrototypeOf(folder.createReader());"
        "  reader.readEntries = (_, refuse) => refuse(new DOMException('', 'NotReadableError'));"
        "  return folder;"
        "}; }"
    )
    guest.drop([tmp_path / "trip"], once_it_says="Drop to upload")
    expect(guest.page.get_by_text("could not be read")).to_be_visible()


def test_files_and_whole_folders_come_by_dropping_them(
    guest: Person, pictures: Path, tmp_path: Path
) -> None:
    trip = tmp_path / "trip"
    (trip / "day one").mkdir(parents=True)
    (trip / "day one" / "Inside.txt").write_text("deep in a folder")
    (trip / "Plan.txt").write_text("in a folder")
    (trip / ".hidden").write_text("nobody's business")
    guest.drop([trip, pictures / "Lake.jpg"], once_it_says="Drop to upload")
    guest.wait_for_uploads()
    for name in ("Inside.txt", "Plan.txt", "Lake.jpg"):
        expect(guest.tile(name)).to_be_visible()
    expect(guest.page.get_by_text("3 files", exact=True)).to_be_visible()


def test_a_picture_comes_by_pasting_it(guest: Person) -> None:
    expect(guest.page.get_by_role("button", name="Choose files")).to_be_visible()
    guest.page.evaluate(
        """async () => {
          const canvas = new OffscreenCanvas(80, 40);
          canvas.getContext("2d").fillRect(0, 0, 80, 40);
          const data = new DataTransfer();
          const blob = await canvas.convertToBlob();
          data.items.add(new File([blob], "pasted.png", {type: "image/png"}));
          document.body.dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
        }"""
    )
    guest.wait_for_uploads()
    expect(guest.tile("pasted.png")).to_be_visible()


def test_a_tile_has_its_shape_before_its_picture_loads(guest: Person, pictures: Path) -> None:
    guest.choose([pictures / "Dawn.jpg"])
    guest.page.route("**/preview*", lambda _: None)  # never answered

    def shape_is_known() -> bool:
        guest.page.reload()
        box = guest.tile("Dawn.jpg").bounding_box()
        return box is not None and abs(box["width"] / box["height"] - 1.5) < 0.02

    eventually(shape_is_known, "the server has looked at the picture")
    expect(guest.tile("Dawn.jpg").locator("canvas.tile-blur")).to_be_visible()


def test_who_comes_back_is_still_signed_in_and_can_sign_out(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Lake.jpg")
    expect(guest.tile("Lake.jpg")).to_be_visible()
    guest.page.get_by_role("button", name="Account and appearance").click()
    guest.page.get_by_role("menuitem", name="Sign out").click()
    guest.page.get_by_role("button", name="Sign out and lose the files").click()
    expect(guest.page.get_by_role("button", name="Start as a guest")).to_be_visible()
    guest.page.reload()
    expect(guest.page.get_by_role("button", name="Start as a guest")).to_be_visible()


def test_no_token_is_left_where_scripts_of_another_visit_could_read_it(page: Page) -> None:
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert not re.search(r"ey[A-Za-z0-9_-]{20,}", kept)
    assert page.evaluate("() => document.cookie") == ""


def test_the_first_load_is_light(arrive: Callable[..., Person]) -> None:
    person = arrive()
    person.sign_in()
    expect(person.page.get_by_role("button", name="Choose files")).to_be_visible()
    scripts = [one for one in person.requests if one.resource_type == "script"]
    sizes = [one.sizes()["responseBodySize"] for one in scripts]
    assert 0 < sum(sizes) <= MOST_SCRIPT_BYTES


def test_a_server_that_is_away_is_told_in_words(guest: Person, pictures: Path) -> None:
    guest.page.route("**/graphql", lambda route: route.abort())
    guest.page.get_by_role("searchbox").fill("anything")
    expect(guest.page.get_by_text("The server cannot be reached")).to_be_visible()
    expect(guest.page.get_by_role("button", name="Try again")).to_be_visible()
    guest.page.unroute("**/graphql")
    expect(guest.page.get_by_role("heading", name="No file fits")).to_be_visible()
    guest.complaints.clear()  # the browser tells of every request that fails


def test_the_library_is_served_as_it_was_built(server: Server) -> None:
    with server.client() as client:
        page = client.get("/")
        script = re.search(r'src="(/assets/[^"]+\.js)"', page.text)
        assert script
        answer = client.get(script[1], headers={"accept-encoding": "gzip"})
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]


def test_a_session_outlives_a_server_that_is_away(guest: Person) -> None:
    guest.page.route("**/v1/auth/refresh", lambda route: route.abort())
    guest.page.reload()
    expect(guest.page.get_by_role("heading", name="The server is away")).to_be_visible()
    expect(guest.page.get_by_role("button", name="Try again")).to_be_visible()
    guest.page.unroute("**/v1/auth/refresh")
    expect(guest.page.get_by_role("button", name="Choose files")).to_be_visible()
    guest.complaints.clear()  # the browser tells of every request that fails


def test_a_session_that_has_ended_asks_to_sign_in(guest: Person) -> None:
    guest.page.context.clear_cookies()
    guest.page.reload()
    expect(guest.page.get_by_role("button", name="Start as a guest")).to_be_visible()
    guest.complaints.clear()  # the refused renewal
    guest.page.reload()
    expect(guest.page.get_by_role("button", name="Start as a guest")).to_be_visible()
