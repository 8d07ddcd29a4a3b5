"""Requests other than uploads that are wrong, and what every answer of REST has in common."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import httpx
import orjson
import pytest

from tests.acceptance.serving import SECRET, Server
from tests.acceptance.wire import exchange, head

MISSING = "file_00000000000000000000000000"
ADDRESSES = [
    ("/v1/media/files", {"GET", "HEAD"}),
    ("/v1/media/files/bulk-delete", {"POST"}),
    ("/v1/media/files/bulk-visibility", {"POST"}),
    ("/v1/media/files/bulk-tag", {"POST"}),
    ("/v1/media/files/{id}", {"GET", "HEAD", "PATCH", "DELETE"}),
    ("/v1/media/files/{id}/download", {"GET", "HEAD"}),
    ("/v1/media/files/{id}/stream", {"GET", "HEAD"}),
    ("/v1/media/upload", {"POST"}),
    ("/graphql", {"GET", "HEAD", "POST"}),
    ("/llm/auth/guest-login", {"POST"}),
    ("/healthz", {"GET", "HEAD"}),
    ("/readyz", {"GET", "HEAD"}),
    ("/", {"GET", "HEAD"}),
]


@pytest.fixture
def file_id(client: httpx.Client) -> str:
    """Upload a file."""
    answer = client.post("/v1/media/upload", files={"file": ("a.txt", b"some text")})
    found: str = answer.json()["data"]["id"]
    return found


def assert_problem(answer: httpx.Response, status: int, code: str, *named: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "code", "instance"} <= body.keys()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["instance"] == answer.request.url.path
    assert all(word in body["detail"] for word in named), body["detail"]
    assert "Traceback" not in answer.text


# JSON bodies


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"nonsense", b"[]", b"null", b'"text"', b"3", b"true", b"NaN", b'{"a": NaN}'),
        *(b"[" * 100_000, b'{"a":' * 50_000, b'{"tags": ["\\ud800"]}', b'{"tags": ["\xff"]}'),
    ],
    ids=lambda body: body[:20],
)
@pytest.mark.parametrize("method", ["PATCH", "bulk-delete"])
def test_a_body_that_is_no_json_object_is_refused(
    client: httpx.Client, file_id: str, method: str, body: bytes
) -> None:
    target = ("PATCH", file_id) if method == "PATCH" else ("POST", method)
    answer = client.request(
        target[0],
        f"/v1/media/files/{target[1]}",
        content=body,
        headers={"content-type": "application/json"},
    )
    assert_problem(answer, 400, "VALIDATION_FAILED")


WRONG: dict[str, list[Any]] = {
    "tags": [
        *("a", 1, None, {}, [1], [None], [[]], [""], [" "], ["x" * 65], ["a\0"]),
        *([str(number) for number in range(51)], json.loads("[" * 400 + "]" * 400)),
    ],
    "visibility": ["secret", 1, None, [], {}, "PRIVATE"],
    "description": [1, [], {}, "x" * 10_001, "a\0"],
    "filename": [1, None, [], "", " ", "n" * 256, "a\0b"],
    **{name: ["x"] for name in ("id", "size", "owner_id", "checksum", "colour")},
}


@pytest.mark.parametrize(
    ("change", "named"),
    [({name: value}, name) for name, values in WRONG.items() for value in values],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_change_is_refused_by_name(
    client: httpx.Client, file_id: str, change: dict[str, Any], named: str
) -> None:
    before = client.get(f"/v1/media/files/{file_id}").json()
    assert_problem(
        client.patch(f"/v1/media/files/{file_id}", json=change), 400, "VALIDATION_FAILED", named
    )
    assert client.get(f"/v1/media/files/{file_id}").json() == before


@pytest.mark.parametrize("ids", [None, "file", 1, {}, [1], [None], [["a"]], ["x"] * 1001])
def test_wrong_ids_are_refused(client: httpx.Client, ids: object) -> None:
    answer = client.post("/v1/media/files/bulk-delete", json={"file_ids": ids})
    assert_problem(answer, 400, "VALIDATION_FAILED", "file")


def test_ids_that_name_nothing_delete_nothing(client: httpx.Client, file_id: str) -> None:
    names = ["", "a\0b", "../../etc/passwd", "x" * 10_000, "🎬", MISSING]
    answer = client.post("/v1/media/files/bulk-delete", json={"file_ids": names})
    assert answer.json()["data"]["deleted_count"] == 0
    assert client.get(f"/v1/media/files/{file_id}").is_success


def test_a_body_over_1_mb_is_refused(client: httpx.Client, file_id: str) -> None:
    answer = client.patch(f"/v1/media/files/{file_id}", json={"description": "x" * 1024 * 1024})
    assert_problem(answer, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_called_json_is_refused(
    client: httpx.Client, file_id: str, kind: str
) -> None:
    answer = client.patch(
        f"/v1/media/files/{file_id}", content=b"{}", headers={"content-type": kind}
    )
    assert_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_json_body_is_refused(client: httpx.Client, file_id: str) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = client.patch(f"/v1/media/files/{file_id}", content=b"{}", headers=headers)
    assert_problem(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


# Addresses and query strings


@pytest.mark.parametrize(
    ("query", "named"),
    [
        *[(f"sort={value}", "sort") for value in ("", "colour", "--size", "+size", "SIZE", "id")],
        *[(f"limit={value}", "limit") for value in ("0", "-1", "101", "ten", "1.5", "", "9" * 99)],
        *[(f"offset={value}", "offset") for value in ("-1", "x", "9" * 12, "9" * 5000, "%D9%A1")],
        *[("limit=1&limit=2", "limit"), ("colour=red", "colour"), ("visibility=x", "visibility")],
        *[("scope=x", "scope"), ("name=%00", "name"), ("tag=%00", "tag"), ("%00=1", "parameter")],
    ],
)
def test_a_query_that_is_not_understood_is_refused_by_name(
    client: httpx.Client, query: str, named: str
) -> None:
    assert_problem(client.get(f"/v1/media/files?{query}"), 400, "VALIDATION_FAILED", named)


@pytest.mark.parametrize("query", ["name=%25_!", "type=%FF", "tag=%F0%9F%8E%AC", "name=", "type="])
def test_an_odd_query_that_means_something_finds_nothing(client: httpx.Client, query: str) -> None:
    assert client.get(f"/v1/media/files?{query}").json()["meta"]["total"] == 0


@pytest.mark.parametrize("address", ["/nothing", "/v1/media", "/v1/media/files/a/b/c", "/%00"])
def test_an_unknown_address_is_a_problem_too(client: httpx.Client, address: str) -> None:
    assert_problem(client.get(address), 404, "NOT_FOUND")


@pytest.mark.parametrize("name", ["file_", "x", "%00", "..%2f..%2fetc", "a" * 5000, "%F0%9F%8E%AC"])
@pytest.mark.parametrize("rest", ["", "/download", "/stream"])
def test_an_id_that_is_none_is_not_found(client: httpx.Client, name: str, rest: str) -> None:
    assert client.get(f"/v1/media/files/{name}{rest}").status_code == 404


@pytest.mark.parametrize(("address", "answered"), ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_that_an_address_lacks_gets_the_ones_it_has(
    client: httpx.Client, address: str, answered: set[str], method: str
) -> None:
    answer = client.request(method, address.format(id=MISSING))
    assert (answer.status_code == 405) == (method not in answered)
    if method not in answered:
        assert set(answer.headers["allow"].split(", ")) == answered
        if method != "HEAD":
            assert_problem(answer, 405, "METHOD_NOT_ALLOWED", method)


@pytest.mark.parametrize(
    "address",
    [
        *(path for path, methods in ADDRESSES if "HEAD" in methods),
        "/graphql?query=%7Bviewer%7Bid%7D%7D",
    ],
)
def test_head_answers_like_get_without_the_body(
    client: httpx.Client, file_id: str, address: str
) -> None:
    got, headed = (
        client.request(method, address.format(id=file_id), headers={"accept": "*/*"})
        for method in ("GET", "HEAD")
    )
    assert headed.status_code == got.status_code
    assert not headed.content
    kept = ("content-type", "content-length", "etag", "content-disposition", "location")
    assert [headed.headers.get(name) for name in kept] == [got.headers.get(name) for name in kept]


# Who is asking


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else orjson.dumps(value)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forged(token: str, *, secret: str = SECRET, header: object = None, **claims: object) -> str:
    """Return ``token`` with other claims, or another header, signed by ``secret``."""
    old_header, old_claims = (
        orjson.loads(base64.urlsafe_b64decode(piece + "==")) for piece in token.split(".")[:2]
    )
    changed = {name: value for name, value in (old_claims | claims).items() if value is not None}
    signed = f"{encoded(old_header if header is None else header)}.{encoded(changed)}"
    signature = hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)
    return f"{signed}.{encoded(signature)}"


def status_of(server: Server, authorization: str) -> int:
    answer = exchange(
        server, head("GET /v1/media/files", None, f"Authorization: {authorization}"), method="GET"
    )
    if answer.status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.code == "UNAUTHENTICATED"
    return answer.status


def test_a_token_signed_anew_is_valid_so_the_forgeries_below_fail_for_their_reason(
    server: Server, token: str
) -> None:
    assert status_of(server, f"Bearer {forged(token)}") == 200
    assert status_of(server, f"bearer   {token}") == 200
    assert status_of(server, f"Bearer {forged(token, exp=time.time() - 20)}") == 200  # leeway
    assert status_of(server, f"Bearer {forged(token, exp=time.time() - 40)}") == 401


_LONG_AGO, _FAR_OFF = 1_700_000_000, 4_000_000_000


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": _LONG_AGO},
        {"exp": None},
        {"exp": "soon"},
        {"exp": []},
        {"sub": None},
        {"sub": "file_00000000000000000000000000"},
        {"sub": "user_00000000000000000000000000"},
        {"sub": 1},
        {"sub": ["x"]},
        {"iss": None},
        {"iss": "somebody else"},
        {"nbf": _FAR_OFF},
        {"secret": "another secret, just as long as the right one"},
        {"header": {"alg": "none"}},
        {"header": {"alg": "HS512"}},
        {"header": {"alg": "HS256", "kid": "another"}},
        {"header": {"alg": "HS256", "kid": 1}},
        {"header": {"alg": "HS256", "crit": ["unheard-of"], "unheard-of": 1}},
        {"header": []},
        {"header": b"{"},
        {"header": {"alg": {"a": 1}}},
    ],
    ids=str,
)
def test_a_forged_or_expired_token_is_refused(
    server: Server, token: str, claims: dict[str, Any]
) -> None:
    assert status_of(server, f"Bearer {forged(token, **claims)}") == 401


@pytest.mark.parametrize(
    "authorization",
    [
        *(
            "",
            "Bearer",
            "Bearer ",
            "Basic dXNlcjpwYXNz",
            "x",
            "Bearer x",
            "Bearer a.b.c",
            "Bearer ...",
        ),
        *(
            "Bearer eyJhbGciOiJub25lIn0.e30.",
            "Bearer \xff\xfe",
            "Bearer a b",
            "Bearer " + "[" * 4000,
        ),
        *("Bearer " + "a" * 60_000, "Bearer " + "." * 4000, "Bearer " + "a.b.c.d.e"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_token_is_refused(server: Server, authorization: str) -> None:
    assert status_of(server, authorization) == 401


def test_a_token_of_1_mb_is_refused(server: Server) -> None:
    assert status_of(server, "Bearer " + "a" * 1024 * 1024) in {400, 401, 431}


def test_an_altered_token_is_refused(server: Server, token: str) -> None:
    header, claims, signature = token.split(".")
    other = "B" if signature[0] == "A" else "A"
    assert status_of(server, f"Bearer {header}.{claims}.{other}{signature[1:]}") == 401
    assert status_of(server, f"Bearer {header}.{claims}.") == 401
    assert status_of(server, f"Bearer {header}.{encoded(b'{}')}.{signature}") == 401


# Other origins


def test_a_script_of_another_origin_may_ask_and_read(client: httpx.Client, file_id: str) -> None:
    origin = {"origin": "https://app.example"}
    for method in ("GET", "POST", "PATCH", "DELETE"):
        preflight = client.options(
            f"/v1/media/files/{file_id}",
            headers=origin
            | {
                "access-control-request-method": method,
                "access-control-request-headers": "authorization, content-type, range, if-range",
            },
        )
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert method in preflight.headers["access-control-allow-methods"]
        assert "authorization" in preflight.headers["access-control-allow-headers"]
    for path in ("", "/download", "/stream"):
        answer = client.get(f"/v1/media/files/{file_id}{path}", headers=origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
        assert {"content-range", "etag", "content-disposition", "accept-ranges"} <= set(exposed)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_script_of_another_origin_may_read_errors_too(client: httpx.Client, method: str) -> None:
    answer = client.request(
        method, f"/v1/media/files/{MISSING}", headers={"origin": "https://app.example"}
    )
    assert answer.headers["access-control-allow-origin"] == "*"
