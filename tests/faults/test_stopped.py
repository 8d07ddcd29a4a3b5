"""Servers and workers that are told to end while many wait for them."""

import hashlib
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.acceptance.samples import writing
from tests.acceptance.serving import Server, eventually
from tests.acceptance.test_job_workers import Fleet, upload
from tests.acceptance.wire import END, part, read_answer, upload_head
from tests.faults.aftermath import MIB, Ledger, noise
from tests.postgres import CrashingServer, crashing_server
from tests.swift import Bucket, CrashingCluster

UPLOADS = 12
DOWNLOADS = 6
LARGE = noise(48 * MIB)  # more than all buffers on the way
DIGEST = hashlib.sha256(LARGE).hexdigest()
PAGES = 6


def refuses_connections(server: Server) -> bool:
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def finish_upload(server: Server, ledger: Ledger, begun: threading.Barrier) -> None:
    """Upload half of a file, and the rest when everybody has come as far."""
    content = noise(2 * MIB)
    body = part("file", "a.bin", content) + END
    with server.connect() as connection:
        connection.sendall(upload_head(ledger.token, f"Content-Length: {len(body)}"))
        connection.sendall(body[:MIB])
        begun.wait()
        begun.wait()
        connection.sendall(body[MIB:])
        answer = read_answer(connection)
    ledger.note(httpx.Response(answer.status, content=answer.body), content)


def finish_download(server: Server, ledger: Ledger, begun: threading.Barrier, file_id: str) -> None:
    """Read the beginning of a file, and the rest when everybody has come as far."""
    path = f"/v1/media/files/{file_id}/download"
    with server.client(ledger.token) as client, client.stream("GET", path) as answer:
        chunks = answer.iter_bytes(64 * 1024)
        digest = hashlib.sha256(next(chunks))
        begun.wait()
        begun.wait()
        for chunk in chunks:
            digest.update(chunk)
    assert digest.hexdigest() == DIGEST


def test_a_server_that_is_told_to_end_finishes_what_many_have_begun(
    start: Callable[..., Server],
) -> None:
    server = start(drain_seconds=20)
    ledger = Ledger(server.guest())
    with server.client(ledger.token) as client:
        file_id = ledger.upload(client, LARGE).json()["data"]["id"]
    begun = threading.Barrier(UPLOADS + DOWNLOADS + 1, timeout=20)
    with ThreadPoolExecutor(UPLOADS + DOWNLOADS) as pool, closing(idle(server)):
        work = [pool.submit(finish_upload, server, ledger, begun) for _ in range(UPLOADS)]
        work += [
            pool.submit(finish_download, server, ledger, begun, file_id) for _ in range(DOWNLOADS)
        ]
        begun.wait()
        eventually(lambda: len(server.traces()["upload"]) == UPLOADS, "all uploads have begun")
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(server), "no new connection is taken")
        begun.wait()
        for one in work:
            one.result()
    assert server.process.wait(20) == 0
    assert not ledger.refused
    assert len(ledger.kept) == UPLOADS + 1
    assert "Traceback" not in server.log
    survivor = start()
    ledger.assert_kept(survivor)
    survivor.assert_library_is_sound()
    assert survivor.stop() == 0


def idle(server: Server) -> socket.socket:
    """Return a connection that asks for nothing, which must not keep the server."""
    return server.connect()


@pytest.fixture
def postgres() -> Iterator[CrashingServer]:
    with crashing_server() as running:
        yield running


