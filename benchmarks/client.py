"""The client side: raw sockets, so that what is measured is the server.

Every function that takes time runs in a process of its own (``apart``) and measures there.
"""

import multiprocessing
import os
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MIB: Final = 1024 * 1024
GIB: Final = 1024 * MIB
HOST: Final = "127.0.0.1"
_TIMEOUT_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body of one file: what goes before its bytes, and what after."""

    boundary: str
    before: bytes
    after: bytes


def apart(task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``task`` returns in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(task, *args, **kwargs).result()


def request(line: str, token: str = "", headers: str = "", body: bytes = b"") -> bytes:
    """Return a request, its ``line`` a method and a path; ``headers`` end in CR LF."""
    authorization = f"authorization: Bearer {token}\r\n" if token else ""
    framing = f"content-length: {len(body)}\r\n" if body else ""
    head = f"{line} HTTP/1.1\r\nhost: {HOST}\r\n{authorization}{framing}{headers}\r\n"
    return head.encode() + body


def call(port: int, message: bytes) -> tuple[int, bytes]:
    """Send one small request and return the status and the body of the answer."""
    with socket.create_connection((HOST, port), _TIMEOUT_SECONDS) as connection:
        connection.sendall(message)
        return _answer(connection)


def rest_form() -> Form:
    """Return the form of a REST upload."""
    return _form(b'form-data; name="file"', {})


def graphql_form() -> Form:
    """Return the form of the upload mutation (GraphQL multipart request specification)."""
    operations = (
        b'{"query":"mutation($file: Upload!){upload(file:$file){id}}","variables":{"file":null}}'
    )
    fields = {"operations": operations, "map": b'{"0":["variables.file"]}'}
    return _form(b'form-data; name="0"', fields)


def _form(disposition: bytes, fields: dict[str, bytes]) -> Form:
    boundary = secrets.token_hex(16)
    line = b"--%b\r\n" % boundary.encode()
    texts = [
        line + b'content-disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
        for name, value in fields.items()
    ]
    file = b'content-disposition: %b; filename="bench.bin"\r\n' % disposition
    kind = b"content-type: application/octet-stream\r\n\r\n"
    before = b"".join([*texts, line, file, kind])
    return Form(boundary, before, b"\r\n--%b--\r\n" % boundary.encode())


def send(port: int, path: str, token: str, form: Form, size: int) -> tuple[float, bytes]:
    """Send a form with a file of ``size`` bytes, a multiple of 1 MiB; return seconds and answer.

    The content is one incompressible MiB again and again, with a number stamped into each, so that
    it costs the sender nothing and no two files are alike.
    """
    block = bytearray(secrets.token_bytes(MIB))
    length = len(form.before) + size + len(form.after)
    headers = (
        f"content-type: multipart/form-data; boundary={form.boundary}\r\n"
        f"content-length: {length}\r\n"
    )
    with socket.create_connection((HOST, port), _TIMEOUT_SECONDS) as connection:
        started = time.perf_counter()
        connection.sendall(request(f"POST {path}", token, headers) + form.before)
        for number in range(size // MIB):
            block[:8] = number.to_bytes(8)
            connection.sendall(block)
        connection.sendall(form.after)
        status, body = _answer(connection)
        seconds = time.perf_counter() - started
    assert status == 200, (status, body)
    return seconds, body


def fetch(port: int, message: bytes, size: int) -> float:
    """Receive a body of ``size`` bytes and drop it; return the seconds it took."""
    buffer = bytearray(MIB)
    with socket.create_connection((HOST, port), _TIMEOUT_SECONDS) as connection:
        started = time.perf_counter()
        connection.sendall(message)
        head = connection.recv(64 * 1024, socket.MSG_PEEK)
        left = head.index(b"\r\n\r\n") + 4 + size
        assert head.startswith(b"HTTP/1.1 200"), head
        assert b"content-length: %d\r\n" % size in head.lower(), head
        while left > 0:
            received = connection.recv_into(buffer)
            assert received, "the connection was closed before the end"
            left -= received
        return time.perf_counter() - started


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = content_length(head)
    while len(body) < length:
        body += _some(connection)
    return int(head.split(b" ", 2)[1]), body


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(64 * 1024)
    assert received, "the connection was closed before the end"
    return received


def content_length(head: bytes) -> int:
    """Return the value of a head's Content-Length; 0 without one."""
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def pin(processor: int, process_id: int = 0) -> None:
    """Keep a process (0: this one) and all its threads on one processor."""
    for thread in Path(f"/proc/{process_id or 'self'}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {processor})
