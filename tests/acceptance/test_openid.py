"""Signing in with a real OpenID Connect provider, and a guest that becomes a user."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.openid import CLIENT, Browser, at_provider, cancelled_at_provider, provider
from tests.acceptance.serving import Server

VIEWER: Final = "{ viewer { id kind name email filesCount bytesUsed } }"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def offering(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Iterator[Server]:
    """A server whose users sign in with the provider; two of them administer it."""
    serving = Server(
        tmp_path_factory.mktemp("openid") / "data",
        oidc_issuer=issuer,
        oidc_name="The tests' own",
        administrators="Root@Example.org, chief",
        **CLIENT,
    )
    yield serving
    assert "Traceback" not in serving.log
    serving.assert_library_is_sound(after_sweeping=True)
    assert serving.stop() == 0


@pytest.fixture
def browser(offering: Server) -> Browser:
    return Browser(offering)


def viewer(server: Server, token: str) -> Any:
    with server.client(token) as client:
        return Gql(client).data(VIEWER)["viewer"]


def upload(server: Server, token: str, content: bytes, tags: str = "one") -> str:
    with server.client(token) as client:
        answer = client.post(
            "/v1/media/upload", files={"file": ("a.txt", content)}, data={"tags": tags}
        )
    file_id: str = answer.json()["data"]["id"]
    return file_id


def test_a_user_signs_in_and_again_and_is_the_same(offering: Server, browser: Browser) -> None:
    answer = browser.sign_in("ada", "/app?tab=1#top")
    assert (answer.status_code, answer.headers["location"]) == (303, "/app?tab=1#top")
    assert answer.headers["cache-control"] == "no-store"
    assert "media_sign_in" not in browser.cookies
    found = viewer(offering, browser.refreshed()["access_token"])
    assert (found["kind"], found["name"], found["email"]) == ("USER", "ADA", "ada@example.org")
    other = Browser(offering)
    other.sign_in("ada")
    assert other.refreshed()["user_id"] == found["id"]
    other.sign_in("eve")
    assert other.refreshed()["user_id"] != found["id"]


def test_it_is_offered(offering: Server, browser: Browser) -> None:
    offered = browser.ask("GET", "/v1/auth/options").json()["data"]["oidc"]
    assert offered == {"name": "The tests' own", "url": "/v1/auth/oidc/login"}


def test_a_guest_becomes_a_user_and_keeps_its_files(offering: Server, browser: Browser) -> None:
    guest = browser.guest()
    before = viewer(offering, guest)
    file_id = upload(offering, guest, b"kept")
    browser.sign_in("grace")
    tokens = browser.refreshed()
    after = viewer(offering, tokens["access_token"])
    assert (after["id"], after["kind"], after["filesCount"]) == (before["id"], "USER", 1)
    with offering.client(tokens["access_token"]) as client:
        assert client.get(f"/v1/media/files/{file_id}/download").content == b"kept"


def test_what_a_guest_held_opens_nothing_of_the_user(offering: Server, browser: Browser) -> None:
    guest, cookie = browser.guest(), dict(browser.cookies)
    assert viewer(offering, guest)["kind"] == "GUEST"
    browser.sign_in("margaret")
    with offering.client(guest) as client:
        assert client.get("/v1/media/files").status_code == 401
    planted = Browser(offering)
    planted.cookies = cookie
    assert planted.ask("POST", "/v1/auth/refresh").status_code == 401
    assert browser.refreshed()["kind"] == "user"


def test_the_files_of_a_guest_move_to_an_account_that_is_there(offering: Server) -> None:
    at_home, on_the_way = Browser(offering), Browser(offering)
    at_home.sign_in("katherine")
    first = at_home.refreshed()["access_token"]
    upload(offering, first, b"in both", "home")
    guest = on_the_way.guest()
    moved = [upload(offering, guest, content, "away") for content in (b"in both", b"b", b"b")]
    on_the_way.sign_in("katherine")
    token = on_the_way.refreshed()["access_token"]
    assert viewer(offering, token)["id"] == viewer(offering, first)["id"]
    assert viewer(offering, token)["filesCount"] == 4
    assert viewer(offering, token)["bytesUsed"] == 16
    with offering.client(token) as client:
        listed = client.get("/v1/media/files", params={"tag": "away"}).json()["data"]
        assert {file["id"] for file in listed} == set(moved)
        contents = [client.get(f"/v1/media/files/{one}/download").content for one in moved]
    assert contents == [b"in both", b"b", b"b"]
    with offering.client(guest) as client:
        refused = client.post("/v1/media/upload", files={"file": ("a.txt", b"late")})
    assert refused.status_code == 401


def test_an_administrator_is_named_by_verified_address_or_subject(offering: Server) -> None:
    kinds = {}
    for name in ("root", "chief", "unverified-root", "ada"):
        browser = Browser(offering)
        browser.sign_in(name)
        token = browser.refreshed()["access_token"]
        kinds[name] = viewer(offering, token)["kind"]
        with offering.client(token) as client:
            status = client.get("/v1/media/files", params={"scope": "all"}).status_code
        assert status == (200 if kinds[name] == "ADMINISTRATOR" else 403)
    administrator = "ADMINISTRATOR"
    assert kinds == {"root": administrator, "chief": administrator} | {
        "unverified-root": "USER",
        "ada": "USER",
    }


def test_an_address_that_nobody_has_verified_is_not_told(
    offering: Server, browser: Browser
) -> None:
    browser.sign_in("unverified")
    found = viewer(offering, browser.refreshed()["access_token"])
    assert (found["name"], found["email"]) == ("UNVERIFIED", None)


def test_a_provider_that_puts_the_claims_into_the_token_will_do(
    start: Callable[..., Server],
) -> None:
    with provider(claims="in-token") as running:
        serving = start(oidc_issuer=f"{running}/", **CLIENT)
        browser = Browser(serving)
        browser.sign_in("ada")
        assert viewer(serving, browser.refreshed()["access_token"])["email"] == "ada@example.org"
        assert serving.stop() == 0


def test_who_refuses_at_the_provider_comes_back_as_before(
    offering: Server, browser: Browser
) -> None:
    browser.guest()
    before = browser.refreshed()["user_id"]
    sent = browser.ask("GET", "/v1/auth/oidc/login", params={"return_to": "/app?x=1#y"})
    answer = browser.come_back(cancelled_at_provider(sent.headers["location"]))
    assert answer.headers["location"] == "/app?x=1&sign_in_error=access_denied#y"
    tokens = browser.refreshed()
    assert (tokens["user_id"], tokens["kind"]) == (before, "guest")


def login(browser: Browser) -> httpx.URL:
    return httpx.URL(browser.ask("GET", "/v1/auth/oidc/login").headers["location"])


def test_the_request_has_state_nonce_and_a_challenge(browser: Browser, issuer: str) -> None:
    first, second = login(browser), login(browser)
    asked = dict(first.params)
    assert str(first).startswith(issuer)
    assert asked["redirect_uri"] == f"{browser.server.url}/v1/auth/oidc/callback"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["scope"] == "openid email profile"
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 20
        assert asked[name] != second.params[name]
    for secret in (asked["state"], asked["nonce"]):
        assert secret not in browser.cookies["media_sign_in"]


def test_only_the_browser_that_began_ends_a_sign_in(offering: Server, browser: Browser) -> None:
    back = at_provider(str(login(browser)), "ada")
    victim = Browser(offering)
    refused = [victim.come_back(back)]
    login(victim)  # has one of its own under way
    refused += [victim.come_back(back)]
    victim.cookies["media_sign_in"] += "x"
    refused += [victim.come_back(back)]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
        assert "media_session" not in victim.cookies
    assert browser.come_back(back).status_code == 303


def test_a_code_is_good_once_and_for_its_own_verifier(offering: Server, browser: Browser) -> None:
    back = at_provider(str(login(browser)), "ada")
    kept = dict(browser.cookies)
    assert browser.come_back(back).status_code == 303
    replaying = Browser(offering)
    replaying.cookies = kept
    answer = replaying.come_back(back)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    stolen = httpx.URL(at_provider(str(login(browser)), "ada")).params["code"]
    thief = Browser(offering)
    own = login(thief)
    answer = thief.come_back(f"/v1/auth/oidc/callback?code={stolen}&state={own.params['state']}")
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert "media_session" not in thief.cookies


def test_wrong_codes_are_not_tried_for_ever(start: Callable[..., Server], issuer: str) -> None:
    serving = start(oidc_issuer=issuer, **CLIENT)
    guessing = Browser(serving)
    address = f"/v1/auth/oidc/callback?code=guess&state={login(guessing).params['state']}"
    kept = dict(guessing.cookies)
    statuses = []
    for _ in range(31):
        guessing.cookies = dict(kept)
        statuses.append(guessing.come_back(address).status_code)
    assert statuses == [401] * 30 + [429]
    right = at_provider(str(login(guessing)), "ada")
    refused = guessing.come_back(right)
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert refused.headers["retry-after"]
    assert serving.stop() == 0


@pytest.mark.parametrize(
    "path",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "/a\\b",
        "app",
        "",
        "/\t/elsewhere.example",
        "/a\r\nset-cookie: x=y",
        "/" + "x" * 1000,
        "javascript:alert(1)",
    ],
)
def test_nobody_is_sent_elsewhere(browser: Browser, path: str) -> None:
    answer = browser.ask("GET", "/v1/auth/oidc/login", params={"return_to": path})
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert "return_to must be a path" in answer.json()["detail"]


def test_no_page_of_elsewhere_takes_a_guest_to_the_provider(
    offering: Server, browser: Browser
) -> None:
    browser.guest()
    before = dict(browser.cookies)
    for site, status in (("cross-site", 403), ("same-site", 403), ("none", 302)):
        with offering.client() as elsewhere:
            answer = elsewhere.get("/v1/auth/oidc/login", headers={"sec-fetch-site": site})
        assert answer.status_code == status
    assert browser.cookies == before


def test_what_is_remembered_fits_into_a_cookie(browser: Browser) -> None:
    browser.guest()
    browser.ask("GET", "/v1/auth/oidc/login", params={"return_to": "/" + "x" * 999})
    assert len(browser.cookies["media_sign_in"]) < 3000  # browsers take 4096 bytes with the rest


def test_a_provider_that_is_gone_or_another_is_said_to_be_unavailable(
    start: Callable[..., Server], issuer: str
) -> None:
    for address in ("http://127.0.0.1:9", issuer.replace("127.0.0.1", "localhost")):
        serving = start(oidc_issuer=address, **CLIENT)
        answer = Browser(serving).ask("GET", "/v1/auth/oidc/login")
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
        assert answer.headers["retry-after"]
        assert serving.stop() == 0


def test_without_a_provider_there_is_no_such_sign_in(server: Server) -> None:
    for path in ("login", "callback"):
        answer = Browser(server).ask("GET", f"/v1/auth/oidc/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
