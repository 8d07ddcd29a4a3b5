"""A guest's way back: asked before signing out, a recovery code, and signing in by it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.person import Person

WRONG = "recovery-0123-4567-89AB-CDEF-GHJK-MNPQ-RS7K"


@pytest.fixture
def owner(guest: Person, pictures: Path) -> Person:
    """Be a guest with a file."""
    return guest.given(pictures / "Lake.jpg")


def choose(page: Page, item: str) -> None:
    page.get_by_role("button", name="Account and appearance").click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def button(within: Page | Locator, name: str) -> Locator:
    return within.get_by_role("button", name=name, exact=True)


def test_a_guest_is_asked_before_it_signs_out_and_comes_back_by_its_code(owner: Person) -> None:
    page = owner.page
    choose(page, "Sign out")
    asking = page.get_by_role("dialog", name="Sign out of this guest account?")
    expect(asking.get_by_text("1 file in this guest account cannot be reached")).to_be_visible()
    expect(button(asking, "Sign out and lose the files")).to_be_enabled()
    assert owner.barriers() == []
    button(asking, "Make a recovery code").click()
    leave = button(asking, "Sign out")
    expect(leave).to_be_disabled()
    button(asking, "Copy the code").click()
    expect(asking.get_by_text("Copied.")).to_be_visible()
    code = page.evaluate("() => navigator.clipboard.readText()")
    expect(asking.get_by_text(re.compile(code))).to_be_visible()
    assert owner.barriers() == []
    asking.get_by_label("I have saved this code").check()
    leave.click()

    button(page, "Use a recovery code").click()
    field = page.get_by_label("Recovery code")
    for typed, says in ((code[:-1], "one of its letters or digits"), (WRONG, "is not valid")):
        field.fill(typed)
        button(page, "Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text(says)
    assert owner.barriers() == []
    owner.complaints.clear()  # the browser tells of every request that is refused
    field.fill(code.lower())
    button(page, "Sign in").click()
    expect(owner.tile("Lake.jpg")).to_be_visible()

    owner.open("/#sign-out")  # where other pages of the server send a guest who signs out
    page.reload()
    expect(asking.get_by_text("signs you in to this guest account again")).to_be_visible()
    button(asking, "Sign out").click()
    expect(button(page, "Start as a guest")).to_be_visible()


def test_a_guest_makes_replaces_and_revokes_a_code_in_the_account_menu(owner: Person) -> None:
    page = owner.page
    codes = set()
    dialog = page.get_by_role("dialog", name="Recovery code")
    for name in ("Make a recovery code", "Make a new code"):
        choose(page, "Recovery code")
        button(dialog, name).click()
        codes.add(dialog.locator(".recovery-code").inner_text())
        dialog.get_by_label("I have saved this code").check()
        button(dialog, "Done").click()
    assert len(codes) == 2
    choose(page, "Recovery code")
    expect(dialog.get_by_text("It has not been used.")).to_be_visible()
    assert owner.barriers() == []
    button(dialog, "Revoke the code").click()
    expect(dialog.get_by_text("You have no recovery code yet.")).to_be_visible()
    page.keyboard.press("Escape")
    choose(page, "Sign out")
    button(page, "Sign out and lose the files").click()
    expect(button(page, "Start as a guest")).to_be_visible()
