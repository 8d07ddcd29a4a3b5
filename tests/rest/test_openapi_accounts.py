"""Answers about accounts against what the description says of them: shares, limits, the audit."""

from pathlib import Path
from typing import Any

from core.ids import IdPrefix, new_id
from core.rates import Rate
from core.settings import Settings
from models.user import UserKind
from tests.rest.described import (
    DOCUMENT,
    FILE,
    MAX_UPLOAD_BYTES,
    SCHEMAS,
    Api,
    operations,
    served,
)


async def test_files_are_shared_and_shares_ended_as_described(api: Api) -> None:
    readers = []
    for _ in range(2):
        session = (await api.ask("POST", "/llm/auth/guest-login", 200)).json()
        readers.append(session["user_id"])
    path = f"/v1/media/files/{(await api.upload())['id']}/shares"
    shared = await api.ask("POST", path, 200, json={"account_ids": readers})
    assert [share["account_id"] for share in shared.json()["data"]] == readers
    assert shared.json() == (await api.ask("GET", path, 200)).json()
    await api.ask("HEAD", path, 200)
    owner = api.client.headers["authorization"]
    api.client.headers["authorization"] = f"Bearer {session['access_token']}"
    listed = (await api.ask("GET", "/v1/media/files?scope=shared_with_me", 200)).json()["data"]
    assert listed[0]["owner"].keys() == {"id", "kind", "name", "email"}
    assert (await api.ask("GET", path.removesuffix("/shares"), 200)).json()["data"] == listed[0]
    api.client.headers["authorization"] = owner
    many = [new_id(IdPrefix.USER)] * 2 + [new_id(IdPrefix.USER) for _ in range(100)]
    for wrong in ({}, {"account_ids": []}, {"account_ids": many}, {"account_ids": "x"}):
        await api.ask("POST", path, 400, json=wrong)
    await api.ask("POST", path, 400, json={"account_ids": readers, "more": 1})
    emails = ["ada@example.org"]
    for both in ({"account_ids": readers, "emails": emails}, {"emails": []}, {"emails": ["ada"]}):
        await api.ask("POST", path, 400, json=both)
    await api.ask("POST", path, 403, json={"emails": emails})  # by a guest
    await api.ask("POST", path, 404, json={"account_ids": many[:1]})
    await api.ask("DELETE", f"{path}/{readers[0]}", 204)
    await api.ask("DELETE", f"{path}/{readers[0]}", 404)
    await api.sign_in()
    await api.ask("GET", path, 404)
    await api.ask("HEAD", path, 404)


async def test_the_audit_is_refused_as_described(api: Api) -> None:
    await api.ask("GET", "/v1/audit", 403)
    await api.ask("HEAD", "/v1/audit", 403)
    await api.ask("GET", "/v1/audit?colour=1", 400)


async def test_the_audit_is_answered_as_described(api: Api) -> None:
    path = f"/v1/media/files/{(await api.upload())['id']}"
    accounts = api.app.state.application.accounts
    session = await accounts.create(UserKind.ADMINISTRATOR)
    api.client.headers["authorization"] = f"Bearer {session.access_token}"
    await api.ask("GET", path, 200)
    page = (await api.ask("GET", "/v1/audit?limit=1", 200)).json()
    assert page["data"][0].keys() == SCHEMAS["AuditEntry"]["properties"].keys()
    await api.ask("HEAD", "/v1/audit", 200)


async def test_an_upload_past_the_quota_is_refused_as_described(api: Api) -> None:
    for _ in range(5):
        await api.upload(content=b"x" * MAX_UPLOAD_BYTES)
    await api.upload(403, content=b"x")


async def test_recovery_codes_are_answered_as_described(api: Api) -> None:
    path, recover = "/v1/auth/recovery-code", "/v1/auth/recover"
    assert (await api.ask("GET", path, 200)).json() == {"data": None}
    made = (await api.ask("POST", path, 200)).json()["data"]
    await api.ask("GET", path, 200)
    await api.ask("HEAD", path, 200)
    await api.ask("POST", recover, 200, json={"code": made["code"]})
    assert (await api.ask("GET", path, 200)).json()["data"]["last_used_at"]
    headers = {"sec-fetch-site": "same-origin"}
    by_cookie = {"code": made["code"], "session": "cookie"}
    await api.ask("POST", recover, 200, json=by_cookie, headers=headers)
    await api.ask("POST", recover, 403, json=by_cookie)
    await api.ask("POST", recover, 400, json={"code": "mistyped"})
    await api.ask("DELETE", path, 204)
    await api.ask("POST", recover, 401, json={"code": made["code"]})
    session = await api.app.state.application.accounts.create(UserKind.USER)
    api.client.headers["authorization"] = f"Bearer {session.access_token}"
    for method in ("GET", "HEAD", "POST", "DELETE"):
        await api.ask(method, path, 403)


async def test_usage_is_answered_as_described(api: Api) -> None:
    await api.upload(content=b"x" * 7)
    answer = await api.ask("GET", "/v1/account/usage", 200)
    used = {"bytes": 7, "files": 1, "quota_bytes": 5000, "quota_files": 10_000}
    assert answer.json() == {"data": used}
    await api.ask("HEAD", "/v1/account/usage", 200)
    await api.ask("GET", "/v1/account/usage", 401, signed_in=False)


async def test_a_refusal_for_its_rate_is_answered_as_described(tmp_path: Path) -> None:
    rates: dict[str, Any] = dict.fromkeys(("rate_read", "rate_upload"), Rate(1, 86_400))
    async with served(Settings(data_dir=tmp_path, **rates)) as api:
        await api.sign_in()
        await api.upload()
        await api.upload(429)
        for path in ("/v1/media/files", "/openapi.json", f"/v1/media/files/{FILE}"):
            await api.client.get(path)
            await api.ask("GET", path, 429)
            await api.ask("HEAD", path, 429)
        await api.ask("POST", "/graphql", 429, json={"query": "{ viewer { id } }"})
        await api.ask("GET", "/graphql?query={viewer{id}}", 429)


async def test_every_operation_but_health_may_be_refused_for_its_rate() -> None:
    limited = {path for path, _, operation in operations() if "429" in operation["responses"]}
    assert limited == DOCUMENT["paths"].keys() - {"/healthz", "/readyz"}


async def test_idempotency_keys_are_answered_as_described(api: Api) -> None:
    def upload(content: bytes, key: str) -> dict[str, Any]:
        return {"files": {"file": ("a.txt", content)}, "headers": {"idempotency-key": key}}

    path = "/v1/media/upload"
    first = await api.ask("POST", path, 200, **upload(b"1", "k"))
    again = await api.ask("POST", path, 200, **upload(b"1", "k"))
    assert again.json() == first.json()
    await api.ask("POST", path, 422, **upload(b"2", "k"))
    await api.ask("POST", path, 400, **upload(b"2", ""))
    await api.ask("DELETE", f"/v1/media/files/{first.json()['data']['id']}", 204)
    await api.ask("POST", path, 404, **upload(b"1", "k"))
