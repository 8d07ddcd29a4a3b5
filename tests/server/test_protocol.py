"""Requests with bodies over real connections: what a client sends is what the application gets."""

import asyncio
import hashlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from queue import Queue
from typing import IO, Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from server.heads import HttpProtocol

PATIENCE_SECONDS = 20  # how long a test waits before it fails
MIB = 1024 * 1024
PIECE = 16
KERNEL_BUFFERS = 16 * MIB  # more than two sockets hold on their way over loopback


class Application:
    """Answers what it was asked and sent, and tells the test what it sees meanwhile."""

    def __init__(self) -> None:
        self.started: Queue[str] = Queue()
        self.deserted: Queue[int] = Queue()
        self.gate = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.started.put(path)
        if path.startswith("/held"):
            while not self.gate.is_set():
                await asyncio.sleep(0.001)
        text = path if path.endswith("unread") else await self._read(path, receive)
        if path == "/headers":
            text = b" ".join(b"%b=%b" % header for header in scope["headers"]).decode()
        headers = [(b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    async def _read(self, path: str, receive: Receive) -> str:
        pieces: list[bytes] = []
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.deserted.put(len(b"".join(pieces)))
                return path
            pieces.append(message["body"])
            more = message["more_body"]
        assert all(type(piece) is bytes for piece in pieces)  # what ASGI asks for
        return told(path, b"".join(pieces))


class Serving:
    """A running server, and the application in it."""

    def __init__(self, application: Application, address: tuple[str, int]) -> None:
        self.application = application
        self._address = address

    @contextmanager
    def connected(self) -> Iterator["Client"]:
        with socket.create_connection(self._address, timeout=PATIENCE_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection.makefile("rb") as answers:
                yield Client(connection, answers)


class Client:
    """One connection."""

    def __init__(self, connection: socket.socket, answers: IO[bytes]) -> None:
        self.socket = connection
        self._answers = answers

    def send(self, *pieces: bytes) -> None:
        """Send each piece so that the server mostly gets it by itself."""
        for piece in pieces:
            self.socket.sendall(piece)
            if piece is not pieces[-1]:
                time.sleep(0.0005)

    def line(self) -> bytes:
        return self._answers.readline()

    def answer(self) -> tuple[int, str]:
        """Return the status and the text of the next answer."""
        status = int(self.line().split()[1])
        length = 0
        while (line := self.line().strip()) != b"":
            name, _, value = line.lower().partition(b": ")
            length = int(value) if name == b"content-length" else length
        return status, self._answers.read(length).decode()

    def ended(self) -> bool:
        return self._answers.read() == b""


@contextmanager
def running(protocol: type[asyncio.Protocol], **options: Any) -> Iterator[Serving]:
    application = Application()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            application, http=protocol, ws="none", log_config=None, lifespan="off", **options
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield Serving(application, listening.getsockname())
        application.gate.set()
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def serving(request: pytest.FixtureRequest) -> Iterator[Serving]:
    with running(HttpProtocol, loop=request.param) as started:
        yield started


@pytest.fixture
def held() -> Iterator[Serving]:
    """A server whose gate is the test's own."""
    with running(HttpProtocol, loop="uvloop") as started:
        yield started


def told(path: str, body: bytes) -> str:
    return f"{path} {len(body)} {hashlib.sha256(body).hexdigest()}"


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: media", *lines, "", ""]).encode()


def sized(path: str, body: bytes) -> bytes:
    return head(path, f"Content-Length: {len(body)}") + body


def chunked(path: str, body: bytes) -> bytes:
    start = head(path, "Transfer-Encoding: chunked")
    return start + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"


def some(size: int) -> bytes:
    """Return bytes that a parser would take for requests if it read them as such."""
    return (b"GET /smuggled HTTP/1.1\r\nHost: media\r\n\r\n" * (size // 20 + 1))[:size]


def test_pipelined_requests_may_be_split_anywhere(serving: Serving) -> None:
    bodies = [some(3 * PIECE + 5), some(PIECE - 1), some(PIECE)]
    sent = b"".join(sized(f"/{number}", body) for number, body in enumerate(bodies))
    for position in range(1, len(sent)):
        with serving.connected() as client:
            client.send(sent[:position], sent[position:])
            for number, body in enumerate(bodies):
                assert client.answer() == (200, told(f"/{number}", body))


@given(
    bodies=st.lists(
        st.tuples(st.sampled_from([sized, chunked]), st.integers(0, 5 * PIECE)),
        min_size=1,
        max_size=5,
    ),
    cuts=st.sets(st.integers(1, 600), max_size=12),
)
@settings(deadline=None)
def test_any_requests_in_any_pieces_get_the_bodies_that_were_sent(
    serving: Serving, bodies: list[tuple[Any, int]], cuts: set[int]
) -> None:
    sent = b"".join(framed("/any", some(size)) for framed, size in bodies)
    places = [0, *sorted(cut for cut in cuts if cut < len(sent)), len(sent)]
    with serving.connected() as client:
        client.send(*(sent[a:b] for a, b in pairwise(places)))
        for _, size in bodies:
            assert client.answer() == (200, told("/any", some(size)))


def test_a_connection_serves_one_upload_after_the_other(serving: Serving) -> None:
    with serving.connected() as client:
        for size in (5 * MIB + 1, 10, MIB, 0, MIB - 1, 3 * MIB):
            body = some(size)
            client.send(head("/upload", f"Content-Length: {size}"), body)
            assert client.answer() == (200, told("/upload", body))


@pytest.mark.parametrize("sent", [0, PIECE - 1, 10 * PIECE, 999])
def test_a_body_that_ends_too_early_is_a_lost_client(serving: Serving, sent: int) -> None:
    with serving.connected() as client:
        client.send(head("/upload", "Content-Length: 1000"), some(sent))
    assert serving.application.deserted.get(timeout=PATIENCE_SECONDS) <= sent


def test_what_follows_the_declared_length_is_the_next_request(serving: Serving) -> None:
    body = some(3 * PIECE)
    with serving.connected() as client:
        client.send(sized("/upload", body), b"and some more\r\n\r\n")
        assert client.answer() == (200, told("/upload", body))
        assert client.answer()[0] == 400
        assert client.ended()


def test_nothing_follows_a_request_that_closes(serving: Serving) -> None:
    body = some(3 * PIECE)
    with serving.connected() as client:
        request = head("/upload", "Connection: close", f"Content-Length: {len(body)}") + body
        client.send(request[:-20], request[-20:])
        assert client.answer() == (200, told("/upload", body))
        assert client.ended()


def test_the_rest_of_a_body_that_nobody_reads_is_passed_over(serving: Serving) -> None:
    body = some(20 * PIECE)
    with serving.connected() as client:
        client.send(head("/unread", f"Content-Length: {len(body)}"), body[:100])
        assert client.answer() == (200, "/unread")
        client.send(body[100:200], body[200:] + sized("/next", body))
        assert client.answer() == (200, told("/next", body))


def test_a_body_that_came_before_an_answer_without_reading_is_passed_over(held: Serving) -> None:
    body = some(20 * PIECE)
    with held.connected() as client:
        client.send(head("/held-unread", f"Content-Length: {len(body)}"), body[:100], body[100:])
        held.application.gate.set()
        assert client.answer() == (200, "/held-unread")
        client.send(sized("/next", body))
        assert client.answer() == (200, told("/next", body))


@pytest.mark.parametrize("path", ["/held", "/held-unread"])
def test_a_large_body_waits_behind_a_slow_request(held: Serving, path: str) -> None:
    first, second = some(4 * PIECE), some(50 * PIECE)
    with held.connected() as client:
        client.send(sized(path, first), sized("/second", second)[:200])
        client.send(sized("/second", second)[200:], sized("/third", second))
        held.application.gate.set()
        expected = path if path.endswith("unread") else told(path, first)
        assert client.answer() == (200, expected)
        assert client.answer() == (200, told("/second", second))
        assert client.answer() == (200, told("/third", second))


def test_a_client_that_waits_to_be_told_is_told_to_go_on(serving: Serving) -> None:
    body = some(10 * PIECE)
    with serving.connected() as client:
        client.send(head("/upload", "Expect: 100-continue", f"Content-Length: {len(body)}"))
        assert (client.line(), client.line()) == (b"HTTP/1.1 100 Continue\r\n", b"\r\n")
        client.send(body[:50], body[50:])
        assert client.answer() == (200, told("/upload", body))


def test_no_more_is_received_than_the_application_asks_for() -> None:
    announced = 4 * KERNEL_BUFFERS
    with running(HttpProtocol, loop="uvloop") as serving, serving.connected() as client:
        client.send(head("/held", f"Content-Length: {announced}"))
        client.socket.setblocking(False)
        sent = 0
        while sent < announced and select.select([], [client.socket], [], 1)[1]:
            sent += client.socket.send(bytes(MIB))
    assert sent < KERNEL_BUFFERS


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 100", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 100"],
        ["Content-Length: 100", "Content-Length: 100"],
        ["Content-Length: 100", "Content-Length: 20"],
        ["Content-Length: 1_00"],
        ["Content-Length: +100"],
    ],
)
def test_no_request_has_two_lengths_or_one_that_is_none(serving: Serving, lines: list[str]) -> None:
    with serving.connected() as client:
        client.send(head("/upload", *lines), some(100))
        assert client.answer()[0] == 400


def test_an_idle_connection_is_closed_after_an_upload() -> None:
    body = some(10 * PIECE)
    server = running(HttpProtocol, loop="uvloop", timeout_keep_alive=1)
    with server as serving, serving.connected() as client:
        client.send(sized("/upload", body)[:100], sized("/upload", body)[100:])
        assert client.answer() == (200, told("/upload", body))
        assert client.ended()
