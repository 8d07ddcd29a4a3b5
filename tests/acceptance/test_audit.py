"""The audit over REST and by the media command, after what an administrator did over both APIs."""

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from core.ids import IdPrefix, new_id
from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server


@pytest.fixture
def administrator(server: Server) -> Iterator[httpx.Client]:
    """Be a new administrator."""
    with server.client(server.account("administrator")) as speaking:
        yield speaking


def new_file(client: httpx.Client, visibility: str = "private") -> str:
    made = client.post(
        "/v1/media/upload", files={"file": ("a.txt", b"text")}, data={"visibility": visibility}
    )
    file_id: str = made.json()["data"]["id"]
    return file_id


def recorded(administrator: httpx.Client, **narrowed: str) -> list[dict[str, Any]]:
    """Return what is on record of a file or an account, oldest first."""
    answer = administrator.get("/v1/audit", params={"limit": "100", **narrowed}).json()
    assert answer["meta"] == {"total": len(answer["data"]), "limit": 100, "offset": 0}
    return list(reversed(answer["data"]))


def test_what_an_administrator_does_over_rest_and_graphql_is_on_record(
    client: httpx.Client, administrator: httpx.Client
) -> None:
    file_id, account_id = new_file(client, "shared"), me(administrator)
    administrator.get(f"/v1/media/files/{file_id}/download")
    administrator.get(f"/v1/media/files/{file_id}/stream", headers={"range": "bytes=0-1"})
    administrator.post(f"/v1/media/files/{file_id}/extract-text", json={})
    gql = Gql(administrator)
    gql.data("query ($id: ID!) { file(id: $id) { filename } }", id=file_id)
    gql.data(
        "query ($id: ID!) { file(id: $id) { a: signedUrl { url } b: signedUrl { url } } }",
        id=file_id,
    )
    gql.data("query ($id: ID!) { file(id: $id) { shares { accountId } } }", id=file_id)
    gql.data('mutation ($id: ID!) { update(id: $id, input: {tags: ["x"]}) { id } }', id=file_id)
    gql.data("mutation ($id: ID!) { delete(id: $id) }", id=file_id)
    found = recorded(administrator, account_id=account_id)
    assert [one["operation"] for one in found] == [
        "read",
        "read",
        "read",
        "read",
        "read",
        "sign links to",
        "read",
        "see the shares of",
        "update",
        "delete",
    ]
    assert {one["file_id"] for one in found} == {file_id}
    assert {one["owner_id"] for one in found} == {me(client)}
    assert recorded(administrator, file_id=file_id) == found


def me(client: httpx.Client) -> str:
    account_id: str = Gql(client).data("{ viewer { id } }")["viewer"]["id"]
    return account_id


@pytest.mark.parametrize("path", ["rest", "graphql"])
def test_a_list_of_everything_records_each_file_of_the_page(
    client: httpx.Client, administrator: httpx.Client, path: str
) -> None:
    files = [new_file(client) for _ in range(3)]
    if path == "rest":
        administrator.get("/v1/media/files", params={"scope": "all", "limit": 2})
    else:
        Gql(administrator).data("{ files(first: 2, filter: {scope: ALL}) { nodes { id } } }")
    found = recorded(administrator, account_id=me(administrator))
    assert [one["operation"] for one in found] == ["list", "list"]
    assert {one["file_id"] for one in found} == set(files[1:])


def test_the_audit_is_for_administrators(server: Server, client: httpx.Client) -> None:
    refused = client.get("/v1/audit")
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    with server.client() as anonymous:
        assert anonymous.get("/v1/audit").status_code == 401


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "offset=-1", "x=1", "file_id=x", "account_id=%00", "limit=1&limit=2"],
)
def test_a_query_that_is_not_understood_is_refused(administrator: httpx.Client, query: str) -> None:
    refused = administrator.get(f"/v1/audit?{query}")
    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_FAILED")


def test_the_command_shows_what_rest_shows(
    server: Server, client: httpx.Client, administrator: httpx.Client
) -> None:
    file_id = new_file(client)
    for _ in range(3):
        administrator.get(f"/v1/media/files/{file_id}")
    found = recorded(administrator, file_id=file_id)
    told = server.media("audit", "--file", file_id, "--json").splitlines()
    assert [orjson.loads(line) for line in told] == list(reversed(found))
    told = server.media("audit", "--account", me(administrator), "--limit", "2").splitlines()
    assert len(told) == 2
    assert all(f": read {file_id} of {me(client)}" in line for line in told)
    assert server.media("audit", "--file", new_id(IdPrefix.FILE)) == ""
