"""Operations on many files, done to one: OK or the code of the refusal, whatever the transport."""

from typing import Any, Final

import httpx

from tests.acceptance.gql import Gql

_DONE: Final = {"DELETED", "CHANGED"}


def bulk_delete(client: httpx.Client, file_id: str) -> str:
    """Delete it over REST."""
    return _rest(client, "bulk-delete", {"file_ids": [file_id]})


def gql_bulk_delete(client: httpx.Client, file_id: str) -> str:
    """Delete it over GraphQL."""
    return _gql(client, "bulkDelete(ids: [$id])", file_id)


def bulk_visibility(client: httpx.Client, file_id: str) -> str:
    """Change its visibility over REST: whatever it was, the second one is another."""
    for visibility in ("public", "shared"):
        body = {"file_ids": [file_id], "visibility": visibility}
        code = _rest(client, "bulk-visibility", body)
    return code


def gql_bulk_visibility(client: httpx.Client, file_id: str) -> str:
    """Change its visibility over GraphQL, as above."""
    for visibility in ("PUBLIC", "SHARED"):
        code = _gql(client, f"bulkSetVisibility(ids: [$id], visibility: {visibility})", file_id)
    return code


def bulk_tag(client: httpx.Client, file_id: str) -> str:
    """Change its tags over REST: whatever they were, they have changed after the second call."""
    for edit in ("add", "remove"):
        code = _rest(client, "bulk-tag", {"file_ids": [file_id], edit: ["bulk"]})
    return code


def gql_bulk_tag(client: httpx.Client, file_id: str) -> str:
    """Change its tags over GraphQL, as above."""
    for edit in ("add", "remove"):
        code = _gql(client, f'bulkTag(ids: [$id], {edit}: ["bulk"])', file_id)
    return code


def _rest(client: httpx.Client, name: str, body: dict[str, Any]) -> str:
    answer = client.post(f"/v1/media/files/{name}", json=body)
    if not answer.is_success:
        code: str = answer.json()["code"]
        return code
    (result,) = answer.json()["data"]["results"]
    return _code(result["outcome"])


def _gql(client: httpx.Client, field: str, file_id: str) -> str:
    query = f"mutation ($id: ID!) {{ done: {field} {{ results {{ outcome }} }} }}"
    body = Gql(client).post(query, {"id": file_id}).json()
    if "errors" in body:
        code: str = body["errors"][0]["extensions"]["code"]
        return code
    return _code(body["data"]["done"]["results"][0]["outcome"])


def _code(outcome: str) -> str:
    return "OK" if outcome.upper() in _DONE else outcome.upper()
