"""Early answers over real HTTP: uvicorn on loopback, and clients that are still sending."""

import select
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from server import middleware
from server.middleware import DrainUnread

PATIENCE_SECONDS = 20  # how long a test waits before it fails
KIB = 1024
WITHIN_THE_DRAIN = 400 * KIB
KERNEL_BUFFERS = 16 * KIB * KIB  # more than two sockets hold on their way over loopback
PIECES = 50


async def refuse(_: Request) -> Response:
    return Response(b"too large", 413)


async def read(request: Request) -> Response:
    return Response(str(len(await request.body())))


async def stream(_: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(PIECES):
            yield b"piece" * KIB

    return StreamingResponse(pieces())


APP = Starlette(
    routes=[
        Route("/refuse", refuse, methods=["GET", "POST"]),
        Route("/read", read, methods=["POST"]),
        Route("/stream", stream, methods=["POST"]),
    ],
    middleware=[Middleware(DrainUnread)],
)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(APP, http="httptools", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield listening.getsockname()
    server.should_exit = server.force_exit = True  # a connection may still be draining
    thread.join()


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine no test depends on how much is sent within the usual time."""
    monkeypatch.setattr(middleware, "_DRAIN_SECONDS", PATIENCE_SECONDS)


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as client:
        yield client


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: media", *lines, "", ""]).encode()


def until_the_end(client: socket.socket) -> bytes:
    """Return all that comes until the server closes; a reset fails the test."""
    received = bytearray()
    while piece := client.recv(64 * KIB):
        received += piece
    return bytes(received)


def one_answer(client: socket.socket) -> bytes:
    """Return an answer of known length, and leave the connection as it is."""
    received = bytearray()
    while b"\r\n\r\n" not in received:
        received += client.recv(1)
    (length,) = (
        int(line.partition(b":")[2])
        for line in received.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return bytes(received) + client.recv(length, socket.MSG_WAITALL)


def is_the_refusal(answer: bytes) -> bool:
    started, ended = answer.startswith(b"HTTP/1.1 413 "), answer.endswith(b"\r\n\r\ntoo large")
    return started and ended and b"\r\nconnection: close\r\n" in answer.lower()


@pytest.mark.parametrize("size", [1, WITHIN_THE_DRAIN])
def test_a_client_that_sends_all_before_it_reads_gets_the_early_answer(
    address: tuple[str, int], size: int
) -> None:
    with connected(address) as client:
        client.sendall(head("/refuse", f"Content-Length: {size}"))
        client.sendall(b"x" * size)
        assert is_the_refusal(until_the_end(client))


def test_so_does_one_that_sends_in_chunks(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(head("/refuse", "Transfer-Encoding: chunked"))
        for _ in range(10):
            client.sendall(b"%x\r\n%b\r\n" % (KIB, b"x" * KIB))
        client.sendall(b"0\r\n\r\n")
        assert is_the_refusal(until_the_end(client))


def test_the_answer_comes_while_the_body_is_still_to_come(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(head("/refuse", f"Content-Length: {WITHIN_THE_DRAIN}"))
        assert is_the_refusal(one_answer(client))
        client.sendall(b"x" * WITHIN_THE_DRAIN)
        assert client.recv(1) == b""


def test_a_client_that_sends_on_is_stopped_but_not_reset(address: tuple[str, int]) -> None:
    sent = 0
    with connected(address) as client:
        client.sendall(head("/refuse", f"Content-Length: {100 * KERNEL_BUFFERS}"))
        client.setblocking(False)
        while sent < KERNEL_BUFFERS and select.select([], [client], [], 1)[1]:
            sent += client.send(b"x" * 64 * KIB)
        client.settimeout(PATIENCE_SECONDS)
        assert is_the_refusal(one_answer(client))
    assert WITHIN_THE_DRAIN < sent < KERNEL_BUFFERS


def test_the_drain_is_bounded_in_time(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "_DRAIN_SECONDS", 0.05)
    with connected(address) as client:
        client.sendall(head("/refuse", "Content-Length: 1000"))
        assert is_the_refusal(until_the_end(client))


def test_a_client_that_asks_first_is_answered_and_never_told_to_go_on(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "_DRAIN_SECONDS", 0.05)
    with connected(address) as client:
        client.sendall(head("/refuse", "Content-Length: 1000", "Expect: 100-continue"))
        assert is_the_refusal(until_the_end(client))


def test_a_client_that_leaves_harms_nobody(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(head("/refuse", f"Content-Length: {WITHIN_THE_DRAIN}") + b"x")
    with connected(address) as client:
        client.sendall(head("/refuse", "Content-Length: 1") + b"x")
        assert is_the_refusal(until_the_end(client))


def test_an_early_answer_in_pieces_arrives_whole(address: tuple[str, int]) -> None:
    with connected(address) as client:
        client.sendall(head("/stream", f"Content-Length: {WITHIN_THE_DRAIN}"))
        client.sendall(b"x" * WITHIN_THE_DRAIN)
        answer = until_the_end(client)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"piece") == PIECES * KIB
    assert answer.endswith(b"0\r\n\r\n")


def test_a_connection_stays_when_the_body_was_read(address: tuple[str, int]) -> None:
    with connected(address) as client:
        for size in (1, 200 * KIB, 3):
            client.sendall(head("/read", f"Content-Length: {size}"))
            client.sendall(b"x" * size)
            answer = one_answer(client)
            assert answer.endswith(b"\r\n\r\n%d" % size)
            assert b"connection: close" not in answer.lower()


@pytest.mark.parametrize("lines", [(), ("Content-Length: 0",)])
def test_a_connection_stays_when_there_is_no_body(
    address: tuple[str, int], lines: tuple[str, ...]
) -> None:
    with connected(address) as client:
        for method in ("GET", "POST", "GET"):
            client.sendall(head("/refuse", *lines, method=method))
            answer = one_answer(client)
            assert answer.endswith(b"too large")
            assert b"connection: close" not in answer.lower()
