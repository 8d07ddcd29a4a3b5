"""What signing in and API keys answer, held to the OpenAPI document."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.ids import IdPrefix, new_id
from core.settings import Settings
from models.user import UserKind
from services.attempts import MOST
from tests.acceptance.openid import CLIENT, at_provider, provider
from tests.rest.described import SCHEMAS, Api, served

GUEST, REFRESH, LOGOUT = "/v1/auth/guest", "/v1/auth/refresh", "/v1/auth/logout"
KEYS = "/v1/auth/api-keys"
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served(Settings(data_dir=tmp_path)) as api:
        yield api


async def be(api: Api, kind: UserKind) -> None:
    session = await api.app.state.application.accounts.create(kind)
    api.client.headers["authorization"] = f"Bearer {session.access_token}"


async def test_sessions_are_answered_as_described(api: Api) -> None:
    made = (await api.ask("POST", GUEST, 200)).json()
    assert made.keys() == SCHEMAS["Session"]["properties"].keys()
    body = {"refresh_token": made["refresh_token"]}
    following = (await api.ask("POST", REFRESH, 200, json=body)).json()
    assert following.keys() == made.keys()
    await api.ask("POST", LOGOUT, 204, json=body)
    await api.ask("POST", REFRESH, 401, json=body)
    for choice in SCHEMAS["GuestRequest"]["properties"]["session"]["enum"]:
        await api.ask("POST", GUEST, 200, json={"session": choice}, headers=OURS)


async def test_sessions_in_a_cookie_are_answered_as_described(api: Api) -> None:
    made = (await api.ask("POST", GUEST, 200, json={"session": "cookie"}, headers=OURS)).json()
    absent = {"refresh_token", "refresh_expires_in"}
    assert made.keys() == SCHEMAS["Session"]["properties"].keys() - absent
    await api.ask("POST", REFRESH, 403)
    await api.ask("POST", REFRESH, 200, headers=OURS)
    await api.ask("POST", LOGOUT, 403)
    await api.ask("POST", LOGOUT, 204, headers=OURS)
    await api.ask("POST", LOGOUT, 401)


@pytest.mark.parametrize("path", [GUEST, REFRESH, LOGOUT])
async def test_a_wrong_body_is_refused_as_described(api: Api, path: str) -> None:
    await api.ask("POST", path, 400, json={"what": 1})
    await api.ask("POST", path, 415, content=b"{}", headers={"content-type": "text/plain"})
    await api.ask("POST", path, 413, json={"refresh_token": "x" * 2**20})


async def test_too_many_failures_are_refused_as_described(api: Api) -> None:
    for _ in range(MOST):
        await api.ask("POST", REFRESH, 401, json={"refresh_token": "wrong"})
    await api.ask("POST", REFRESH, 429, json={"refresh_token": "wrong"})


async def test_what_is_offered_is_answered_as_described(api: Api) -> None:
    await api.ask("GET", "/v1/auth/options", 200)
    await api.ask("HEAD", "/v1/auth/options", 200)


async def test_guests_that_are_not_wanted_are_refused_as_described(tmp_path: Path) -> None:
    async with served(Settings(data_dir=tmp_path, guest_login=False)) as api:
        await api.ask("POST", GUEST, 403)


async def test_api_keys_are_answered_as_described(api: Api) -> None:
    await be(api, UserKind.USER)
    made = (await api.ask("POST", KEYS, 201, json={"name": "x"})).json()["data"]
    assert made.keys() == SCHEMAS["NewApiKey"]["properties"].keys()
    scopes = SCHEMAS["ApiKeyRequest"]["properties"]["scopes"]
    assert made["scopes"] == scopes["default"]
    asked = {"name": "y", "scopes": scopes["items"]["enum"]}
    await api.ask("POST", KEYS, 201, json=asked)
    await api.ask("GET", KEYS, 200)
    await api.ask("HEAD", KEYS, 200)
    by_key = {"authorization": f"Bearer {made['key']}"}
    await api.ask("GET", "/v1/media/files", 200, headers=by_key)
    await api.ask("POST", "/v1/media/files/bulk-delete", 403, json={"file_ids": []}, headers=by_key)
    await api.ask("PATCH", f"/v1/media/files/{new_id(IdPrefix.FILE)}", 403, json={}, headers=by_key)
    await api.ask("POST", KEYS, 403, json={"name": "z"}, headers=by_key)
    await api.ask("DELETE", f"{KEYS}/{made['id']}", 204)
    await api.ask("DELETE", f"{KEYS}/{made['id']}", 404)
    await api.ask("POST", KEYS, 400, json={})
    await be(api, UserKind.GUEST)
    await api.ask("GET", KEYS, 403)
    await api.ask("POST", KEYS, 403, json={"name": "x"})
    await api.ask("DELETE", f"{KEYS}/x", 403)


async def test_the_way_to_a_provider_and_back_is_answered_as_described(tmp_path: Path) -> None:
    with provider() as issuer:
        settings = Settings(data_dir=tmp_path, oidc_issuer=issuer, **CLIENT)
        async with served(settings) as api:
            api.client.base_url = "http://127.0.0.1"  # where the provider sends people back to
            login, callback = "/v1/auth/oidc/login", "/v1/auth/oidc/callback"
            await api.ask("GET", login, 400, params={"return_to": "//elsewhere.example"})
            await api.ask("GET", callback, 400)
            await api.ask("HEAD", login, 302)
            sent = await api.ask("GET", login, 302)
            back = at_provider(sent.headers["location"], "ada").removeprefix("http://127.0.0.1")
            await api.ask("GET", back, 303)
            await api.ask("GET", back, 400)
            await api.ask("GET", "/v1/auth/options", 200)


async def test_a_missing_provider_is_answered_as_described(api: Api) -> None:
    await api.ask("GET", "/v1/auth/oidc/login", 404)
    await api.ask("GET", "/v1/auth/oidc/callback", 404)


async def test_a_provider_that_is_gone_is_answered_as_described(tmp_path: Path) -> None:
    gone = Settings(data_dir=tmp_path, oidc_issuer="http://127.0.0.1:9", oidc_client_id="x")
    async with served(gone) as api:
        await api.ask("GET", "/v1/auth/oidc/login", 503)
