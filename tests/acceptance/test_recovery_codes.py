"""Recovery codes over HTTP: made by REST and GraphQL, and used to sign in again."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any, Final

import httpx
import pytest

from auth.recovery_codes import new_code
from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server

CODE: Final = "/v1/auth/recovery-code"
RECOVER: Final = "/v1/auth/recover"
MAKING: Final = "mutation { createRecoveryCode { code recoveryCode { createdAt lastUsedAt } } }"
REVOKING: Final = "mutation { revokeRecoveryCode }"
FINDING: Final = "{ recoveryCode { createdAt lastUsedAt } }"


@pytest.fixture
def anonymous(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def make(client: httpx.Client) -> Any:
    answer = client.post(CODE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["data"]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_guest_who_signed_out_gets_back_to_its_files_by_its_code(
    server: Server, client: httpx.Client, anonymous: httpx.Client
) -> None:
    file = client.post("/v1/media/upload", files={"file": ("a.txt", b"kept")}).json()["data"]
    assert client.get(CODE).json() == {"data": None}
    made = make(client)
    code = made.pop("code")
    assert client.get(CODE).json() == {"data": made}
    assert client.post("/v1/auth/logout").status_code == 204
    answer = anonymous.post(RECOVER, json={"code": code.lower().replace("-", " ")})
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    session = answer.json()
    new_guest = anonymous.post("/v1/auth/guest").json()
    assert session.keys() == new_guest.keys()
    assert session["expires_in"] == new_guest["expires_in"]
    with server.client(session["access_token"]) as again:
        path = f"/v1/media/files/{file['id']}/download"
        assert again.get(path).content == b"kept"
        assert again.get(CODE).json()["data"]["last_used_at"] is not None
        assert again.delete(CODE).status_code == 204
        assert again.delete(CODE).status_code == 204
        assert again.get(CODE).json() == {"data": None}
    body = {"refresh_token": session["refresh_token"]}
    assert anonymous.post("/v1/auth/refresh", json=body).status_code == 200
    assert refusal(anonymous.post(RECOVER, json={"code": code})) == (401, "UNAUTHENTICATED")
    assert code not in server.log


def test_codes_are_made_found_and_revoked_by_graphql(gql: Gql, anonymous: httpx.Client) -> None:
    assert gql.data(FINDING) == {"recoveryCode": None}
    made = gql.data(MAKING)["createRecoveryCode"]
    assert made["recoveryCode"]["lastUsedAt"] is None
    assert gql.data(FINDING) == {"recoveryCode": made["recoveryCode"]}
    assert anonymous.post(RECOVER, json={"code": made["code"]}).status_code == 200
    assert gql.data(FINDING)["recoveryCode"]["lastUsedAt"] is not None
    assert [gql.data(REVOKING)["revokeRecoveryCode"] for _ in range(2)] == [True, False]
    assert refusal(anonymous.post(RECOVER, json={"code": made["code"]}))[0] == 401


def test_nobody_but_a_guest_has_a_code(server: Server, anonymous: httpx.Client) -> None:
    with server.client(server.account("user")) as user:
        key = user.post("/v1/auth/api-keys", json={"name": "x", "scopes": ["write"]}).json()
        with server.client(key["data"]["key"]) as script:
            for caller, code in (
                (user, "FORBIDDEN"),
                (script, "FORBIDDEN"),
                (anonymous, "UNAUTHENTICATED"),
            ):
                answers = [caller.get(CODE), caller.post(CODE), caller.delete(CODE)]
                assert {answer.json()["code"] for answer in answers} == {code}
                for document in (MAKING, FINDING, REVOKING):
                    assert Gql(caller).code(document) == code


def test_a_browser_gets_its_session_in_a_cookie_on_pages_of_this_server_alone(
    client: httpx.Client, anonymous: httpx.Client
) -> None:
    body = {"code": make(client)["code"], "session": "cookie"}
    for elsewhere in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "http://media.example"}):
        forged = anonymous.post(RECOVER, json=body, headers=elsewhere)
        assert refusal(forged) == (403, "FORBIDDEN")
        assert "set-cookie" not in forged.headers
    ours = {"sec-fetch-site": "same-origin"}
    answer = anonymous.post(RECOVER, json=body, headers=ours)
    assert {"refresh_token", "refresh_expires_in"}.isdisjoint(answer.json())
    cookie = SimpleCookie(answer.headers["set-cookie"])["media_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/v1/auth")
    refreshed = anonymous.post("/v1/auth/refresh", headers=ours).json()
    assert refreshed["user_id"] == answer.json()["user_id"]


def test_a_code_that_was_never_made_and_one_of_a_disabled_account_get_the_same_answer(
    server: Server, client: httpx.Client, anonymous: httpx.Client
) -> None:
    code = make(client)["code"]
    account_id = anonymous.post(RECOVER, json={"code": code}).json()["user_id"]
    server.media("accounts", "disable", account_id)
    answers = [anonymous.post(RECOVER, json={"code": one}) for one in (code, new_code())]
    assert [refusal(answer) for answer in answers] == [(401, "UNAUTHENTICATED")] * 2
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "code must be a string"),
        ({"code": None}, "code must be a string"),
        ({"code": 1}, "code must be a string"),
        ({"code": ""}, "7 groups of 4"),
        ({"code": "recovery-0123"}, "7 groups of 4"),
        ({"code": "x" * 60_000}, "7 groups of 4"),
        ({"code": "x", "session": "carrier pigeon"}, "session must be cookie or token"),
        ({"code": "x", "account": "x"}, "these are: code, session"),
    ],
)
def test_a_wrong_body_is_refused_with_what_to_change(
    anonymous: httpx.Client, body: dict[str, Any], named: str
) -> None:
    answer = anonymous.post(RECOVER, json=body)
    assert refusal(answer) == (400, "VALIDATION_FAILED")
    assert named in answer.json()["detail"]


def test_an_operator_revokes_a_code(
    server: Server, client: httpx.Client, anonymous: httpx.Client
) -> None:
    code = make(client)["code"]
    account_id = anonymous.post(RECOVER, json={"code": code}).json()["user_id"]
    printed = server.media("accounts", "revoke-recovery-code", account_id)
    assert printed == f"{account_id} has no recovery code any more\n"
    assert refusal(anonymous.post(RECOVER, json={"code": code}))[0] == 401
