"""A PostgreSQL server that goes down under its clients, and comes back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.samples import image
from tests.acceptance.serving import Server, eventually
from tests.acceptance.test_job_workers import Fleet, upload
from tests.faults.aftermath import Ledger, all_at_once, noise
from tests.postgres import CrashingServer, crashing_server

DOWN_SECONDS = 3
GRACE_SECONDS = 2
CLIENTS = 8
LIST = "{ files { totalCount edges { node { id } } } }"


@pytest.fixture
def postgres() -> Iterator[CrashingServer]:
    with crashing_server() as running:
        yield running


class Crowd:
    """Clients that do all the time what clients do, and note every answer."""

    def __init__(self, server: Server) -> None:
        self.ledger = Ledger(server.guest())
        self.odd: list[str] = []
        self.refusals = 0
        self._server = server
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def once(self, client: httpx.Client) -> list[httpx.Response]:
        """Do one of everything."""
        return [
            self.ledger.upload(client, noise(1000)),
            client.get("/v1/media/files"),
            Gql(client).post(LIST),
            client.post("/llm/auth/guest-login"),
        ]

    def _work(self, _number: int) -> None:
        with self._server.client(self.ledger.token) as client:
            while not self._over.is_set():
                for answer in self.once(client):
                    self._note(answer)

    def _note(self, answer: httpx.Response) -> None:
        if "errors" in answer.json():
            if [e["extensions"]["code"] for e in answer.json()["errors"]] != ["UNAVAILABLE"]:
                self.odd.append(answer.text)
        elif (
            answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in answer.headers
        ):
            self.refusals += 1
        elif not answer.is_success:
            self.odd.append(f"{answer.request.url}: {answer.status_code} {answer.text}")


def test_while_the_database_is_down_answers_are_503_and_then_all_is_well(
    start: Callable[..., Server], postgres: CrashingServer
) -> None:
    server = start(database_url=postgres.url, rate_limits="off")
    with Crowd(server) as crowd:
        time.sleep(1)
        postgres.crash()
        time.sleep(DOWN_SECONDS)
        postgres.start()
        time.sleep(GRACE_SECONDS)
    assert crowd.refusals
    assert not crowd.odd

    def afterwards(_: int) -> None:
        with server.client(crowd.ledger.token) as client:
            answers = crowd.once(client)
        assert [answer.status_code for answer in answers] == [200] * 4
        assert "errors" not in answers[2].json()

    all_at_once(afterwards, 60, 20)  # more than the pool has connections
    crowd.ledger.assert_refused_with("UNAVAILABLE")
    crowd.ledger.assert_kept(server)
    server.assert_library_is_sound(after_sweeping=True)
    assert_looks_at_new_files(server, crowd.ledger.token)
    assert server.stop() == 0
    assert "Exception in ASGI application" not in server.log
    assert "Task exception was never retrieved" not in server.log


def assert_looks_at_new_files(server: Server, token: str) -> None:
    """Hold that what works in the background has outlived the outage."""
    with server.client(token) as client:
        made = client.post("/v1/media/upload", files={"file": ("a.png", image("PNG"))}).json()
        path = f"/v1/media/files/{made['data']['id']}"
        eventually(lambda: "width" in client.get(path).json()["data"], "the file was looked at")


def test_the_queue_and_its_workers_outlive_the_outage(
    tmp_path: Path, postgres: CrashingServer
) -> None:
    with ExitStack() as started:
        fleet = Fleet(tmp_path, postgres.url, started)
        server, worker = fleet.server(), fleet.worker()
        token = server.guest()
        with server.client(token) as client:
            paths = [upload(client, image("PNG", (100 + n, 90)), "a.png") for n in range(6)]
        ask_for_previews(server, token, paths, "small")
        postgres.crash()
        time.sleep(DOWN_SECONDS)
        postgres.start()
        time.sleep(GRACE_SECONDS)
        ask_for_previews(server, token, paths, "large")
        assert worker.poll() is None


def ask_for_previews(server: Server, token: str, paths: list[str], size: str) -> None:
    def ask(number: int) -> None:
        with server.client(token) as client:
            made = client.post(f"{paths[number]}/preview", json={"size": size})
        assert made.status_code == HTTPStatus.OK, made.text

    all_at_once(ask, len(paths), len(paths))
