"""Files over real HTTP: uvicorn on loopback, real storage, clients that stay or go."""

import asyncio
import hashlib
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path

import httpx
import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from storage.base import READ_CHUNK_BYTES, ObjectTruncatedError, Storage, StoredObject
from storage.filesystem import FilesystemStorage
from storage.memory import MemoryStorage
from streaming.conditional import PreconditionFailedError
from streaming.ranges import RangeNotSatisfiableError
from streaming.response import FileResponse, SlowClientError
from streaming.servable import Representation

KEY = "0123456789abcdef" * 2
CONTENT = b"".join(b"%07d\n" % line for line in range(1000))
LARGE = os.urandom(32 * 1024**2)  # more than the kernel buffers between two sockets
PATIENCE_SECONDS = 20  # how long a test waits before it fails


class Recorded(StoredObject):
    """An open object that also tells whether it was closed, and how far it was read."""

    def __init__(self, stored: StoredObject) -> None:
        self.size = stored.size
        self.closed = threading.Event()
        self.chunks = 0
        self._stored = stored

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Read on, and count."""
        async for chunk in self._stored.read(start, stop):
            self.chunks += 1
            yield chunk

    async def close(self) -> None:
        """Close, and say so."""
        await self._stored.close()
        self.closed.set()


class FileServer:
    """One file served by a real uvicorn; remembers what was opened and what the app raised."""

    def __init__(self, storage: Storage, content: bytes, send_timeout: float = 30) -> None:
        self.storage = storage
        self.opened: list[Recorded] = []
        self.raised: list[BaseException] = []
        self.on_open: Callable[[], None] = lambda: None
        self._send_timeout = send_timeout
        self._application = Starlette(
            routes=[Route("/", self._serve)],
            exception_handlers={RangeNotSatisfiableError: refuse, PreconditionFailedError: refuse},
        )
        asyncio.run(store(storage, content))
        self.representation = representation_of(content)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = ("127.0.0.1", self._socket.getsockname()[1])
        self.url = "http://{}:{}/".format(*self.address)

    @contextmanager
    def running(self) -> Iterator["FileServer"]:
        """Serve until the end of the block."""
        config = uvicorn.Config(self, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([self._socket],))
        thread.start()
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; what goes wrong reaches uvicorn all the same."""
        try:
            await self._application(scope, receive, send)
        except BaseException as error:
            self.raised.append(error)
            raise

    async def _serve(self, _: Request) -> Response:
        stored = Recorded(await self.storage.open(KEY))
        self.opened.append(stored)
        self.on_open()
        return FileResponse(stored, self.representation, send_timeout=self._send_timeout)

    def last_closed(self) -> bool:
        """Wait until the object that was opened last is closed."""
        return self.opened[-1].closed.wait(PATIENCE_SECONDS)


async def store(storage: Storage, content: bytes) -> None:
    async with await storage.stage(KEY) as staged:
        await staged.write(content)
        await staged.commit()


def representation_of(content: bytes) -> Representation:
    return Representation(
        content_type="text/plain",
        filename="résumé.txt",
        checksum=hashlib.sha256(content).hexdigest(),
        last_modified=datetime(2026, 3, 1, 12, tzinfo=UTC),
        disposition="inline",
    )


async def refuse(request: Request, error: Exception) -> Response:
    if isinstance(error, RangeNotSatisfiableError):
        return Response(status_code=416, headers=error.headers)
    return Response(status_code=412)


@pytest.fixture(scope="module")
def server() -> Iterator[FileServer]:
    with FileServer(MemoryStorage(), CONTENT).running() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: FileServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


