"""Signed addresses over HTTP: the access matrix's last actor, caches, and odd queries."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server
from tests.acceptance.test_access_matrix import (
    CONTENT,
    MISSING,
    OK,
    READS,
    VISIBILITIES,
    WRITES,
    new_account,
)

OPERATIONS: Final = ("download", "stream", "preview")
DAY: Final = 24 * 3600

_OF_BYTES: Final[Mapping[str, tuple[str, ...]]] = {
    "download": ("download", "HEAD of download", "range"),
    "stream": ("stream", "HEAD of stream"),
    "preview": ("bytes of the preview", "HEAD of the preview"),
}
_REFUSALS: Final = {**dict.fromkeys(VISIBILITIES, "UNAUTHENTICATED"), "public": OK}


@pytest.fixture
def anonymous(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def upload(client: httpx.Client, visibility: str = "private", name: str = "a.txt") -> str:
    by_name = visibility == "shared with me"
    given = {"visibility": "private" if by_name else visibility}
    answer = client.post("/v1/media/upload", files={"file": (name, CONTENT)}, data=given)
    file_id: str = answer.json()["data"]["id"]
    if by_name:
        share(client, file_id)
    return file_id


def share(client: httpx.Client, file_id: str) -> str:
    """Share a file with a new account, and return the address of the share."""
    reader, shares = new_account(client), f"/v1/media/files/{file_id}/shares"
    assert client.post(shares, json={"account_ids": [reader]}).status_code == 200
    return f"{shares}/{reader}"


def mint(client: httpx.Client, file_id: str, operation: str = "download", **given: Any) -> str:
    if operation == "preview":
        answer = client.post(f"/v1/media/files/{file_id}/preview", json={"size": "small"})
        preview: dict[str, str] = answer.json()["data"]
        return preview["preview_url"]
    body = {"operation": operation, **given}
    answer = client.post(f"/v1/media/files/{file_id}/signed-url", json=body)
    assert answer.status_code == 200, answer.text
    made: dict[str, str] = answer.json()["data"]
    assert made["operation"] == operation
    return made["url"]


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_address_does_its_own_operation_and_no_other(
    server: Server, client: httpx.Client, operation: str, visibility: str
) -> None:
    file_id = upload(client, visibility)
    query = dict(httpx.URL(mint(client, file_id, operation)).params)
    before = client.get(f"/v1/media/files/{file_id}").json()
    of_bytes = {name for names in _OF_BYTES.values() for name in names}
    expected = {
        name: (OK if name in _OF_BYTES[operation] else "FORBIDDEN")
        if name in of_bytes
        else _REFUSALS[visibility]
        for name in READS
    }
    with server.client(params=query) as bearer:
        assert {name: attempt(bearer, file_id) for name, attempt in READS.items()} == expected
        got = {name: attempt(bearer, file_id) for name, (_, attempt) in WRITES.items()}
        assert got == dict.fromkeys(WRITES, "UNAUTHENTICATED")
        answer = bearer.post("/v1/media/upload", files={"file": ("a.txt", b"x")})
        assert answer.status_code == 401
    assert client.get(f"/v1/media/files/{file_id}").json() == before


Ending = Callable[[httpx.Client, str], object]
ENDINGS: Final[Mapping[str, Ending]] = {
    "revoke-links": lambda client, file_id: client.post(f"/v1/media/files/{file_id}/revoke-links"),
    "revokeLinks": lambda client, file_id: Gql(client).data(
        "mutation ($id: ID!) { revokeLinks(id: $id) { id } }", id=file_id
    ),
    "visibility": lambda client, file_id: [
        client.patch(f"/v1/media/files/{file_id}", json={"visibility": visibility})
        for visibility in ("private", "shared", "public")
    ],
    "unshare": lambda client, file_id: client.delete(share(client, file_id)),
    "delete": lambda client, file_id: client.delete(f"/v1/media/files/{file_id}"),
}


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_address_ends_at_once(
    client: httpx.Client, anonymous: httpx.Client, ending: str, visibility: str
) -> None:
    file_id = upload(client, visibility)
    urls = [mint(client, file_id, operation) for operation in OPERATIONS]
    assert [anonymous.get(url).status_code for url in urls] == [200] * 3
    ENDINGS[ending](client, file_id)
    refused = [anonymous.get(url) for url in urls]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert len({answer.json()["detail"] for answer in refused}) == 1
    assert {answer.headers["cache-control"] for answer in refused} == {"no-store"}
    # A cache that asks again is refused as well, and a token does not help a bad address.
    tag = {"if-none-match": "*"}
    assert anonymous.get(urls[0], headers=tag).status_code == 403
    assert client.get(urls[0]).status_code == 403


def odd_queries(query: str) -> list[str]:
    """Return queries that are almost ``query``, a valid one, or nothing like it."""
    disposition, expires, signature = query.split("&")
    value = signature.partition("=")[2]
    number = expires.partition("=")[2]
    other = "A" if value[0] != "A" else "B"
    return [
        signature,
        f"{expires}&{signature}",
        f"{disposition}&{signature}",
        f"{query}&{disposition}",
        f"{query}&{expires}",
        f"{query}&{signature}",
        f"{query}&x=1&x=1",
        query.replace("attachment", "inline"),
        query.replace("attachment", "ATTACHMENT"),
        query.replace("attachment", "%00"),
        query.replace(number, f"+{number}"),
        query.replace(number, f"-{number}"),
        query.replace(number, f"{number}.0"),
        query.replace(number, str(int(number) + 60)),
        query.replace(number, "0"),
        query.replace(number, "9" * 5000),
        query.replace(number, "".join(f"%D9%A{digit}" for digit in number)),  # Arabic digits
        query.replace(value, ""),
        query.replace(value, other + value[1:]),
        query.replace(value, f"{value}%3D"),
        query.replace(value, value.swapcase()),
        query.replace(value, "%C3%A9"),
        query.replace(value, "%FF%FE"),
        query.replace(value, "%ED%B2%80"),  # a lone surrogate, were it UTF-8
        query.replace(value, "%00"),
        query.replace(value, "x" * 40_000),
        "signature",
        "signature=&expires=&disposition=",
    ]


def test_whatever_is_wrong_with_an_address_is_one_and_the_same_refusal(
    client: httpx.Client, anonymous: httpx.Client
) -> None:
    file_id = upload(client)
    url = urlsplit(mint(client, file_id))
    missing = anonymous.get(f"{url.path.replace(file_id, MISSING)}?{url.query}")
    assert (missing.status_code, missing.json()["code"]) == (403, "FORBIDDEN")
    expected = missing.content.replace(MISSING.encode(), file_id.encode())
    for query in odd_queries(url.query):
        answer = anonymous.get(f"{url.path}?{query}")
        assert (answer.status_code, answer.content) == (403, expected), query
        assert anonymous.head(f"{url.path}?{query}").status_code == 403
    assert anonymous.get(f"{url.path}?{url.query}&fbclid=added").content == CONTENT


@pytest.mark.parametrize(
    "changes",
    [
        {"size": "huge"},
        {"type": "exe"},
        {"format": "animated", "type": "png"},
        {"expires": ""},
        {"expires": "\u0661" * 10},
    ],
)
def test_an_odd_address_of_a_preview_is_the_same_refusal(
    client: httpx.Client, anonymous: httpx.Client, changes: dict[str, str]
) -> None:
    url = httpx.URL(mint(client, upload(client), "preview"))
    refused = anonymous.get(url.copy_merge_params(changes))
    forged = anonymous.get(url.copy_merge_params({"signature": "x" * 43}))
    assert (refused.status_code, refused.content) == (403, forged.content)
    assert anonymous.get(f"{url}&size=small").status_code == 403


def test_bytes_come_as_they_always_do(client: httpx.Client, anonymous: httpx.Client) -> None:
    file_id = upload(client)
    for operation in ("download", "stream"):
        url = mint(client, file_id, operation)
        whole = anonymous.get(url)
        assert whole.content == CONTENT
        head = anonymous.head(url)
        assert head.headers["content-length"] == str(len(CONTENT))
        assert not head.content
        part = anonymous.get(url, headers={"range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, CONTENT[2:5])
        assert part.headers["cache-control"] == whole.headers["cache-control"]
        tag = {"if-none-match": whole.headers["etag"]}
        assert anonymous.get(url, headers=tag).status_code == 304
        for headers, status in (({"range": "bytes=999-"}, 416), ({"if-match": '"x"'}, 412)):
            refused = anonymous.get(url, headers=headers)
            assert refused.status_code == status
            assert refused.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("operation", "asked", "name", "shown"),
    [
        ("download", None, "a.txt", "attachment"),
        ("download", "inline", "a.txt", "inline"),
        ("download", "attachment", "a.txt", "attachment"),
        ("stream", None, "a.txt", "inline"),
        ("stream", "attachment", "a.txt", "attachment"),
        ("stream", "inline", "a.html", "attachment"),
        ("download", "inline", "a.svg", "attachment"),
    ],
)
def test_the_disposition_is_as_asked_where_that_is_safe(
    client: httpx.Client,
    anonymous: httpx.Client,
    *,
    operation: str,
    asked: str | None,
    name: str,
    shown: str,
) -> None:
    contents = {
        "a.txt": CONTENT,
        "a.html": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "a.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    }
    made = client.post("/v1/media/upload", files={"file": (name, contents[name])})
    given = {"disposition": asked} if asked else {}
    answer = anonymous.get(mint(client, made.json()["data"]["id"], operation, **given))
    assert answer.content == contents[name]
    assert answer.headers["content-disposition"] == f'{shown}; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("seconds", "least", "most"), [(60, 0, 120), (7 * DAY, 3600, 3600)])
def test_caches_keep_what_an_address_gave_until_it_ends_but_for_no_longer_than_an_hour(
    client: httpx.Client, anonymous: httpx.Client, seconds: int, least: int, most: int
) -> None:
    answer = anonymous.get(mint(client, upload(client), expires_in=seconds))
    kind, age, immutable = answer.headers["cache-control"].split(", ")
    assert (kind, immutable) == ("public", "immutable")
    assert least <= int(age.removeprefix("max-age=")) <= most


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"expires_in": 59}, "expires_in must be 60 to 604800 seconds"),
        ({"expires_in": 7 * DAY + 1}, "expires_in must be 60 to 604800 seconds"),
        ({"expires_in": 10**30}, "expires_in"),
        ({"expires_in": "3600"}, "expires_in must be a whole number"),
        ({"expires_in": 3600.0}, "expires_in must be a whole number"),
        ({"expires_in": True}, "expires_in must be a whole number"),
        ({"expires_in": None}, "expires_in must be a whole number"),
        ({"operation": "delete"}, "operation must be one of download, stream"),
        ({"operation": ["download"]}, "operation must be one of"),
        ({"disposition": "form-data"}, "disposition must be one of attachment, inline"),
        ({"disposition": None}, "disposition must be one of"),
        ({"expiresIn": 60}, "these are: operation, expires_in, disposition"),
    ],
)
def test_a_wrong_wish_is_refused_with_what_to_change(
    client: httpx.Client, body: dict[str, Any], named: str
) -> None:
    answer = client.post(f"/v1/media/files/{upload(client)}/signed-url", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert named in answer.json()["detail"]


def test_graphql_signs_and_revokes(client: httpx.Client, anonymous: httpx.Client) -> None:
    gql, file_id = Gql(client), upload(client)
    query = """
    query ($id: ID!, $for: Int!) {
      file(id: $id) {
        signedUrl { url expiresAt operation }
        inline: signedUrl(operation: STREAM, expiresIn: $for, disposition: INLINE) { url }
      }
    }
    """
    found = gql.data(query, id=file_id, **{"for": 3 * DAY})["file"]
    assert found["signedUrl"]["operation"] == "DOWNLOAD"
    assert found["inline"]["url"] == mint(client, file_id, "stream", expires_in=3 * DAY)
    assert anonymous.get(found["signedUrl"]["url"]).content == CONTENT
    assert gql.code(query, id=file_id, **{"for": 59}) == "VALIDATION_FAILED"
    again = """
    mutation ($id: ID!) { revokeLinks(id: $id) { updatedAt signedUrl { url } } }
    """
    revoked = gql.data(again, id=file_id)["revokeLinks"]
    assert anonymous.get(found["signedUrl"]["url"]).status_code == 403
    assert anonymous.get(revoked["signedUrl"]["url"]).content == CONTENT
    shown = client.get(f"/v1/media/files/{file_id}").json()["data"]
    assert revoked["updatedAt"] == shown["updated_at"] == shown["created_at"]


def test_a_list_survives_the_files_whose_addresses_are_refused(
    server: Server, client: httpx.Client
) -> None:
    shared = upload(client, "shared")
    query = """
    { files(first: 5, filter: {scope: SHARED}) { nodes { id signedUrl { url } } } }
    """
    with server.client(server.guest()) as other:
        body = Gql(other).post(query).json()
    nodes = body["data"]["files"]["nodes"]
    assert shared in [node["id"] for node in nodes]
    assert {node["signedUrl"] for node in nodes} == {None}
    assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
    assert len(body["errors"]) == len(nodes)
