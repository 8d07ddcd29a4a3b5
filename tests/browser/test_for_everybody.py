"""Nobody is kept out: axe finds no barrier, on no screen, in neither theme, at neither size."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.person import Person

SCREENS: dict[str, dict[str, Any]] = {
    "desktop-light": {"viewport": DESKTOP, "color_scheme": "light"},
    "phone-dark": {
        "viewport": PHONE,
        "color_scheme": "dark",
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}


def assert_fits(page: Page) -> None:
    """Hold that nothing stands out sideways."""
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("screen", SCREENS)
def test_no_screen_has_a_barrier(
    arrive: Callable[..., Person], pictures: Path, screen: str
) -> None:
    person = arrive(**SCREENS[screen])
    page = person.page
    person.open()
    expect(page.get_by_role("button", name="Start as a guest")).to_be_visible()
    assert person.barriers() == []
    person.sign_in()
    expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    assert person.barriers() == []
    assert_fits(page)
    person.given(*(pictures / name for name in ("Camera.jpg", "Notes.txt", "Film.mp4")))
    page.get_by_role("checkbox", name="Select Notes.txt").click()
    expect(page.get_by_text("1 selected")).to_be_visible()
    assert person.barriers() == []
    assert_fits(page)
    page.get_by_role("button", name="Account and appearance").click()
    expect(page.get_by_role("menuitemradio", name="Dark")).to_be_visible()
    assert person.barriers(menu=True) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear the selection").click()
    viewer = person.look_at("Camera.jpg")
    details = viewer.get_by_role("button", name="Details")
    if details.get_attribute("aria-pressed") == "false":
        details.click()
    expect(viewer.get_by_text("Leica")).to_be_visible()
    assert person.barriers() == []
    assert_fits(page)
    viewer.get_by_role("button", name="Share a link").click()
    page.get_by_role("dialog", name="Share a link").get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("It works until")).to_be_visible()
    assert person.barriers() == []


def test_uploads_and_messages_have_no_barrier(guest: Person, pictures: Path) -> None:
    with guest.page.expect_file_chooser() as dialog:
        guest.page.get_by_role("button", name="Upload", exact=True).click()
    dialog.value.set_files([pictures / "Dawn.jpg", pictures / "Notes.txt"])
    expect(guest.page.get_by_role("heading", name="2 files uploaded")).to_be_visible()
    expect(guest.tile("Dawn.jpg")).to_be_visible()
    guest.page.get_by_role("checkbox", name="Select Dawn.jpg").click()
    guest.page.keyboard.press("Delete")
    expect(guest.page.get_by_role("button", name="Undo")).to_be_visible()
    assert guest.barriers() == []


def test_a_chosen_theme_stays(page: Page) -> None:
    page.get_by_role("button", name="Account and appearance").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    page.reload()
    expect(page.get_by_role("banner")).to_be_visible()
    ground = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(14, 16, 20)"
