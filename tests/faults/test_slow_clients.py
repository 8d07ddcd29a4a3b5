"""Clients that dawdle on purpose: a few bytes at a time, to keep connections for ever."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Event

import pytest

from tests.acceptance.serving import Server, eventually
from tests.acceptance.wire import part, upload_head
from tests.faults.aftermath import MIB, Holdings, Ledger, assert_returns_to, noise

DAWDLERS = 200


def head(_: str) -> tuple[bytes, bytes]:
    """Return a head that never ends: its beginning, and what comes for ever after."""
    return b"GET /healthz HTTP/1.1\r\nHost: media.example\r\n", b"X-More: and more\r\n"


def body(token: str) -> tuple[bytes, bytes]:
    """Return a body that never ends."""
    begun = upload_head(token, "Content-Length: 10000000") + part("file", "a.bin", b"")[:-2]
    return begun, b"x"


@pytest.fixture
def crawl() -> Iterator[Callable[[list[socket.socket], bytes], set[socket.socket]]]:
    """Send a little on every connection, again and again; tell which of them are closed."""
    leave = Event()
    with ThreadPoolExecutor(1) as pool:

        def begin(connections: list[socket.socket], more: bytes) -> set[socket.socket]:
            closed: set[socket.socket] = set()

            def dawdle() -> None:
                while not leave.is_set():
                    for connection in set(connections) - closed:
                        if not _goes_on(connection, more):
                            closed.add(connection)
                    time.sleep(0.2)

            pool.submit(dawdle)
            return closed

        yield begin
        leave.set()


def _goes_on(connection: socket.socket, more: bytes) -> bool:
    with suppress(BlockingIOError):
        try:
            connection.send(more)
            while connection.recv(65536):
                pass
        except BlockingIOError:
            raise
        except OSError:
            return False
        return False  # the server has closed
    return True


@pytest.mark.parametrize("request_", [head, body])
def test_dawdlers_are_dropped_and_others_are_served_meanwhile(
    reached: Callable[..., Server],
    crawl: Callable[[list[socket.socket], bytes], set[socket.socket]],
    request_: Callable[[str], tuple[bytes, bytes]],
) -> None:
    server = reached(idle_timeout_seconds=3)
    ledger = Ledger(server.guest())
    before = Holdings.of(server)
    begun, more = request_(ledger.token)
    with ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(DAWDLERS)]
        for connection in connections:
            connection.setblocking(False)
            connection.send(begun)
        closed = crawl(connections, more)
        with server.client(ledger.token) as client:
            for _ in range(20):
                assert ledger.upload(client, noise(10_000)).is_success
                assert client.get("/v1/media/files").is_success
            eventually(lambda: len(closed) == DAWDLERS, "every dawdler is dropped")
    eventually(server.is_settled, "everything is cleared up")
    ledger.assert_kept(server)
    server.assert_library_is_sound()
    assert_returns_to(server, before, slack=64 * MIB)
    assert server.stop() == 0
