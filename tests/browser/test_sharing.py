"""Sharing with people, among those who signed in with a provider: who it is with, whose it is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.acceptance.openid import CLIENT, provider
from tests.acceptance.serving import Server
from tests.browser.conftest import DESKTOP
from tests.browser.person import Person
from tests.browser.test_for_everybody import SCREENS, assert_fits

FONTS = "https://fonts.googleapis.com/**"
"""What the provider's own pages ask for, and do not get."""
Come = Callable[..., Person]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider(host="localhost") as running:
        yield running


@pytest.fixture(scope="module")
def offering(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Iterator[Server]:
    """A server whose users sign in with a provider."""
    data_dir = tmp_path_factory.mktemp("sharing") / "data"
    running = Server(data_dir, oidc_issuer=issuer, oidc_name="the tests", **CLIENT)
    yield running
    assert "Traceback" not in running.log
    assert running.stop() == 0


@pytest.fixture
def come(offering: Server, issuer: str, chromium: Browser) -> Iterator[Come]:
    """Let people open the library, signed in by name or not yet."""
    people: list[Person] = []

    def open_page(name: str | None = None, **options: Any) -> Person:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})
        context.route(FONTS, lambda route: route.fulfill(content_type="text/css", body=""))
        person = Person(context.new_page(), offering.url)
        people.append(person)
        person.open()
        if name is not None:
            sign_in(person.page, name)
        return person

    yield open_page
    for person in people:
        person.page.context.close()
    for person in people:
        assert person.complaints == []
        theirs = (issuer, FONTS.removesuffix("**"))
        assert [one for one in person.elsewhere if not one.startswith(theirs)] == []


def sign_in(page: Page, name: str) -> None:
    """Go to the provider and come back."""
    page.get_by_role("link", name="Sign in with the tests").click()
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", "whatever")
    page.click("button[type=submit]")
    page.click("button[type=submit]")  # and consents
    expect(page.get_by_role("banner")).to_be_visible()


def people_of(person: Person, name: str) -> Locator:
    """Open a file and return the part of its details that is about people."""
    return people_in(person.look_at(name))


def people_in(viewer: Locator) -> Locator:
    """Return the part of an open file's details that is about people."""
    details = viewer.get_by_role("button", name="Details")
    if details.get_attribute("aria-pressed") == "false":
        details.click()
    return viewer.get_by_role("region", name="People who can see it")


def add(people: Locator, address: str) -> None:
    people.get_by_label("Share with this e-mail address").fill(address)
    people.get_by_role("button", name="Share", exact=True).click()


@pytest.mark.parametrize("screen", SCREENS)
def test_a_file_is_shared_by_address_seen_by_name_and_taken_back(
    come: Come, pictures: Path, screen: str
) -> None:
    ada, eve = come("ada", **SCREENS[screen]), come("eve", **SCREENS[screen])
    name = {"desktop-light": "Lake.jpg", "phone-dark": "Forest.jpg"}[screen]
    ada.given(pictures / name)
    people = people_of(ada, name)
    add(people, "EVE@example.org")
    expect(people.get_by_role("status")).to_have_text("Shared with EVE@example.org.")
    expect(people.get_by_role("listitem")).to_contain_text("EVEeve@example.org")
    expect(ada.page.get_by_role("combobox", name="Who can see it")).to_contain_text(
        "Only me and these people"
    )
    assert ada.barriers() == []
    assert_fits(ada.page)

    eve.open("/?scope=with-me")
    expect(eve.page.get_by_text("from ADA")).to_be_visible()
    assert people_of(eve, name).count() == 0
    details = eve.page.get_by_role("complementary", name="Details")
    expect(details.get_by_text("Shared with you by")).to_be_visible()
    expect(details.get_by_text("ada@example.org")).to_be_visible()
    expect(details.get_by_text("Only people whom it is shared with")).to_be_visible()
    assert eve.barriers() == []
    assert_fits(eve.page)

    people.get_by_role("button", name="Stop sharing with EVE").click()
    expect(people.get_by_role("status")).to_have_text("EVE can no longer see it here.")
    expect(people.get_by_role("listitem")).to_have_count(0)
    expect(people).to_be_focused()
    eve.open("/?scope=with-me")
    expect(eve.page.get_by_role("heading", name="Nothing is shared here yet")).to_be_visible()
    ada.page.reload()
    people = people_in(ada.page.get_by_role("dialog", name=f"Viewer: {name}"))
    expect(people.get_by_label("Share with this e-mail address")).to_be_visible()
    expect(people.get_by_role("listitem")).to_have_count(0)


def test_what_goes_wrong_is_told_in_words(come: Come, pictures: Path) -> None:
    ada = come("ada").given(pictures / "Dawn.jpg")
    people = people_of(ada, "Dawn.jpg")
    field = people.get_by_label("Share with this e-mail address")
    for address, words in (
        ("nobody", "That is no e-mail address."),
        ("ADA@example.org", "That is you: you can see it anyway."),
        ("nobody@example.org", "Nobody with this address has signed in here yet."),
    ):
        add(people, address)
        expect(people.get_by_role("status")).to_have_text(words)
        expect(field).to_have_attribute("aria-invalid", "true")
        assert ada.barriers() == []
    field.fill("somebody")
    expect(people.get_by_role("status")).to_have_text("")
    expect(field).to_have_attribute("aria-invalid", "false")


def test_a_guest_is_told_who_can_share_by_address(come: Come, pictures: Path) -> None:
    guest = come()
    guest.sign_in()
    guest.given(pictures / "Dawn.jpg")
    people = people_of(guest, "Dawn.jpg")
    expect(people.get_by_text("for those who have signed in")).to_be_visible()
    expect(people.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("address", ["/", "/graphql"])
def test_a_sign_in_that_is_cancelled_at_the_provider_is_told(
    come: Come, offering: Server, address: str
) -> None:
    visitor = come()
    page = visitor.page
    visitor.open(address)
    page.get_by_role("link", name="Sign in with the tests").click()
    page.get_by_role("link", name="Cancel").click()
    told = page.get_by_role("alert").filter(has_text="Signing in was cancelled.")
    expect(told).to_be_visible()
    expect(page).to_have_url(offering.url + address)
    if address == "/":
        assert visitor.barriers() == []
        page.get_by_role("button", name="Start as a guest").click()
        expect(page.get_by_role("button", name="Choose files")).to_be_visible()
    else:
        page.get_by_role("button", name="Continue as guest").click()
        expect(page.locator(".session-bar")).to_contain_text("Signed in")
    expect(told).to_be_hidden()
    # There was no session to come back to.
    visitor.complaints = [one for one in visitor.complaints if "/v1/auth/refresh" not in one]


def test_a_guest_who_wanted_to_sign_in_is_told_and_stays(come: Come) -> None:
    guest = come()
    guest.sign_in()
    guest.page.get_by_role("button", name="Account and appearance").click()
    guest.page.get_by_role("menuitem", name="Sign in with the tests and keep these files").click()
    guest.page.get_by_role("link", name="Cancel").click()
    messages = guest.page.get_by_role("region", name="Messages")
    expect(messages.get_by_text("Signing in was cancelled.")).to_be_visible()
    expect(guest.page.get_by_role("button", name="Choose files")).to_be_visible()
