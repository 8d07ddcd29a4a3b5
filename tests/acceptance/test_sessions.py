"""Sessions over HTTP: tokens in the body, the cookie of the browser app, and forged requests."""

from collections.abc import Callable, Iterator
from http.cookies import Morsel, SimpleCookie
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.serving import Server, eventually
from tests.deployed import Deployment

GUEST: Final = "/v1/auth/guest"
REFRESH: Final = "/v1/auth/refresh"
LOGOUT: Final = "/v1/auth/logout"
SAME_ORIGIN: Final = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def anonymous(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def cookie_of(answer: httpx.Response) -> Morsel[str]:
    assert answer.is_success, answer.text
    return SimpleCookie(answer.headers["set-cookie"])["media_session"]


def is_let_in(server: Server, token: str) -> bool:
    with server.client(token) as client:
        status = client.get("/v1/media/files").status_code
    assert status in {200, 401}
    return status == 200


def assert_shut_out(server: Server, token: str) -> None:
    """Hold that the server that was asked refuses at once, and others when they hear of it."""
    for replica in server.servers if isinstance(server, Deployment) else ():
        eventually(lambda one=replica: not is_let_in(one, token), "it has heard of it")
    assert not is_let_in(server, token)


def test_tokens_in_the_body_are_refreshed_and_signed_out(
    server: Server, anonymous: httpx.Client
) -> None:
    first = anonymous.post(GUEST)
    assert first.headers["cache-control"] == "no-store"
    assert "set-cookie" not in first.headers
    assert first.json()["expires_in"] == 900
    body = {"refresh_token": first.json()["refresh_token"]}
    second = anonymous.post(REFRESH, json=body)
    assert second.json()["user_id"] == first.json()["user_id"]
    assert is_let_in(server, second.json()["access_token"])
    body = {"refresh_token": second.json()["refresh_token"]}
    assert anonymous.post(LOGOUT, json=body).status_code == 204
    assert_shut_out(server, second.json()["access_token"])
    refused = anonymous.post(REFRESH, json=body)
    assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHENTICATED")
    assert anonymous.post(LOGOUT, json=body).status_code == 204


@pytest.mark.parametrize("path", ["/llm/auth/guest-login", GUEST])
def test_a_bearer_token_signs_out_with_no_body_at_all(server: Server, path: str) -> None:
    with server.client() as anonymous:
        token = anonymous.post(path).json()["access_token"]
    with server.client(token) as client:
        assert client.post(LOGOUT).status_code == 204
        assert client.post(LOGOUT).status_code == 401
    assert not is_let_in(server, token)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(anonymous: httpx.Client) -> None:
    answer = anonymous.post(GUEST, json={"session": "cookie"}, headers=SAME_ORIGIN)
    cookie = cookie_of(answer)
    assert {"refresh_token", "refresh_expires_in"}.isdisjoint(answer.json())
    assert cookie.value.startswith("session_")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/v1/auth")
    assert cookie["max-age"] == str(30 * 24 * 3600)
    assert not cookie["secure"]
    assert not cookie["domain"]
    refreshed = anonymous.post(REFRESH, headers=SAME_ORIGIN)
    assert cookie_of(refreshed).value not in {cookie.value, ""}
    ended = anonymous.post(LOGOUT, headers=SAME_ORIGIN)
    assert (cookie_of(ended).value, cookie_of(ended)["max-age"]) == ("", "0")
    assert anonymous.post(REFRESH, headers=SAME_ORIGIN).status_code == 401


FORGED: Final = {
    "no word of where from": {},
    "another site": {"sec-fetch-site": "cross-site"},
    "the same site": {"sec-fetch-site": "same-site"},
    "typed in": {"sec-fetch-site": "none"},
    "another site with our origin": {"sec-fetch-site": "cross-site", "origin": "{url}"},
    "another port": {"origin": "http://127.0.0.1:1"},
    "another host": {"origin": "http://media.example"},
    "a name like ours": {"origin": "{url}.example"},
    "a sandbox": {"origin": "null"},
    "an empty origin": {"origin": ""},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
def test_the_cookie_counts_for_nothing_from_other_pages(
    server: Server, anonymous: httpx.Client, headers: dict[str, str]
) -> None:
    made = anonymous.post(GUEST, json={"session": "cookie"}, headers=SAME_ORIGIN)
    headers = {name: value.format(url=server.url) for name, value in headers.items()}
    before = cookie_of(made).value
    for path, body in ((REFRESH, None), (LOGOUT, None), (GUEST, {"session": "cookie"})):
        refused = anonymous.post(path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
        assert "set-cookie" not in refused.headers
    assert is_let_in(server, made.json()["access_token"])
    ours = {"origin": server.url}
    assert cookie_of(anonymous.post(REFRESH, headers=ours)).value != before


def test_the_cookie_alone_opens_nothing_but_its_session(anonymous: httpx.Client) -> None:
    made = anonymous.post(GUEST, json={"session": "cookie"}, headers=SAME_ORIGIN)
    cookie = {"cookie": f"media_session={cookie_of(made).value}"}
    assert anonymous.get("/v1/media/files", headers=cookie).status_code == 401
    viewer = {"query": "{ viewer { id } }"}
    answer = anonymous.post("/graphql", json=viewer, headers=cookie)
    assert answer.json() == {"data": {"viewer": {"id": None}}}


def test_no_other_origin_may_send_credentials(anonymous: httpx.Client) -> None:
    origin = {"origin": "https://elsewhere.example"}
    preflight = {**origin, "access-control-request-method": "POST"}
    for answer in (
        anonymous.options(REFRESH, headers=preflight),
        anonymous.post(GUEST, headers=origin),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_behind_tls_the_cookie_is_secure_and_the_public_origin_is_ours(
    start: Callable[..., Server],
) -> None:
    public = "https://media.example.org"
    running = start(public_url=public)
    with running.client() as client:
        made = client.post(GUEST, json={"session": "cookie"}, headers={"origin": public})
        assert cookie_of(made)["secure"] is True
    assert running.stop() == 0


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (GUEST, {"session": "carrier pigeon"}, "session must be cookie or token"),
        (GUEST, {"session": ["cookie"]}, "session must be cookie or token"),
        (GUEST, {"cookie": True}, "these are: session"),
        (REFRESH, {"refresh_token": 1}, "refresh_token must be a string"),
        (REFRESH, {"token": "x"}, "these are: refresh_token"),
        (LOGOUT, {"refresh_token": ["x"]}, "refresh_token must be a string"),
    ],
)
def test_a_wrong_body_is_refused_with_what_to_change(
    anonymous: httpx.Client, path: str, body: dict[str, Any], named: str
) -> None:
    answer = anonymous.post(path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert named in answer.json()["detail"]


def test_without_anything_to_refresh_or_end_one_is_told_to_sign_in(
    anonymous: httpx.Client,
) -> None:
    for path in (REFRESH, LOGOUT):
        answer = anonymous.post(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")


def test_what_is_offered_is_told(anonymous: httpx.Client) -> None:
    assert anonymous.get("/v1/auth/options").json() == {"data": {"guest": True, "oidc": None}}


def test_a_session_outlives_a_restart_and_a_change_of_the_secret(
    start: Callable[..., Server],
) -> None:
    old, new = "the secret of before and long enough", "the secret of now and long enough too"
    running = start(secret_key=old)
    with running.client() as client:
        made = client.post(GUEST).json()
    assert running.stop() == 0
    running = start(secret_key=new, previous_secret_keys=old)
    assert is_let_in(running, made["access_token"])
    with running.client() as client:
        body = {"refresh_token": made["refresh_token"]}
        assert client.post(REFRESH, json=body).json()["user_id"] == made["user_id"]
    assert running.stop() == 0
    running = start(secret_key=new)
    assert not is_let_in(running, made["access_token"])
    assert running.stop() == 0
