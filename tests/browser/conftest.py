"""A server, a Chromium, and people who look at one with the other."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.acceptance.serving import ROOT, Server
from tests.browser.person import Person
from tests.browser.pictures import write_pictures

MIB = 1024 * 1024
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the built library over an empty data folder."""
    assert (ROOT / "web" / "dist" / "index.html").exists(), "build it first: scripts/web"
    running = Server(tmp_path_factory.mktemp("browser") / "data", max_upload_bytes=MIB)
    yield running
    status = running.stop()
    assert "Traceback" not in running.log
    assert status == 0


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium without a window."""
    program = shutil.which("chromium")
    assert program, "install it first: scripts/setup dev"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of files of every kind that the viewer knows."""
    return write_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def arrive(server: Server, chromium: Browser) -> Iterator[Callable[..., Person]]:
    """Let people open the library; nobody may see an error or a request to elsewhere."""
    people: list[Person] = []

    def come(**options: object) -> Person:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})  # type: ignore[arg-type]
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
        person = Person(context.new_page(), server.url)
        people.append(person)
        return person

    yield come
    for person in people:
        person.page.context.close()
    for person in people:
        assert person.complaints == []
        assert person.elsewhere == []


@pytest.fixture
def guest(arrive: Callable[..., Person]) -> Person:
    """Be a guest who has just signed in."""
    person = arrive()
    person.sign_in()
    return person


@pytest.fixture
def page(guest: Person) -> Page:
    """Return the guest's page."""
    return guest.page
