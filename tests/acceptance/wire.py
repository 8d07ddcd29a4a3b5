"""HTTP by hand: requests that no well-behaved client would send."""

import select
import socket
from collections.abc import Iterable, Sequence
from http.client import HTTPResponse
from typing import Final, NamedTuple

import orjson

from tests.acceptance.serving import Server

BOUNDARY: Final = "a-boundary"
MULTIPART: Final = f"multipart/form-data; boundary={BOUNDARY}"
END: Final = f"--{BOUNDARY}--\r\n".encode()

Part = tuple[str, str | None, bytes]
"""Name, file name (None for a text field) and content of a part of a form."""


class Answer(NamedTuple):
    """A response; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The error's code, in REST and GraphQL alike."""
        parsed = orjson.loads(self.body)
        code: str = (
            parsed["errors"][0]["extensions"]["code"] if "errors" in parsed else parsed["code"]
        )
        return code


def part(name: str, filename: str | None, content: bytes) -> bytes:
    """Return one part of a form, without the closing boundary."""
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def form(*parts: Part) -> bytes:
    """Return a whole form."""
    return b"".join(part(*one) for one in parts) + END


def head(target: str, token: str | None = None, *lines: str) -> bytes:
    """Return a request's head; ``target`` is the method and the path."""
    authorization = [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join(
        [f"{target} HTTP/1.1", "Host: media.example", *authorization, *lines, "\r\n"]
    ).encode()


def upload_head(token: str, *lines: str, path: str = "/v1/media/upload") -> bytes:
    """Return the head of an upload; a length or an encoding of transfer is yours to add."""
    return head(f"POST {path}", token, f"Content-Type: {MULTIPART}", *lines)


def exchange(server: Server, *pieces: bytes, method: str = "POST") -> Answer:
    """Send ``pieces`` as they are and return the answer."""
    with server.connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
        return read_answer(connection, method)


def send_and_leave(server: Server, *pieces: bytes) -> None:
    """Send ``pieces``, then close the connection without waiting for an answer."""
    with server.connect() as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def read_answer(connection: socket.socket, method: str = "POST") -> Answer:
    """Return the next response on ``connection``."""
    response = HTTPResponse(connection, method=method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def chunked(body: Iterable[bytes]) -> Iterable[bytes]:
    """Yield ``body`` in the chunked transfer coding, without the last chunk."""
    for piece in body:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)


def send_until_answered(
    connection: socket.socket, pieces: Sequence[bytes] | Iterable[bytes]
) -> int:
    """Send until an answer begins to arrive, as curl does; return how many bytes went out.

    A server that has closed meanwhile has answered before that.
    """
    sent = 0
    for piece in pieces:
        left = memoryview(piece)
        while left:
            readable, writable, _ = select.select([connection], [connection], [], 20)
            if readable:
                return sent
            if writable:
                try:
                    count = connection.send(left)
                except ConnectionError:
                    return sent
                sent, left = sent + count, left[count:]
    return sent
