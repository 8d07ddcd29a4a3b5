"""Somebody at the browser: what they do, and what went wrong before their eyes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Dialog, Locator, Page, Request, expect

from tests.acceptance.serving import ROOT, eventually

PATIENCE_MILLISECONDS: Final = 30_000
AXE: Final = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=PATIENCE_MILLISECONDS)


class Person:
    """One visitor with a page of their own.

    ``complaints`` holds every error of the console and the page and every native dialog,
    ``elsewhere`` every request that left the server.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.requests: list[Request] = []
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._follow)
        page.on("dialog", self._dismiss)

    def open(self, address: str = "/") -> None:
        """Go to a page of the server."""
        self.page.goto(self.url + address)

    def sign_in(self) -> None:
        """Become a guest by the one click that this takes."""
        self.open()
        self.page.get_by_role("button", name="Start as a guest").click()
        expect(self.page.get_by_role("banner")).to_be_visible()

    def choose(self, files: Iterable[Path]) -> None:
        """Upload through the browser's dialog, and wait until all is there."""
        with self.page.expect_file_chooser() as dialog:
            self.page.get_by_role("button", name="Upload", exact=True).click()
        dialog.value.set_files(list(files))
        self.wait_for_uploads()

    def given(self, *files: Path) -> "Person":
        """Have files in the library that came by the API, and see them."""
        headers = {"origin": self.url}
        session = self.page.request.post(f"{self.url}/v1/auth/refresh", headers=headers)
        headers["authorization"] = f"Bearer {session.json()['access_token']}"
        for file in files:
            answer = self.page.request.post(
                f"{self.url}/v1/media/upload", headers=headers, multipart={"file": file}
            )
            assert answer.ok, answer.text()
        self.page.reload()
        for file in files:
            expect(self.tile(file.name)).to_be_visible()
        return self

    def drop(self, paths: Iterable[Path], *, once_it_says: str | None = None) -> None:
        """Let files and folders fall onto the page, as a desktop does."""
        session = self.page.context.new_cdp_session(self.page)
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}

        def drag(kind: str) -> None:
            event = {"type": kind, "x": 400, "y": 400, "data": data}
            session.send("Input.dispatchDragEvent", event)

        def is_awaited() -> bool:
            drag("dragOver")
            return once_it_says is None or self.page.get_by_text(once_it_says).is_visible()

        def has_fallen() -> bool:
            drag("dragEnter")
            eventually(is_awaited, "the page says that files may fall")
            drag("drop")
            return self._has_dropped()

        self.page.evaluate(
            "window.hasDropped = false;"
            "addEventListener('drop', () => { window.hasDropped = true }, {capture: true})"
        )
        # Chromium keeps one drop in forty from the page: whoever dragged would do it again.
        eventually(has_fallen, "what is dropped falls onto the page")
        session.detach()

    def wait_for_uploads(self) -> None:
        """Wait until the panel says that all is done, and close it."""
        self.page.get_by_role("button", name="Close the list of uploads").click()

    def tile(self, name: str) -> Locator:
        """Return the tile of a file."""
        return self.page.get_by_role("button", name=f"Open {name}")

    def see_picture(self, name: str) -> Locator:
        """Wait until a tile shows its thumbnail, and return it."""
        picture = self.tile(name).locator("img[data-shown]")
        expect(picture).to_be_visible()
        return picture

    def look_at(self, name: str) -> Locator:
        """Open a file and return the viewer."""
        self.tile(name).click()
        viewer = self.page.get_by_role("dialog", name=f"Viewer: {name}")
        expect(viewer.get_by_role("heading", name=name)).to_be_visible()
        return viewer

    def barriers(self, *, menu: bool = False) -> list[str]:
        """Return what axe finds to keep people out, at this moment of the page.

        An open ``menu`` stands at the end of the page, outside the landmarks: the focus is in it.
        """
        self.page.evaluate(AXE.read_text())
        options = {
            "runOnly": RULES,
            "resultTypes": ["violations"],
            "rules": {"region": {"enabled": not menu}},
        }
        found: dict[str, Any] = self.page.evaluate("how => axe.run(document, how)", options)
        return [
            f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
            for one in found["violations"]
        ]

    def _has_dropped(self) -> bool:
        for _ in range(100):
            if self.page.evaluate("window.hasDropped"):
                return True
            self.page.wait_for_timeout(50)
        return False

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"native dialog: {dialog.message}")
        dialog.dismiss()

    def _follow(self, request: Request) -> None:
        self.requests.append(request)
        address = urlsplit(request.url)
        if address.scheme not in {"blob", "data"} and address.netloc != urlsplit(self.url).netloc:
            self.elsewhere.append(request.url)
