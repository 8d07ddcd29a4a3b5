"""An S3 server that is killed, or hangs, under a server's clients, and comes back."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from tests.acceptance.serving import Server
from tests.faults.aftermath import MIB, Holdings, Ledger, assert_returns_to, noise
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
from tests.swift import Bucket, CrashingCluster, crashing_cluster, new_bucket

HANGING_SECONDS = 4
GIVES_UP_SECONDS = 40
"""A server tries a store again for a while before it calls it away."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[CrashingCluster]:
    with crashing_cluster() as running:
        yield running


@pytest.fixture
def place(cluster: CrashingCluster, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    made = new_bucket(cluster.endpoint)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


class Outage:
    """A server with two crowds: one that needs bytes, and one that does not."""

    def __init__(self, server: Server, started: ExitStack) -> None:
        ledger = Ledger(server.guest())
        with server.client(ledger.token) as client:
            for _ in range(10):
                ledger.upload(client, noise(MIB))
        doings = (lists, queries, signs_in)
        self.server = server
        self.others = started.enter_context(Crowd(server, ledger=ledger, doings=doings))
        self.crowd = started.enter_context(
            Crowd(server, ledger=ledger, doings=(uploads, downloads))
        )
        self._before = Holdings.of(server)

    def enters(self, phase: Phase) -> None:
        """Have both crowds note what begins from now on under ``phase``."""
        self.crowd.enters(phase)
        self.others.enters(phase)

    def ends(self) -> None:
        """Have both crowds work a little more, a while after the store is back."""
        time.sleep(GRACE_SECONDS)
        self.enters(Phase.AFTER)
        self.crowd.works()
        self.others.works()

    def assert_harmless(self, place: Bucket, database_url: str) -> None:
        """Fail unless nothing came of it but refusals, and nothing of it is left."""
        self.crowd.assert_harmless()
        self.others.assert_harmless()
        assert not self.others.refused  # what needs no bytes goes on
        self.crowd.assert_works_at_once(self.server)
        self.crowd.ledger.assert_refused_with("UNAVAILABLE")
        assert_returns_to(self.server, self._before, slack=64 * MIB)
        self.crowd.ledger.assert_kept(self.server)
        self.server.assert_library_is_sound(after_sweeping=True)
        assert objects_of(place) == rows_of(database_url)
        assert not place.unfinished()
        assert self.server.stop() == 0
        assert "Traceback" not in self.server.log


def objects_of(place: Bucket) -> set[str]:
    pages = place.client().get_paginator("list_objects_v2").paginate(Bucket=place.name)
    names = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    return {name.rpartition("/")[2] for name in names if "/objects/" in name}


def rows_of(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            "SELECT key FROM blob UNION SELECT key FROM derivative"
        ).fetchall()
    return {key for (key,) in rows if key}


@pytest.fixture
def server(start: Callable[..., Server], postgres_database: str, place: Bucket) -> Server:
    return start(database_url=postgres_database, storage_url=place.url, rate_limits="off")


def test_while_the_store_is_down_bytes_are_503_and_then_all_is_well(
    server: Server, cluster: CrashingCluster, place: Bucket, postgres_database: str
) -> None:
    with ExitStack() as started:
        outage = Outage(server, started)
        outage.enters(Phase.AWAY)
        cluster.crash()
        outage.crowd.is_answered(within=GIVES_UP_SECONDS)
        cluster.start()
        outage.ends()
    assert outage.crowd.refused[Phase.AWAY]
    outage.assert_harmless(place, postgres_database)


def test_while_the_store_hangs_the_rest_goes_on_and_then_all_is_well(
    server: Server, cluster: CrashingCluster, place: Bucket, postgres_database: str
) -> None:
    with ExitStack() as started:
        outage = Outage(server, started)
        outage.enters(Phase.AWAY)
        cluster.pause()
        for _ in range(HANGING_SECONDS):
            outage.others.is_answered()
            time.sleep(1)
        cluster.resume()
        outage.ends()
    outage.assert_harmless(place, postgres_database)
