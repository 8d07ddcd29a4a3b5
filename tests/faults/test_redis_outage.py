"""A Redis that is killed under two servers, and comes back empty."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.serving import Server, eventually
from tests.faults.aftermath import MIB, Holdings, Ledger, assert_returns_to
from tests.faults.crowd import (
    GRACE_SECONDS,
    Crowd,
    Phase,
    downloads,
    lists,
    queries,
    signs_in,
    uploads,
)
from tests.ports import free_port
from tests.redis_server import redis_server
from tests.swift import Bucket

AWAY_SECONDS = 3
DOINGS = (uploads, downloads, lists, queries, signs_in)
ROOM = 1_000_000
NARROW = 5


@pytest.fixture
def pair(
    start: Callable[..., Server],
    tmp_path: Path,
    postgres_database: str,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[int], list[Server]]:
    """Start two servers that share everything, and count in the Redis of a port."""
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)

    def begin(redis_port: int) -> list[Server]:
        shared = {
            "database_url": postgres_database,
            "storage_url": bucket.url,
            "redis_url": f"redis://127.0.0.1:{redis_port}/0",
            **{f"rate_{name}": f"{ROOM}/day" for name in ("read", "upload", "download")},
            "rate_write": f"{NARROW}/day",
        }
        return [start(tmp_path / name, **shared) for name in ("one", "other")]

    return begin


def remaining(server: Server, token: str) -> int:
    """Return how many reads the account has left, which takes one."""
    with server.client(token) as client:
        told = client.get("/v1/media/files").headers["ratelimit"]
    return int(told.split("r=")[1].split(";")[0])


def allowed(servers: list[Server], token: str) -> int:
    """Try more changes than are allowed at the servers in turn; return how many were."""
    answers = []
    for number in range(4 * NARROW):
        with servers[number % 2].client(token) as client:
            answers.append(client.post("/v1/media/files/bulk-delete", json={"ids": ["file_0"]}))
    assert {answer.status_code for answer in answers} <= {200, 400, 429}
    return sum(answer.status_code != 429 for answer in answers)


def test_no_request_fails_for_redis_and_limits_hold_and_are_shared_again(
    pair: Callable[[int], list[Server]],
) -> None:
    port = free_port()
    with ExitStack() as running:
        redis = running.enter_context(redis_server(port))
        servers = pair(port)
        ledger = Ledger(servers[0].guest())
        with Crowd(*servers, ledger=ledger, doings=DOINGS) as crowd:
            before = [Holdings.of(server) for server in servers]
            crowd.enters(Phase.AWAY)
            redis.kill()
            crowd.is_answered()
            # Meanwhile each server counts by itself, and lets no more in than that.
            assert NARROW <= allowed(servers, servers[0].guest()) <= 2 * NARROW
            time.sleep(AWAY_SECONDS)
            running.enter_context(redis_server(port))
            time.sleep(GRACE_SECONDS)
            crowd.enters(Phase.AFTER)
            crowd.works()
        crowd.assert_harmless()
        assert not crowd.refused
        reader = servers[0].guest()
        eventually(
            lambda: remaining(servers[0], reader) > remaining(servers[1], reader) < ROOM - 2,
            "the servers count together",
        )
        assert allowed(servers, servers[0].guest()) == NARROW
        for server, held in zip(servers, before, strict=True):
            assert_returns_to(server, held, slack=64 * MIB)
        ledger.assert_kept(servers[1])
        servers[0].assert_library_is_sound(after_sweeping=True)
        for server in servers:
            assert server.stop() == 0
            assert "Traceback" not in server.log