def test_the_whole_file_arrives_with_all_that_describes_it(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('inline; filename="resume.txt"')
    assert answer.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert answer.headers["repr-digest"].startswith("sha-256=:")
    assert answer.headers["last-modified"] == "Sun, 01 Mar 2026 12:00:00 GMT"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "transfer-encoding" not in answer.headers


def test_head_tells_the_same_without_the_bytes_and_ignores_ranges(client: httpx.Client) -> None:
    described, asked = client.get("/"), client.head("/", headers={"range": "bytes=0-1"})
    assert asked.status_code == 200
    assert asked.content == b""
    described.headers.pop("date")
    asked.headers.pop("date")
    assert asked.headers == described.headers


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("0-0", 0, 1),
        ("100-199", 100, 200),
        ("7990-", 7990, 8000),
        ("-3", 7997, 8000),
        ("0-", 0, 8000),
    ],
)
def test_a_range_arrives_alone(client: httpx.Client, asked: str, start: int, stop: int) -> None:
    answer = client.get("/", headers={"range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.content == CONTENT[start:stop]
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/8000"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.headers["repr-digest"] == client.head("/").headers["repr-digest"]


def parts_of(answer: httpx.Response) -> list[tuple[str, str, object]]:
    head = b"Content-Type: " + answer.headers["content-type"].encode() + b"\r\n\r\n"
    message = message_from_bytes(head + answer.content, policy=policy.HTTP)
    assert message.is_multipart()
    assert not message.defects
    return [
        (str(part["content-range"]), part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_parts()
    ]


def test_several_ranges_arrive_as_parts_in_the_order_asked_for(client: httpx.Client) -> None:
    answer = client.get("/", headers={"range": "bytes=500-509,0-9,-10"})
    assert answer.status_code == 206
    assert "content-range" not in answer.headers
    assert answer.headers["content-length"] == str(len(answer.content))
    assert parts_of(answer) == [
        ("bytes 500-509/8000", "text/plain", CONTENT[500:510]),
        ("bytes 0-9/8000", "text/plain", CONTENT[:10]),
        ("bytes 7990-7999/8000", "text/plain", CONTENT[-10:]),
    ]


@settings(max_examples=30, deadline=None)
@given(spots=st.lists(st.integers(0, 998), min_size=2, max_size=100, unique=True))
def test_the_parts_are_exactly_the_bytes_that_were_asked_for(
    client: httpx.Client, spots: list[int]
) -> None:
    # One byte in eight, so that no two ranges touch; text, so that a parser keeps every byte.
    asked = ",".join(f"{8 * spot}-{8 * spot + 6}" for spot in spots)
    answer = client.get("/", headers={"range": f"bytes={asked}"})
    expected = [CONTENT[8 * spot : 8 * spot + 7] for spot in spots]
    assert [content for _, _, content in parts_of(answer)] == expected


def test_a_range_beyond_the_end_is_416_with_the_size(
    server: FileServer, client: httpx.Client
) -> None:
    answer = client.get("/", headers={"range": "bytes=8000-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */8000"
    assert server.last_closed()


def test_a_malformed_range_is_ignored(client: httpx.Client) -> None:
    assert client.get("/", headers={"range": "bytes=5-2"}).status_code == 200


def test_an_unchanged_file_is_304_without_a_body(server: FileServer, client: httpx.Client) -> None:
    etag = client.head("/").headers["etag"]
    answer = client.get("/", headers={"if-none-match": f"W/{etag}", "range": "bytes=0-1"})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == etag
    assert answer.headers["cache-control"] == "private, no-cache"
    assert "content-type" not in answer.headers
    assert client.get("/").content == CONTENT  # the connection is still in step
    assert server.last_closed()


def test_a_precondition_that_fails_is_412(server: FileServer, client: httpx.Client) -> None:
    answer = client.get("/", headers={"if-match": '"x"', "range": "bytes=9999-"})
    assert answer.status_code == 412
    assert server.last_closed()


def test_if_range_with_an_old_tag_sends_the_whole_file(client: httpx.Client) -> None:
    etag = client.head("/").headers["etag"]
    asked = {"range": "bytes=0-1"}
    assert client.get("/", headers={**asked, "if-range": etag}).status_code == 206
    assert client.get("/", headers={**asked, "if-range": '"old"'}).status_code == 200


def test_an_empty_file_is_a_file() -> None:
    with FileServer(MemoryStorage(), b"").running() as server:
        answers = [
            httpx.get(server.url, headers=headers)
            for headers in ({}, {"range": "bytes=-5"}, {"range": "bytes=0-"})
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 416]
    assert answers[0].headers["content-length"] == "0"


def test_a_large_file_arrives_whole(tmp_path: Path) -> None:
    with FileServer(FilesystemStorage(tmp_path), LARGE).running() as server:
        assert httpx.get(server.url).content == LARGE
        assert server.last_closed()


def test_a_client_that_leaves_in_mid_body_stops_the_reading(tmp_path: Path) -> None:
    with FileServer(FilesystemStorage(tmp_path), LARGE).running() as server:
        with httpx.stream("GET", server.url) as answer:
            next(answer.iter_raw())
        assert server.last_closed()
        assert server.opened[-1].chunks < len(LARGE) // 1024**2
    assert not server.raised


def test_a_file_that_lost_its_end_breaks_the_connection_off(tmp_path: Path) -> None:
    server = FileServer(FilesystemStorage(tmp_path), LARGE)
    (stored,) = (path for path in tmp_path.rglob(KEY))
    server.on_open = lambda: os.truncate(stored, len(LARGE) // 2)
    with server.running():
        connection = HTTPConnection(*server.address)
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.status == 200
        with pytest.raises(IncompleteRead) as caught:
            answer.read()
        connection.close()
        assert server.last_closed()
    assert caught.value.partial == LARGE[: len(LARGE) // 2]
    assert isinstance(server.raised[-1], ObjectTruncatedError)


def test_a_file_that_lost_all_is_an_error_and_no_success(tmp_path: Path) -> None:
    server = FileServer(FilesystemStorage(tmp_path), CONTENT)
    (stored,) = (path for path in tmp_path.rglob(KEY))
    server.on_open = lambda: os.truncate(stored, 0)
    with server.running():
        assert httpx.get(server.url).status_code == 500
        assert server.last_closed()


def test_a_client_that_takes_nothing_is_dropped() -> None:
    server = FileServer(MemoryStorage(), LARGE, send_timeout=0.2)
    with server.running(), socket.create_connection(server.address) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert silent.recv(8) == b"HTTP/1.1"
        assert server.last_closed()
    assert isinstance(server.raised[-1], SlowClientError)


SCOPE = {"type": "http", "method": "GET", "headers": [], "path": "/"}


async def opened(content: bytes) -> Recorded:
    storage = MemoryStorage()
    await store(storage, content)
    return Recorded(await storage.open(KEY))


async def staying() -> Message:
    """Be a client that stays for ever."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_cancelled_transfer_closes_its_object() -> None:
    sending = asyncio.Event()

    async def send(message: Message) -> None:
        sending.set()
        await asyncio.Event().wait()

    stored = await opened(LARGE)
    transfer = asyncio.create_task(
        FileResponse(stored, representation_of(LARGE))(SCOPE, staying, send)
    )
    await sending.wait()
    transfer.cancel()
    with suppress(asyncio.CancelledError):
        await transfer
    assert transfer.cancelled()
    assert stored.closed.is_set()


async def test_a_server_that_says_the_client_is_gone_ends_the_transfer_quietly() -> None:
    async def send(message: Message) -> None:
        raise BrokenPipeError

    stored = await opened(CONTENT)
    await FileResponse(stored, representation_of(CONTENT))(SCOPE, staying, send)
    assert stored.closed.is_set()


async def test_chunks_go_out_as_storage_gives_them() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    stored = await opened(LARGE)
    await FileResponse(stored, representation_of(LARGE))(SCOPE, staying, send)
    start, *body = sent
    assert start["status"] == 200
    chunks = len(LARGE) // READ_CHUNK_BYTES
    assert [len(message["body"]) for message in body] == [READ_CHUNK_BYTES] * chunks + [0]
    assert [message["more_body"] for message in body] == [True] * chunks + [False]
