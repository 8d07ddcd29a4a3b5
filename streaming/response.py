"""A stored file as an HTTP response: whole, in ranges, or not at all because nothing changed."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from services.storage_errors import storage_errors
from storage.base import READ_CHUNK_BYTES, StoredObject
from streaming.conditional import PreconditionFailedError, Verdict, evaluate, field
from streaming.ranges import parse_range
from streaming.servable import RawHeaders, Representation

SEND_TIMEOUT_SECONDS = 30.0

_NOT_MODIFIED = 304


class SlowClientError(Exception):
    """Raised when a client takes nothing off the connection for the length of the deadline."""


class _ClientGoneError(Exception):
    """The client closed the connection: nobody is left to send to."""


class _Part(NamedTuple):
    """Bytes ``start`` to ``stop`` of the object, behind a few bytes of our own."""

    prefix: bytes
    start: int
    stop: int


class _Plan(NamedTuple):
    """A response, worked out before its first byte is sent."""

    status: int
    headers: RawHeaders
    parts: list[_Part]
    suffix: bytes = b""

    @property
    def length(self) -> int:
        own = sum(len(part.prefix) for part in self.parts) + len(self.suffix)
        return own + sum(part.stop - part.start for part in self.parts)


class FileResponse(Response):
    """Sends ``stored``, an open object, as ``representation``; closes it whatever happens.

    Answers GET and HEAD with 200, with 206 for one or several ranges of a GET, or with 304, as
    the request's headers ask (RFC 9110, sections 13 and 14). The first bytes of a file or of a
    single range are read before the status line is sent; an error after that line breaks the
    connection off, so that a client never takes a part for the whole.

    Raises, when called:
        RangeNotSatisfiableError: 416, before anything is sent.
        PreconditionFailedError: 412, before anything is sent.
        SlowClientError: The client took nothing for ``send_timeout`` seconds.
        UnavailableError: The object could not be read, before anything is sent.
        StorageError: The same in the middle of it.
    """

    def __init__(
        self,
        stored: StoredObject,
        representation: Representation,
        *,
        send_timeout: float = SEND_TIMEOUT_SECONDS,
    ) -> None:
        # Response.__init__ renders a body, which a stored file must never become.
        self.status_code = 200
        self.background = None
        self.body = b""
        self.raw_headers = representation.headers()
        self._stored = stored
        self._representation = representation
        self._send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request in ``scope`` and close the object."""
        client = _Client(receive, send, self._send_timeout)
        try:
            with suppress(_ClientGoneError):
                await self._respond(Headers(scope=scope), scope["method"], client)
        finally:
            client.dismiss()
            # Shielded: a cancelled transfer must not leave the object open.
            await asyncio.shield(self._stored.close())

    async def _respond(self, request: Headers, method: str, client: "_Client") -> None:
        plan = self._plan(request, method)
        if method == "HEAD" or not plan.parts:
            await client.start(plan)
            await client.finish()
            return
        if plan.length > READ_CHUNK_BYTES:  # a short body is over before listening would pay
            client.watch()
        async with aclosing(_pieces(self._stored, plan)) as pieces:
            await self._send_body(client, plan, pieces)

    async def _send_body(
        self, client: "_Client", plan: _Plan, pieces: AsyncGenerator[bytes, None]
    ) -> None:
        with storage_errors():
            first = await anext(pieces)
        await client.start(plan)
        await client.put(first)
        async for piece in pieces:
            await client.put(piece)
        await client.finish()

    def _plan(self, request: Headers, method: str) -> _Plan:
        facts = self._representation
        verdict, range_applies = evaluate(request, facts.etag, facts.last_modified, method)
        if verdict is Verdict.PRECONDITION_FAILED:
            raise PreconditionFailedError
        if verdict is Verdict.NOT_MODIFIED:
            return _Plan(_NOT_MODIFIED, facts.validators(), [])
        size = self._stored.size
        ranges = parse_range(field(request, "range"), size) if range_applies else None
        if ranges is None:
            return _Plan(200, self.raw_headers, [_Part(b"", 0, size)] if size else [])
        if len(ranges) == 1:
            return self._one_range(*ranges[0])
        return self._several_ranges(ranges)

    def _one_range(self, start: int, stop: int) -> _Plan:
        content_range = (b"content-range", self._content_range(start, stop))
        return _Plan(206, [*self.raw_headers, content_range], [_Part(b"", start, stop)])

    def _several_ranges(self, ranges: list[tuple[int, int]]) -> _Plan:
        """Lay out a multipart/byteranges body (RFC 9110, section 14.6)."""
        boundary = secrets.token_hex(16).encode("ascii")
        whole_type = (b"content-type", b"multipart/byteranges; boundary=" + boundary)
        headers = [header for header in self.raw_headers if header[0] != b"content-type"]
        part_type = dict(self.raw_headers)[b"content-type"]
        head = b"\r\n--%b\r\ncontent-type: %b\r\ncontent-range: %b\r\n\r\n"
        parts = [
            _Part(head % (boundary, part_type, self._content_range(start, stop)), start, stop)
            for start, stop in ranges
        ]
        return _Plan(206, [whole_type, *headers], parts, b"\r\n--%b--\r\n" % boundary)

    def _content_range(self, start: int, stop: int) -> bytes:
        return b"bytes %d-%d/%d" % (start, stop - 1, self._stored.size)


class _Client:
    """The receiving end of one response: what it does not take in time, or at all, is noticed."""

    def __init__(self, receive: Receive, send: Send, timeout: float) -> None:
        self._receive = receive
        self._send = send
        self._timeout = timeout
        self._departure: asyncio.Task[None] | None = None

    async def start(self, plan: _Plan) -> None:
        """Send the status line and the headers; a 304 has no length of its own to tell."""
        length = [] if plan.status == _NOT_MODIFIED else [(b"content-length", b"%d" % plan.length)]
        headers = [*plan.headers, *length]
        await self._within_deadline(
            {"type": "http.response.start", "status": plan.status, "headers": headers}
        )

    async def put(self, piece: bytes) -> None:
        """Send a piece of the body and let the next one follow."""
        if self._departure is not None and self._departure.done():
            raise _ClientGoneError
        await self._within_deadline(
            {"type": "http.response.body", "body": piece, "more_body": True}
        )

    async def finish(self) -> None:
        """End the body. Its own message, so that it waits for what the server still buffers."""
        await self._within_deadline({"type": "http.response.body", "body": b"", "more_body": False})

    def watch(self) -> None:
        """Listen for the client's leaving: servers swallow in silence what is sent to nobody."""
        self._departure = asyncio.create_task(self._until_disconnect())

    def dismiss(self) -> None:
        """Stop listening."""
        if self._departure is not None:
            self._departure.cancel()

    async def _until_disconnect(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _within_deadline(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self._timeout) as deadline:
                await self._send(message)
        except OSError as error:  # TimeoutError is one; so is what servers raise after a disconnect
            if deadline.expired():
                raise SlowClientError(f"nothing was taken for {self._timeout} seconds") from error
            raise _ClientGoneError from error


async def _pieces(stored: StoredObject, plan: _Plan) -> AsyncGenerator[bytes, None]:
    """Yield the body of ``plan`` as storage gives it, whole chunks, nothing copied."""
    for prefix, start, stop in plan.parts:
        if prefix:
            yield prefix
        chunks = stored.read(start, stop)
        try:
            async for chunk in chunks:
                yield chunk
        finally:
            if isinstance(chunks, AsyncGenerator):
                await chunks.aclose()
    if plan.suffix:
        yield plan.suffix
