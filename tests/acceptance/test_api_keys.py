"""API keys over HTTP: made, used over REST and GraphQL, held to their scope, revoked."""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server
from tests.acceptance.test_access_matrix import CONTENT, MISSING, OK, READS, WRITES

KEYS: Final = "/v1/auth/api-keys"
CHANGES_NOTHING: Final = {"shares", "HEAD of shares"}


@pytest.fixture(scope="module")
def user_token(server: Server) -> str:
    return server.account("user")


@pytest.fixture
def user(server: Server, user_token: str) -> Iterator[httpx.Client]:
    with server.client(user_token) as client:
        yield client


def make(user: httpx.Client, *scopes: str) -> Any:
    answer = user.post(KEYS, json={"name": "a test", "scopes": scopes})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["data"]


@pytest.fixture
def read_key(server: Server, user: httpx.Client) -> Iterator[httpx.Client]:
    with server.client(make(user, "read")["key"]) as client:
        yield client


def upload(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/media/upload", files={"file": ("a.txt", CONTENT)})


def test_a_key_is_made_listed_used_and_revoked(server: Server, user: httpx.Client) -> None:
    made = make(user, "read", "write")
    secret = made.pop("key")
    assert made["scopes"] == ["read", "write"]
    assert made in user.get(KEYS).json()["data"]
    with server.client(secret) as script:
        file_id = upload(script).json()["data"]["id"]
        assert script.get(f"/v1/media/files/{file_id}/download").content == CONTENT
        assert Gql(script).data("{ viewer { kind } }") == {"viewer": {"kind": "USER"}}
        assert secret not in user.get(KEYS).text
        (used,) = [key for key in user.get(KEYS).json()["data"] if key["id"] == made["id"]]
        assert used["last_used_at"] is not None
        assert user.delete(f"{KEYS}/{made['id']}").status_code == 204
        refused = script.get(f"/v1/media/files/{file_id}")
        assert (refused.status_code, refused.json()["code"]) == (401, "UNAUTHENTICATED")
        assert Gql(script).code("{ viewer { kind } }") == "UNAUTHENTICATED"
    assert user.delete(f"{KEYS}/{made['id']}").status_code == 404
    assert secret not in server.log


def test_keys_are_made_listed_and_revoked_by_graphql(server: Server, user: httpx.Client) -> None:
    gql, fields = Gql(user), "id name hint scopes createdAt lastUsedAt"
    making = (
        'mutation ($s: [ApiKeyScope!]!) { createApiKey(name: "g", scopes: $s)'
        f" {{ key apiKey {{ {fields} }} }} }}"
    )
    made = gql.data(making, s=["WRITE"])["createApiKey"]
    assert made["apiKey"]["scopes"] == ["READ", "WRITE"]
    assert made["apiKey"] in gql.data(f"{{ apiKeys {{ {fields} }} }}")["apiKeys"]
    read = gql.data('mutation { createApiKey(name: "r") { apiKey { scopes } } }')
    assert read["createApiKey"]["apiKey"]["scopes"] == ["READ"]
    revoking = "mutation ($id: ID!) { revokeApiKey(id: $id) }"
    with server.client(made["key"]) as script:
        assert upload(script).status_code == 200
        assert Gql(script).code(revoking, id=made["apiKey"]["id"]) == "FORBIDDEN"
        gql.data(revoking, id=made["apiKey"]["id"])
        assert upload(script).status_code == 401
    assert gql.code(revoking, id=made["apiKey"]["id"]) == "NOT_FOUND"


@pytest.mark.parametrize("read", READS)
def test_a_read_key_reads_what_its_account_reads(
    user: httpx.Client, read_key: httpx.Client, read: str
) -> None:
    assert READS[read](read_key, upload(user).json()["data"]["id"]) == OK
    assert READS[read](read_key, MISSING) == "NOT_FOUND"


@pytest.mark.parametrize("write", sorted(WRITES.keys() - CHANGES_NOTHING - {"signedUrl"}))
def test_a_read_key_is_refused_on_every_write(
    user: httpx.Client, read_key: httpx.Client, write: str
) -> None:
    file_id = upload(user).json()["data"]["id"]
    before = user.get(f"/v1/media/files/{file_id}").json()
    for one in (file_id, MISSING):
        assert scope_refused(read_key, write, one)
    assert user.get(f"/v1/media/files/{file_id}").json() == before


def scope_refused(client: httpx.Client, write: str, file_id: str) -> bool:
    """Tell whether the operation is answered with the code of a missing scope, and 403 in REST."""
    answers: list[httpx.Response] = []
    client.event_hooks = {"response": [answers.append]}
    try:
        WRITES[write][1](client, file_id)
    except KeyError:  # the matrix has no status for it
        pass
    finally:
        client.event_hooks = {"response": []}
    answer = answers[-1]
    if answer.url.path != "/graphql":
        assert answer.status_code == 403
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    return '"INSUFFICIENT_SCOPE"' in answer.text


def test_a_read_key_signs_no_address_and_uploads_nothing(
    user: httpx.Client, read_key: httpx.Client
) -> None:
    file_id = upload(user).json()["data"]["id"]
    query = "query ($id: ID!) { file(id: $id) { signedUrl { url } } }"
    assert Gql(read_key).code(query, id=file_id) == "INSUFFICIENT_SCOPE"
    assert upload(read_key).json()["code"] == "INSUFFICIENT_SCOPE"
    operations = {"query": "mutation ($f: Upload!) { upload(file: $f) { id } }", "variables": {}}
    answer = Gql(read_key).multipart(operations, {"0": ["variables.f"]}, {"0": ("a", b"x")})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "INSUFFICIENT_SCOPE"


def test_a_key_is_no_way_to_more_keys(
    server: Server, client: httpx.Client, user: httpx.Client, read_key: httpx.Client
) -> None:
    with server.client(make(user, "write")["key"]) as script:
        for unfit in (script, read_key, client):  # the last one is a guest
            answers = [
                unfit.get(KEYS),
                unfit.post(KEYS, json={"name": "more"}),
                unfit.delete(f"{KEYS}/{make(user, 'read')['id']}"),
            ]
            assert [answer.status_code for answer in answers] == [403] * 3
            assert {answer.json()["code"] for answer in answers} == {"FORBIDDEN"}
        assert script.post("/v1/auth/logout").status_code == 204
        assert script.get("/v1/media/files").status_code == 200


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "name must be a string"),
        ({"name": 1}, "name must be a string"),
        ({"name": " "}, "name must be 1 to 100 characters"),
        ({"name": "x", "scopes": []}, "scopes must hold"),
        ({"name": "x", "scopes": "read"}, "scopes must be a list"),
        ({"name": "x", "scopes": ["admin"]}, "scopes must be a list of read and write"),
        ({"name": "x", "scopes": [["read"]]}, "scopes must be a list"),
        ({"name": "x", "scope": "read"}, "these are: name, scopes"),
    ],
)
def test_a_wrong_wish_is_refused_with_what_to_change(
    user: httpx.Client, body: dict[str, Any], named: str
) -> None:
    answer = user.post(KEYS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("key", ["media_", "media_x", "media_" + "x" * 43, "media_" + "x" * 60_000])
def test_what_is_no_key_is_refused(server: Server, key: str) -> None:
    with server.client(key) as client:
        assert client.get("/v1/media/files").status_code in {400, 401, 431}


def test_too_many_wrong_keys_are_told_to_wait(start: Any) -> None:
    serving = start()
    with serving.client("media_wrong") as client:
        statuses = [client.get("/v1/media/files").status_code for _ in range(30)]
        refused = client.get("/v1/media/files")
        listed = client.post("/graphql", json={"query": "{ viewer { id } }"})
    assert statuses == [401] * 30
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    # A whole window, and what one failure of thirty takes of the next one.
    assert 1 <= int(refused.headers["retry-after"]) <= 60 + 60 // 30
    assert (listed.status_code, listed.headers["retry-after"] != "") == (429, True)
    with serving.client(serving.guest()) as client:  # the same address, and nothing wrong with it
        assert client.get("/v1/media/files").status_code == 200
    assert serving.stop() == 0
