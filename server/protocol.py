"""The HTTP protocol of the server: uvicorn's, with a shorter way for large bodies.

uvicorn copies every byte of a body three times before the application sees it, a quarter of a MiB
at a time. Here the rest of a large body of declared length goes from the socket into a window of
1 MiB, past the parser, and is copied once, when the application asks for it. What this gains stands
in docs/benchmarks.md.
"""

import asyncio
from mmap import mmap
from typing import ClassVar

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from server.heads import BoundedHeads


class UploadProtocol(BoundedHeads):
    """Serves a connection; its requests, answers and errors are those of uvicorn."""

    window_bytes: ClassVar = 1024 * 1024
    """The most that is received of a large body before the application asks for it."""

    _left = 0
    """The bytes of the body that are still to come; never above 0 when nothing declares them."""

    def data_received(self, data: bytes) -> None:
        """Take bytes of requests, and let the rest of a large body come past the parser."""
        super().data_received(data)
        if self._may_bypass():
            self._turn_to(_LargeBody(self, self._left))

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._left = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take the headers, which the parser has accepted: one length, or a chunked body."""
        super().on_headers_complete()
        self._left = 0 if self.parser.should_upgrade() else _declared_length(self.headers)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body that the parser has found, as it is if it is the only one."""
        self._left -= len(body)
        cycle = self.cycle
        if cycle.body or cycle.response_complete or self.parser.should_upgrade():
            super().on_body(body)
            return
        cycle.body = body  # type: ignore[assignment] # it is only added to, measured and copied
        if len(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End a request."""
        self._left = 0
        super().on_message_complete()

    def large_body_ended(self) -> None:
        """Go on behind a body that came past the parser."""
        self.on_message_complete()
        self.parser = httptools.HttpRequestParser(self)  # as uvicorn makes it
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._turn_to(self)

    def _may_bypass(self) -> bool:
        # A request that waits for the one before it gets no window: that one's application may
        # start the reading again while the window is full.
        return (
            self._left >= self.window_bytes
            and not self.pipeline
            and len(self.cycle.body) < self.window_bytes
            and not self.transport.is_closing()
        )

    def _turn_to(self, protocol: asyncio.BaseProtocol) -> None:
        # uvloop asks how to read, into a buffer or not, only when the reading starts.
        if not self.flow.read_paused:
            self.transport.pause_reading()
        self.transport.set_protocol(protocol)
        if not self.flow.read_paused:
            self.transport.resume_reading()


class _LargeBody(asyncio.BufferedProtocol):
    """Receives the last ``left`` bytes of a request, no more, in place of ``http``.

    The window fills up while the application does not ask; when it is full, reading pauses. The
    cycle sees the filled part as its body, and leaves an empty body when it has copied it.
    """

    def __init__(self, http: UploadProtocol, left: int) -> None:
        self._http = http
        self._cycle = http.cycle
        self._left = left
        self._window = memoryview(mmap(-1, http.window_bytes))
        self._filled = 0
        if self._cycle.body:
            self._append(self._cycle.body)

    def get_buffer(self, _: int) -> memoryview:
        if not self._cycle.body or self._cycle.response_complete:
            self._filled = 0
        return self._window[self._filled : self._filled + self._left]

    def buffer_updated(self, count: int) -> None:
        self._http._unset_keepalive_if_required()  # noqa: SLF001 - as uvicorn's data_received does
        self._left -= count
        if not self._cycle.response_complete:
            self._filled += count
            self._show()
        if not self._left:
            self._http.large_body_ended()

    def eof_received(self) -> None:
        self._http.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._http.connection_lost(exc)

    def pause_writing(self) -> None:
        self._http.pause_writing()

    def resume_writing(self) -> None:
        self._http.resume_writing()

    def _append(self, data: bytes | bytearray) -> None:
        self._window[self._filled : self._filled + len(data)] = data
        self._filled += len(data)
        self._show()

    def _show(self) -> None:
        self._cycle.body = self._window[: self._filled]  # type: ignore[assignment] # as in on_body
        if self._filled == len(self._window):
            self._http.flow.pause_reading()
        self._cycle.message_event.set()


def _declared_length(headers: list[tuple[bytes, bytes]]) -> int:
    """Return the length that the only Content-Length gives; 0 where anything leaves a doubt."""
    lengths = [value for name, value in headers if name == b"content-length"]
    chunked = any(name == b"transfer-encoding" for name, _ in headers)
    if chunked or len(lengths) != 1 or not lengths[0].isdigit():
        return 0
    return int(lengths[0])
