"""Clients at work while something fails: what they were answered, and in which phase."""

import hashlib
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Self

import httpx

from tests.acceptance.gql import Gql
from tests.acceptance.serving import PATIENCE_SECONDS, Server, eventually
from tests.faults.aftermath import Ledger, all_at_once, noise

GRACE_SECONDS: Final = 2
"""So long after an engine is back nothing may fail any more."""

_CLIENTS: Final = 8
_PAUSE_SECONDS: Final = 0.02  # what is made is to be checked in the end
_PATIENT: Final = httpx.Timeout(90)
_LIST: Final = "{ files { totalCount edges { node { id } } } }"
_REFUSALS: Final = {HTTPStatus.SERVICE_UNAVAILABLE}

Doing = Callable[[httpx.Client, Ledger], httpx.Response]


class Phase(StrEnum):
    """When a request began."""

    BEFORE = "before"
    AWAY = "while an engine was away, or just back"
    AFTER = "after"


def uploads(client: httpx.Client, ledger: Ledger) -> httpx.Response:
    """Upload something small and new."""
    return ledger.upload(client, noise(1000))


def downloads(client: httpx.Client, ledger: Ledger) -> httpx.Response:
    """Download a file that was acknowledged, and hold it against what was sent."""
    if not ledger.kept:
        return uploads(client, ledger)
    file_id, checksum = random.choice(list(ledger.kept.items()))  # noqa: S311 - any of them
    answer = client.get(f"/v1/media/files/{file_id}/download")
    if answer.is_success:
        assert hashlib.sha256(answer.content).hexdigest() == checksum
    return answer


def lists(client: httpx.Client, _: Ledger) -> httpx.Response:
    """List by REST."""
    return client.get("/v1/media/files")


def queries(client: httpx.Client, _: Ledger) -> httpx.Response:
    """List by GraphQL."""
    return Gql(client).post(_LIST)


def signs_in(client: httpx.Client, _: Ledger) -> httpx.Response:
    """Make another guest."""
    return client.post("/llm/auth/guest-login")


class Crowd:
    """Clients that do all the time what clients do, at ``servers`` in turn; for a block."""

    def __init__(self, *servers: Server, ledger: Ledger, doings: tuple[Doing, ...]) -> None:
        self.ledger = ledger
        self.odd: list[str] = []
        self.refused: Counter[Phase] = Counter()
        self.done: Counter[Phase] = Counter()
        self.phase = Phase.BEFORE
        self._servers = servers
        self._doings = doings
        self._without: set[int] = set()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(_CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.works()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def enters(self, phase: Phase) -> None:
        """Note what begins from now on under ``phase``."""
        self.phase = phase

    def works(self) -> None:
        """Return when a few requests of this phase have been done."""
        enough = self.done[self.phase] + 4 * _CLIENTS
        eventually(lambda: self.done[self.phase] >= enough, "the crowd is at work")

    def is_answered(self, within: float = PATIENCE_SECONDS) -> None:
        """Return when each client has had an answer to a request that began from now on."""
        self._without, deadline = set(range(_CLIENTS)), time.monotonic() + within
        while self._without:
            assert time.monotonic() < deadline, "somebody waits in vain"
            time.sleep(0.01)

    def assert_harmless(self) -> None:
        """Fail if anything but a refusal in words was met, or any afterwards."""
        assert not self.odd, self.odd[:5]
        assert not self.refused[Phase.AFTER]

    def assert_works_at_once(self, server: Server, count: int = 60, threads: int = 20) -> None:
        """Fail if anything fails that ``threads`` clients do at the same time."""

        def do(number: int) -> None:
            with server.client(self.ledger.token) as client:
                answer = self._doings[number % len(self._doings)](client, self.ledger)
            assert not _refusal(answer), answer.text
            assert answer.is_success, answer.text

        all_at_once(do, count, threads)

    def _work(self, number: int) -> None:
        with self._servers[number % len(self._servers)].client(self.ledger.token) as client:
            client.timeout = _PATIENT
            while not self._over.is_set():
                for doing in self._doings:
                    time.sleep(_PAUSE_SECONDS)
                    phase, waited_for = self.phase, number in self._without
                    self._note(phase, doing, client)
                    if waited_for:
                        self._without.discard(number)

    def _note(self, phase: Phase, doing: Doing, client: httpx.Client) -> None:
        try:
            answer = doing(client, self.ledger)
        except (httpx.TransportError, AssertionError) as error:
            self.odd.append(f"{phase}: {doing.__name__}: {error!r}")
            return
        self.done[phase] += 1
        if _refusal(answer):
            self.refused[phase] += 1
        elif not answer.is_success:
            self.odd.append(f"{phase}: {answer.request.url}: {answer.status_code} {answer.text}")


def _refusal(answer: httpx.Response) -> bool:
    """Tell whether an answer says that an engine is away, as it is to be said."""
    if answer.status_code in _REFUSALS:
        return "retry-after" in answer.headers
    if answer.is_success and answer.headers["content-type"].startswith("application/json"):
        errors = answer.json().get("errors", [])
        return [error["extensions"]["code"] for error in errors] == ["UNAVAILABLE"]
    return False
