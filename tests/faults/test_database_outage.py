"""A PostgreSQL server that goes down or hangs under its clients, and comes back."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.acceptance.samples import image
from tests.acceptance.serving import Server, eventually
from tests.acceptance.test_job_workers import Fleet, upload
from tests.faults.aftermath import MIB, Holdings, Ledger, all_at_once, assert_returns_to
from tests.faults.crowd import GRACE_SECONDS, Crowd, Phase, lists, queries, signs_in, uploads
from tests.postgres import CrashingServer, crashing_server

DOWN_SECONDS = 3
CLIENTS = 8
HASTY = "?connect_timeout=1&pool_timeout=1&statement_timeout=1"


@pytest.fixture
def postgres() -> Iterator[CrashingServer]:
    with crashing_server() as running:
        yield running


def crowd_at(server: Server) -> Crowd:
    return Crowd(server, ledger=Ledger(server.guest()), doings=(uploads, lists, queries, signs_in))


def test_while_the_database_is_down_answers_are_503_and_then_all_is_well(
    start: Callable[..., Server], postgres: CrashingServer
) -> None:
    server = start(database_url=postgres.url, rate_limits="off")
    with crowd_at(server) as crowd:
        crowd.enters(Phase.AWAY)
        postgres.crash()
        time.sleep(DOWN_SECONDS)
        postgres.start()
        time.sleep(GRACE_SECONDS)
        crowd.enters(Phase.AFTER)
        crowd.works()
    assert crowd.refused
    assert_all_is_well(server, crowd)


def test_while_the_database_hangs_answers_are_503_and_then_all_is_well(
    start: Callable[..., Server], postgres: CrashingServer
) -> None:
    server = start(database_url=postgres.url + HASTY, rate_limits="off")
    with crowd_at(server) as crowd:
        before = Holdings.of(server)
        crowd.enters(Phase.AWAY)
        postgres.pause()
        for _ in range(2):  # the first to hang, and those who come when all connections do
            crowd.is_answered()
        postgres.resume()
        time.sleep(GRACE_SECONDS)
        crowd.enters(Phase.AFTER)
        crowd.works()
    assert crowd.refused[Phase.AWAY] >= 2 * CLIENTS
    assert_returns_to(server, before, slack=64 * MIB)
    assert_all_is_well(server, crowd)


def assert_all_is_well(server: Server, crowd: Crowd) -> None:
    """Hold that nothing but refusals came of it, and that nothing of it is left."""
    crowd.assert_harmless()
    crowd.assert_works_at_once(server)  # more at once than the pool has connections
    crowd.ledger.assert_refused_with("UNAVAILABLE")
    crowd.ledger.assert_kept(server)
    server.assert_library_is_sound(after_sweeping=True)
    assert_looks_at_new_files(server, crowd.ledger.token)
    assert server.stop() == 0
    assert "Traceback" not in server.log
    assert "Task exception was never retrieved" not in server.log


def assert_looks_at_new_files(server: Server, token: str) -> None:
    """Hold that what works in the background has outlived the outage."""
    with server.client(token) as client:
        made = client.post("/v1/media/upload", files={"file": ("a.png", image("PNG"))}).json()
        path = f"/v1/media/files/{made['data']['id']}"
        eventually(lambda: "width" in client.get(path).json()["data"], "the file was looked at")


@pytest.mark.parametrize(("leave", "return_"), [("crash", "start"), ("pause", "resume")])
def test_the_queue_and_its_workers_outlive_the_outage(
    tmp_path: Path, postgres: CrashingServer, leave: str, return_: str
) -> None:
    with ExitStack() as started:
        fleet = Fleet(tmp_path, postgres.url, started)
        server, worker = fleet.server(), fleet.worker()
        token = server.guest()
        with server.client(token) as client:
            paths = [upload(client, image("PNG", (100 + n, 90)), "a.png") for n in range(6)]
        ask_for_previews(server, token, paths, "small")
        getattr(postgres, leave)()
        time.sleep(DOWN_SECONDS)
        getattr(postgres, return_)()
        time.sleep(GRACE_SECONDS)
        ask_for_previews(server, token, paths, "large")
        assert worker.poll() is None


def ask_for_previews(server: Server, token: str, paths: list[str], size: str) -> None:
    def ask(number: int) -> None:
        with server.client(token) as client:
            made = client.post(f"{paths[number]}/preview", json={"size": size})
        assert made.status_code == HTTPStatus.OK, made.text

    all_at_once(ask, len(paths), len(paths))
