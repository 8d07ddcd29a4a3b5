"""Rate limits over the wire: told in every answer, held alike by both transports."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server
from tests.redis_server import RedisServer, redis

__all__ = ["redis"]

TOLD = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')
Start = Callable[..., Server]


def standing(answer: httpx.Response) -> dict[str, int]:
    """Return how many operations of each class remain."""
    return {kind: int(left) for kind, left, _ in TOLD.findall(answer.headers["ratelimit"])}


def assert_limited(answer: httpx.Response, told: dict[str, Any]) -> None:
    assert answer.status_code == 429
    wait = int(answer.headers["retry-after"])
    assert wait > 0
    assert told["code"] == "RATE_LIMITED"
    figures = {name.replace("_", "").lower(): value for name, value in told["figures"].items()}
    assert figures["retryafterseconds"] == wait
    told_by_header = {
        kind: (int(left), int(t)) for kind, left, t in TOLD.findall(answer.headers["ratelimit"])
    }
    left, seconds = told_by_header[figures["operation"]]
    assert left < figures["cost"]
    assert seconds == wait


def uploaded(client: httpx.Client, content: bytes = b"content") -> str:
    answer = client.post("/v1/media/upload", files={"file": ("a.txt", content)})
    file_id: str = answer.json()["data"]["id"]
    return file_id


def test_every_answer_tells_how_the_caller_stands(start: Start) -> None:
    server = start(rate_read="3/hour")
    with server.client(server.guest()) as client:
        first = client.get("/v1/media/files")
        assert first.headers["ratelimit-policy"] == '"read";q=3;w=3600'
        assert standing(first) == {"read": 2}
        assert standing(client.get("/v1/media/files/no-id")) == {"read": 1}
        assert standing(client.get("/nowhere")) == {"read": 0}
        refused = client.get("/v1/media/files")
        assert_limited(refused, refused.json())
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["cache-control"] == "no-store"
        # Other classes go on, and so does everybody else.
        assert uploaded(client)
    with server.client() as anonymous:
        assert anonymous.get("/v1/media/files").status_code == 401
        assert standing(anonymous.get("/v1/media/files")) == {"read": 1}
        for path in ("/healthz", "/readyz"):
            assert "ratelimit" not in anonymous.get(path).headers


def test_aliases_count_each_and_none_runs_if_not_all_may(start: Start) -> None:
    server = start(rate_write="5/hour")
    with server.client(server.guest()) as client:
        ids = [uploaded(client, b"%d" % number) for number in range(6)]

        def delete(*doomed: str) -> httpx.Response:
            fields = " ".join(f'd{n}: delete(id: "{one}")' for n, one in enumerate(doomed))
            return Gql(client).post(f"mutation {{ {fields} }}")

        refused = delete(*ids)
        assert_limited(refused, refused.json()["errors"][0]["extensions"])
        assert refused.json().get("data") is None
        assert standing(delete(*ids[:4])) == {"read": 1198, "write": 1}
        refused = delete(*ids[4:])
        assert_limited(refused, refused.json()["errors"][0]["extensions"])
        assert client.delete(f"/v1/media/files/{ids[4]}").status_code == 204
        # REST and GraphQL share the limit.
        refused = client.delete(f"/v1/media/files/{ids[5]}")
        assert_limited(refused, refused.json())
        assert client.get("/v1/media/files").json()["meta"]["total"] == 1


def test_queries_count_by_field_and_bad_documents_too(start: Start) -> None:
    server = start(rate_read="10/hour")
    with server.client(server.guest()) as client:
        gql = Gql(client)
        assert standing(gql.post("{ viewer { id } }")) == {"read": 9}
        assert standing(gql.post("{ a: viewer { id } b: viewer { id } }")) == {"read": 7}
        for left, bad in enumerate(["{ colour }", "{", ""]):
            assert standing(gql.post(bad)) == {"read": 6 - left}
        assert standing(client.get("/v1/media/files")) == {"read": 3}
        for _ in range(3):
            gql.post("{")
        refused = gql.post("{ viewer { id } }")
        assert_limited(refused, refused.json()["errors"][0]["extensions"])


def test_files_of_a_graphql_request_count_each(start: Start) -> None:
    server = start(rate_upload="4/hour")
    query = "mutation ($files: [Upload!]!) { uploadMany(files: $files) { id } }"

    def upload(client: httpx.Client, count: int) -> httpx.Response:
        operations = {"query": query, "variables": {"files": [None] * count}}
        mapping = {str(n): [f"variables.files.{n}"] for n in range(count)}
        parts = {str(n): (f"{n}.txt", b"%d" % n) for n in range(count)}
        return Gql(client).multipart(operations, mapping, parts)

    def one_part(client: httpx.Client, count: int) -> httpx.Response:
        operations = {"query": query, "variables": {"files": [None] * count}}
        mapping = {"0": [f"variables.files.{n}" for n in range(count)]}
        return Gql(client).multipart(operations, mapping, {"0": ("a.txt", b"x")})

    with server.client(server.guest()) as client:
        assert standing(upload(client, 3))["upload"] == 1
        refused = upload(client, 2)
        assert_limited(refused, refused.json()["errors"][0]["extensions"])
        refused = one_part(client, 2)
        assert_limited(refused, refused.json()["errors"][0]["extensions"])
        assert uploaded(client)
        refused = client.post("/v1/media/upload", files={"file": ("a.txt", b"x")})
        assert_limited(refused, refused.json())
        assert client.get("/v1/media/files").json()["meta"]["total"] == 4


def test_a_player_that_seeks_does_not_use_up_the_reads(start: Start) -> None:
    server = start(rate_read="5/hour")
    with server.client(server.guest()) as client:
        file_id = uploaded(client, bytes(10_000))
        for first in range(0, 10_000, 100):
            ranged = {"range": f"bytes={first}-{first + 99}"}
            answer = client.get(f"/v1/media/files/{file_id}/stream", headers=ranged)
            assert answer.status_code == 206
            assert standing(answer).keys() == {"download"}
        assert standing(client.get("/v1/media/files")) == {"read": 4}


def test_signing_in_is_limited_by_address(start: Start) -> None:
    server = start(rate_sign_in="2/hour", trusted_proxies="127.0.0.1")
    with server.client() as anonymous:

        def sign_in(address: str | None = None) -> int:
            headers = {"x-forwarded-for": address} if address else {}
            return anonymous.post("/llm/auth/guest-login", headers=headers).status_code

        assert [sign_in() for _ in range(3)] == [200, 200, 429]
        assert [sign_in("192.0.2.1") for _ in range(3)] == [200, 200, 429]
        # Only the last hop is the proxy's word; what stands before it is the client's own.
        assert sign_in("198.51.100.1, 192.0.2.1") == 429
        assert [sign_in(f"2001:db8::{n}") for n in range(3)] == [200, 200, 429]


def test_a_client_cannot_choose_its_address(start: Start) -> None:
    server = start(rate_sign_in="1/hour", trusted_proxies="192.0.2.200")
    with server.client() as anonymous:
        statuses = [
            anonymous.post("/llm/auth/guest-login", headers={"x-forwarded-for": f"192.0.2.{n}"})
            for n in range(2)
        ]
    assert [answer.status_code for answer in statuses] == [200, 429]


def test_a_token_that_is_not_valid_counts_by_address(start: Start) -> None:
    server = start(rate_read="2/hour")
    statuses = []
    for number in range(3):
        with server.client(f"guess-{number}") as guessing:
            statuses.append(guessing.get("/v1/media/files").status_code)
    assert statuses == [401, 401, 429]


def test_limits_can_be_switched_off(start: Start) -> None:
    server = start(rate_limits="off", rate_read="1/hour")
    with server.client(server.guest()) as client:
        for _ in range(3):
            answer = client.get("/v1/media/files")
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
            assert Gql(client).post("{ viewer { id } }").status_code == 200


@pytest.mark.parametrize("lost", [False, True])
def test_a_restarted_server_goes_on_counting_in_redis(
    start: Start,
    redis: RedisServer,
    lost: bool,  # noqa: FBT001 - a column of the table
) -> None:
    settings = {"rate_write": "2/hour", "redis_url": redis.url}
    first = start(**settings)
    token = first.guest()

    def write(server: Server) -> int:
        with server.client(token) as client:
            return client.delete("/v1/media/files/none").status_code

    assert [write(first), write(first), write(first)] == [404, 404, 429]
    assert first.stop() == 0
    if lost:
        redis.kill()
    second = start(**settings)
    assert write(second) == (404 if lost else 429)
    assert ("Redis does not answer" in second.log) == lost
    assert second.stop() == 0