@pytest.fixture
def fleet(tmp_path: Path, postgres_database: str) -> Iterator[Fleet]:
    with ExitStack() as started:
        yield Fleet(tmp_path, postgres_database, started)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_every_job_of_a_worker_that_ends_is_done_and_kept_once(
    fleet: Fleet, number: signal.Signals
) -> None:
    server = fleet.server()
    doomed = fleet.worker()
    with server.client(server.guest()) as client, ThreadPoolExecutor(2 * PAGES) as pool:
        client.timeout = httpx.Timeout(90)
        paths = [
            upload(client, writing(f"This is page number {page} of it."), f"{page}.png")
            for page in range(PAGES)
        ]
        asked = [pool.submit(client.post, f"{path}/extract-text") for path in paths * 2]
        claimed = "SELECT 1 FROM derivative WHERE state = 'pending' AND kind = 'text'"
        eventually(lambda: fleet.rows(claimed), "a worker takes one up")
        status = end(doomed, number)
        fleet.worker()
        texts = [text_of(answer) for answer in asked]
    assert texts == [f"This is page number {page} of it." for page in range(PAGES)] * 2
    kept = "SELECT state, COUNT(*) FROM derivative WHERE kind = 'text' GROUP BY state"
    assert fleet.rows(kept) == [("ready", PAGES)]
    left = "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'derive'"
    eventually(lambda: not fleet.rows(left), "no job is left")
    assert status == (0 if number is signal.SIGTERM else -number)
    server.assert_library_is_sound(after_sweeping=True)


def end(worker: subprocess.Popen[bytes], number: signal.Signals) -> int:
    worker.send_signal(number)
    return worker.wait(40)


def text_of(answer: "Future[httpx.Response]") -> str:
    told = answer.result()
    assert told.is_success, told.text
    text: str = told.json()["data"]["text"].strip()
    return text


DRAIN_SECONDS = 2
GONE_SECONDS = DRAIN_SECONDS + 2 + 2
"""What is promised, and what a machine with much else to do may take to notice."""

WAITING = 8


def test_a_server_is_gone_soon_after_its_drain_while_the_database_hangs(
    start: Callable[..., Server], postgres: CrashingServer
) -> None:
    server = start(database_url=postgres.url, drain_seconds=DRAIN_SECONDS)
    with waiting_clients(server, postgres.pause):
        server.process.send_signal(signal.SIGTERM)
        try:
            assert server.process.wait(GONE_SECONDS) == 0
        finally:
            postgres.resume()


def test_a_server_is_gone_soon_after_its_drain_while_the_store_hangs(
    start: Callable[..., Server], cluster: CrashingCluster, place: Bucket
) -> None:
    server = start(storage_url=place.url, drain_seconds=DRAIN_SECONDS, sweep_interval_seconds=1)
    with waiting_clients(server, cluster.pause):
        server.process.send_signal(signal.SIGTERM)
        try:
            assert server.process.wait(GONE_SECONDS) == 0
        finally:
            cluster.resume()


def test_a_worker_is_gone_soon_after_its_drain_while_the_database_hangs(
    tmp_path: Path, postgres: CrashingServer
) -> None:
    with ExitStack() as started:
        fleet = Fleet(tmp_path, postgres.url, started)
        fleet.server(drain_seconds=DRAIN_SECONDS)
        worker = fleet.worker()
        registered = "SELECT 1 FROM procrastinate_workers"
        eventually(lambda: fleet.rows(registered), "the worker has started")
        postgres.pause()
        worker.send_signal(signal.SIGTERM)
        try:
            assert worker.wait(GONE_SECONDS) == 0
        finally:
            postgres.resume()


@contextmanager
def waiting_clients(server: Server, hang: Callable[[], None]) -> Iterator[None]:
    """Have clients wait for the server after ``hang``, until the block ends it."""
    ledger = Ledger(server.guest())
    arrived = threading.Barrier(WAITING + 1, timeout=20)

    def ask(number: int) -> None:
        body = part("file", "a.bin", noise(1000)) + END
        with server.connect() as connection, suppress(OSError):
            connection.sendall(upload_head(ledger.token, f"Content-Length: {len(body)}"))
            connection.sendall(body if number % 2 else body[:500])
            arrived.wait()
            connection.recv(1)

    with server.client(ledger.token) as client:
        assert ledger.upload(client, noise(1000)).is_success
    hang()
    with ThreadPoolExecutor(WAITING) as pool:
        for number in range(WAITING):
            pool.submit(ask, number)
        arrived.wait()
        yield
