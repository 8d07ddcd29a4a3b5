"""Signing in as people do: by a real browser, with a provider that is another site.

What a browser does with strict cookies on the way to another site and back no other client shows.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.acceptance.openid import CLIENT, provider
from tests.acceptance.serving import Server

SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def offering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with provider(host="localhost") as issuer:
        serving = Server(tmp_path_factory.mktemp("chromium") / "data", oidc_issuer=issuer, **CLIENT)
        yield serving
        assert serving.stop() == 0


@pytest.fixture
def page(offering: Server) -> Iterator[Page]:
    """Look at a page of the server, as if it were the app."""
    program = shutil.which("chromium")
    assert program, "install it first: scripts/setup dev"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        opened = browser.new_page(base_url=offering.url)
        opened.goto("/healthz")
        yield opened
        browser.close()


def ask(page: Page, path: str, body: str = "null") -> Any:
    """Return what a script of the page gets: the status, and the body where there is one."""
    return page.evaluate(
        """async ([path, body]) => {
          const headers = {"Content-Type": "application/json"};
          const options = body === "null" ? {} : {headers, body};
          const answer = await fetch(path, {method: "POST", credentials: "include", ...options});
          const text = await answer.text();
          return [answer.status, text ? JSON.parse(text) : null];
        }""",
        [path, body],
    )


def test_a_guest_signs_in_stays_who_it_is_and_signs_out(page: Page) -> None:
    status, guest = ask(page, "/v1/auth/guest", '{"session": "cookie"}')
    assert (status, guest["kind"]) == (200, "guest")
    page.evaluate("() => { location.href = '/v1/auth/oidc/login?return_to=/openapi.json' }")
    page.wait_for_url("**/interaction/**")
    assert "localhost" in page.url
    page.fill("input[name=login]", "ada")
    page.fill("input[name=password]", "whatever")
    page.click("button[type=submit]")
    page.click("button[type=submit]")  # and consents
    page.wait_for_url("**/openapi.json")
    status, user = ask(page, "/v1/auth/refresh")
    assert (status, user["kind"], user["user_id"]) == (200, "user", guest["user_id"])
    assert ask(page, "/v1/auth/logout") == [204, None]
    assert ask(page, "/v1/auth/refresh")[0] == 401


def test_tabs_that_refresh_at_once_stay_signed_in(page: Page) -> None:
    ask(page, "/v1/auth/guest", '{"session": "cookie"}')
    statuses = page.evaluate(
        """() => Promise.all([...Array(6)].map(
          () => fetch("/v1/auth/refresh", {method: "POST"}).then((answer) => answer.status)))"""
    )
    assert statuses == [200] * 6
    assert ask(page, "/v1/auth/refresh")[0] == 200


def test_scripts_do_not_see_the_cookie_and_other_sites_do_not_use_it(
    page: Page, offering: Server
) -> None:
    ask(page, "/v1/auth/guest", '{"session": "cookie"}')
    assert page.evaluate("() => document.cookie") == ""
    (cookie,) = page.context.cookies(f"{offering.url}/v1/auth/refresh")
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (
        "media_session",
        True,
        "Strict",
    )
    page.goto(offering.url.replace("127.0.0.1", "localhost") + "/healthz")  # another site
    attempt = """(address) => fetch(address, {method: "POST", credentials: "include"})
      .then((answer) => answer.status, () => "kept from it")"""
    assert page.evaluate(attempt, f"{offering.url}/v1/auth/logout") == "kept from it"
    page.evaluate("(address) => { location.href = address }", f"{offering.url}/v1/auth/oidc/login")
    page.wait_for_url(f"{offering.url}/**")
    assert "FORBIDDEN" in page.content()
    page.goto("/healthz")
    assert ask(page, "/v1/auth/refresh")[0] == 200
