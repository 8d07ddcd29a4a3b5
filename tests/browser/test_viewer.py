"""Looking at files: every kind in its viewer, details, links."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.acceptance.serving import eventually
from tests.browser.person import Person


def test_a_film_plays_and_seeks(guest: Person, pictures: Path) -> None:
    answers: list[int] = []
    guest.page.on(
        "response", lambda one: answers.append(one.status) if "/stream" in one.url else None
    )
    guest.given(pictures / "Film.mp4")
    film = guest.look_at("Film.mp4").locator("video")
    film.evaluate("video => { video.muted = true; return video.play(); }")
    playing = "() => document.querySelector('video').currentTime > 0.3"
    guest.page.wait_for_function(playing)
    film.evaluate("video => { video.pause(); video.currentTime = 5; }")
    sought = (
        "() => { const film = document.querySelector('video');"
        " return !film.seeking && film.readyState >= 2 && Math.abs(film.currentTime - 5) < 0.1; }"
    )
    guest.page.wait_for_function(sought)
    assert 206 in answers


def test_a_picture_zooms_by_buttons_keys_and_double_click(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Lake.jpg")
    viewer = guest.look_at("Lake.jpg")
    expect(viewer.get_by_role("img", name="Lake.jpg")).to_be_visible()
    content = viewer.locator(".zoom-content")

    def scale() -> float:
        return float(content.evaluate("e => new DOMMatrix(getComputedStyle(e).transform).a"))

    def grown() -> None:
        guest.page.wait_for_function(
            "() => new DOMMatrix(getComputedStyle("
            "document.querySelector('.zoom-content')).transform).a > 1.2"
        )

    def fits() -> None:
        guest.page.wait_for_function(
            "() => new DOMMatrix(getComputedStyle("
            "document.querySelector('.zoom-content')).transform).a < 1.01"
        )

    assert scale() == 1
    viewer.get_by_role("button", name="Zoom in").click()
    grown()
    guest.page.keyboard.press("0")
    fits()
    content.dblclick()
    grown()
    viewer.get_by_role("button", name="Fit to the window").click()
    fits()


def test_a_document_and_a_text_are_shown(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Guide.pdf", pictures / "Notes.txt")
    viewer = guest.look_at("Guide.pdf")
    expect(viewer.locator("canvas").first).to_be_visible()
    expect(viewer.get_by_text("Page 2 of 2")).to_be_attached()
    guest.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    viewer = guest.look_at("Notes.txt")
    expect(viewer.get_by_text("Remember the tickets.")).to_be_visible()


def test_details_tell_of_the_camera_the_place_and_the_checksum(
    guest: Person, pictures: Path
) -> None:
    guest.given(pictures / "Camera.jpg")
    details = guest.look_at("Camera.jpg").get_by_role("complementary", name="Details")
    for text in ("Leica", "1/250 s", "48.13750° N, 11.57500° E", "600 × 400", "SHA-256"):
        expect(details.get_by_text(text, exact=True)).to_be_visible()
    expect(details.locator("code")).to_have_text(re.compile(r"^[0-9a-f]{64}$"))


def test_what_is_edited_is_kept(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Dawn.jpg")
    viewer = guest.look_at("Dawn.jpg")
    details = viewer.get_by_role("complementary", name="Details")
    details.get_by_label("Description").fill("Early, before the others were up")
    details.get_by_label("Description").blur()
    expect(details.get_by_text("Saved")).to_be_visible()
    details.get_by_role("combobox", name="Add a tag").fill("morning")
    guest.page.get_by_role("option", name="Add “morning”").click()
    expect(details.get_by_role("button", name="morning", exact=True)).to_be_visible()
    details.get_by_role("combobox", name="Who can see it").click()
    guest.page.get_by_role("option", name="Anyone with the link").click()
    details.get_by_label("Name", exact=True).fill("Sunrise.jpg")
    details.get_by_label("Name", exact=True).press("Enter")
    expect(guest.page.get_by_role("dialog", name="Viewer: Sunrise.jpg")).to_be_visible()
    guest.page.reload()
    details = guest.page.get_by_role("complementary", name="Details")
    expect(details.get_by_label("Description")).to_have_value("Early, before the others were up")
    expect(details.get_by_label("Name", exact=True)).to_have_value("Sunrise.jpg")
    expect(details.get_by_role("button", name="morning", exact=True)).to_be_visible()
    expect(details.get_by_text("Anyone with the link")).to_be_visible()


def test_an_answer_that_comes_late_does_not_undo_the_next_edit(
    guest: Person, pictures: Path
) -> None:
    guest.given(pictures / "Dawn.jpg")
    viewer = guest.look_at("Dawn.jpg")
    guest.page.evaluate(
        "() => { const fetch = window.fetch; window.fetch = async (...request) => {"
        "  const answer = await fetch(...request);"
        "  if (String(request[1]?.body).includes('PUBLIC')) {"
        "    await new Promise((go) => setTimeout(go, 1500));"
        "    setTimeout(() => { window.lateIsOver = true }, 500); }"
        "  return answer; } }"
    )
    details = viewer.get_by_role("complementary", name="Details")
    details.get_by_role("combobox", name="Who can see it").click()
    guest.page.get_by_role("option", name="Anyone with the link").click()
    details.get_by_label("Name", exact=True).fill("Sunrise.jpg")
    details.get_by_label("Name", exact=True).press("Enter")
    eventually(lambda: guest.page.evaluate("window.lateIsOver"), "both answers have come")
    expect(guest.page.get_by_role("dialog", name="Viewer: Sunrise.jpg")).to_be_visible()


def test_tags_that_were_used_are_suggested(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Dawn.jpg", pictures / "Lake.jpg")
    viewer = guest.look_at("Dawn.jpg")
    field = viewer.get_by_role("combobox", name="Add a tag")
    field.fill("holidays")
    field.press("Enter")
    expect(viewer.get_by_role("button", name="holidays", exact=True)).to_be_visible()
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_be_hidden()
    viewer = guest.look_at("Lake.jpg")
    viewer.get_by_role("combobox", name="Add a tag").press_sequentially("holi")
    guest.page.get_by_role("option", name="holidays").click()
    expect(viewer.get_by_role("button", name="holidays", exact=True)).to_be_visible()


def test_the_text_of_a_picture_is_read_and_searched(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Sign.png")
    viewer = guest.look_at("Sign.png")
    viewer.get_by_role("button", name="Read the text").click()
    expect(viewer.get_by_text("The museum opens at nine")).to_be_visible()
    viewer.get_by_role("searchbox", name="Find in the text").fill("MUSEUM")
    expect(viewer.get_by_text("1 match", exact=True)).to_be_visible()
    expect(viewer.locator("mark")).to_have_text("museum")


def test_a_link_opens_in_a_private_window_until_it_is_ended(
    guest: Person, pictures: Path, arrive: Callable[..., Person]
) -> None:
    guest.given(pictures / "Notes.txt")
    guest.look_at("Notes.txt")
    guest.page.get_by_role("button", name="Share a link").click()
    dialog = guest.page.get_by_role("dialog", name="Share a link")
    dialog.get_by_label("The link ends after").select_option("1 hour")
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog.get_by_text("Copied. It works until")).to_be_visible()
    link = guest.page.evaluate("() => navigator.clipboard.readText()")
    assert link == dialog.get_by_label("Link", exact=True).input_value()

    stranger = arrive()
    answer = stranger.page.goto(link)
    assert answer is not None
    assert answer.status == 200
    expect(stranger.page.get_by_text("Remember the tickets.")).to_be_visible()

    dialog.get_by_role("button", name="End all links of this file").click()
    expect(dialog.get_by_text("No link to this file works any more.")).to_be_visible()
    answer = stranger.page.request.get(link)  # type: ignore[assignment]
    assert answer is not None
    assert answer.status == 403


def test_the_arrow_keys_go_from_file_to_file_and_back_closes(guest: Person, pictures: Path) -> None:
    guest.given(pictures / "Dawn.jpg", pictures / "Lake.jpg")
    guest.look_at("Lake.jpg")
    heading = guest.page.get_by_role("dialog").get_by_role("heading").first
    guest.page.keyboard.press("ArrowRight")
    expect(heading).not_to_have_text("Lake.jpg")
    guest.page.keyboard.press("ArrowLeft")
    expect(heading).to_have_text("Lake.jpg")
    guest.page.go_back()
    expect(guest.page.get_by_role("dialog")).to_be_hidden()
    expect(guest.tile("Lake.jpg")).to_be_focused()
