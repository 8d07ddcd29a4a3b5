"""The library in a browser: how light and fast its first load is, and how smoothly it scrolls."""

import io
import shutil
from collections.abc import Iterator
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, Route, sync_playwright
from report import Row, at_most
from seeding import seed
from serving import Server, create_account, folder, media_server

_SCRIPT: Final = at_most(200, " KiB")
_LONGEST: Final = at_most(100, " ms")
_FILES: Final = 10_000
_STEP_PIXELS: Final = 900
_SWITCHES: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

_WATCH: Final = """
window.longTasks = [];
window.largest = 0;
new PerformanceObserver(list => {
  for (const task of list.getEntries()) window.longTasks.push(task.duration);
}).observe({type: "longtask", buffered: true});
new PerformanceObserver(list => { window.largest = list.getEntries().at(-1).startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
"""
_FIRST_PAINT: Final = (
    "() => window.largest && performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
)
_AT_END: Final = "() => scrollY + innerHeight >= document.documentElement.scrollHeight - 2"


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on the library in Chromium."""
    files = _FILES // 10 if quick else _FILES
    program = shutil.which("chromium")
    assert program, "Chromium is missing: scripts/setup dev"
    with folder() as data, sync_playwright() as playwright:
        owner, token = create_account(data)
        seed(data, owner, files)
        with (
            media_server(data, token) as server,
            playwright.chromium.launch(executable_path=program, args=[*_SWITCHES]) as browser,
        ):
            yield from _visit(browser, server, files)


def _visit(browser: Browser, server: Server, files: int) -> Iterator[Row]:
    page = _page(browser, server)
    scripts: list[int] = []
    page.on("requestfinished", lambda one: _weigh(one, scripts))
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.get_by_role("button", name="Start as a guest").wait_for()
    first_paint = page.wait_for_function(_FIRST_PAINT).json_value()
    largest = page.evaluate("() => window.largest")
    page.get_by_role("button", name="Start as a guest").click()
    page.locator(".tile img[data-shown]").first.wait_for()
    kib = sum(scripts) / 1024
    yield _SCRIPT.row("Library: compressed script of the first load", kib, f"{kib:.0f} KiB")
    painted = f"first contentful paint {first_paint:.0f} ms, largest {largest:.0f} ms"
    yield Row("Library: first load on loopback", painted)
    loading = page.evaluate("() => Math.max(0, ...window.longTasks)")
    yield Row("Library: longest task while it loads", f"{loading:.0f} ms")
    yield from _scrolling(page, files)


def _scrolling(page: Page, files: int) -> Iterator[Row]:
    page.evaluate("() => { window.longTasks = []; }")
    page.mouse.move(600, 500)
    most = 0
    while not page.evaluate(_AT_END) or page.locator(".loading-more").count():
        page.mouse.wheel(0, _STEP_PIXELS)
        page.wait_for_timeout(16)
        most = max(most, page.locator(".tile").count())
    tasks: list[float] = page.evaluate("() => window.longTasks")
    longest = max(tasks, default=0)
    shown = f"{longest:.0f} ms; {len(tasks)} over 50 ms; at most {most} tiles in the page"
    yield _LONGEST.row(f"Library: longest task, scrolling {files:,} files", longest, shown)


def _page(browser: Browser, server: Server) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(_WATCH)
    # Who signs in is given the account whose rows were seeded; they have no bytes to preview.
    tokens = {"access_token": server.token, "expires_in": 86400}
    page.route("**/v1/auth/guest", lambda route: route.fulfill(json=tokens))
    picture = _picture()
    page.route("**/preview*", lambda route: _show(route, picture))
    return page


def _show(route: Route, picture: bytes) -> None:
    route.fulfill(body=picture, content_type="image/webp", headers={"cache-control": "max-age=60"})


def _weigh(request: Any, scripts: list[int]) -> None:
    if request.resource_type == "script":
        scripts.append(request.sizes()["responseBodySize"])


def _picture() -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((480, 360)).convert("RGB").save(target, "WEBP")
    return target.getvalue()
