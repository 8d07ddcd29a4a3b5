"""The server's HTTP/1.1 protocol: uvicorn's, stricter about what comes before and around a body."""

import asyncio
from array import array
from http import HTTPStatus
from typing import ClassVar, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_LINGER_SECONDS: Final = 2.0
_LATE: Final = (HTTPStatus.REQUEST_TIMEOUT, "The head of the request took too long to arrive.")
_LARGE: Final = (
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "The head of the request is too large.",
)
_LARGE_FRAMING: Final = (
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "The chunk extensions or trailer fields of the request are too large.",
)
_Refusal = tuple[HTTPStatus, str]


class HttpProtocol(HttpToolsProtocol):
    """Serves one connection.

    It differs from uvicorn's protocol in this:

    - A head must be complete within the keep-alive time, counted from its first byte or from the
      end of the last response, whichever is later: 408 (RFC 9110, 15.5.9).
    - A head may hold 64 KiB: 431 (RFC 6585, 5). So may chunk extensions and trailer fields
      (RFC 9112, 7.1.1).
    - Trailer fields are discarded; they never become headers (RFC 9112, 7.1.2).
    - HTTP/1.0 clients never get ``100 Continue`` (RFC 9110, 10.1.1). Others get it when the
      application starts to read the body, as with uvicorn.
    - ``Upgrade`` is ignored (RFC 9110, 7.8), and the request keeps its body.
    - A refusal waits for the responses to earlier requests, and reaches a client that still sends.
    """

    max_head_bytes: ClassVar = 64 * 1024
    """The most bytes of a head, or of what comes between two pieces of a body."""

    _in_head = False
    _in_body = False
    _advanced = False
    _overhead_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _fault: _Refusal | None = None
    _refusal: _Refusal | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Start a connection, and the time for its first head."""
        super().connection_made(transport)
        self.renew_parser()
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse ``data``; drop it after a refusal."""
        if self._refusal:
            return
        self._advanced = False
        super().data_received(data)
        if not self._advanced and (self._in_head or self._in_body):
            self._count_overhead(len(data))
        if self._in_head and self._head_timer is None and self._has_answered():
            self._expect_head()

    def on_message_begin(self) -> None:
        """Start a request."""
        self._stop_timer()
        self._in_head = True
        self._overhead_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; discard a trailer field."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the application, unless the head is too large or comes again without Upgrade."""
        self._stop_timer()
        self._in_head = False
        if self.ignores_upgrade():
            return
        if len(self.url) + sum(map(_length, self.headers)) > self.max_head_bytes:
            self._fault = _LARGE
            raise ValueError  # stops the parser; uvicorn then calls send_400_response
        if self.parser.get_http_version() != "1.1":
            self.expect_100_continue = False
        super().on_headers_complete()
        self._in_body = True

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._advanced = True
        self._overhead_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._advanced = True
        if self.ignores_upgrade():
            return
        super().on_message_complete()
        self._in_body = False
        self._await_next()

    def on_response_complete(self) -> None:
        """End a response."""
        super().on_response_complete()
        self._await_next()

    def timeout_keep_alive_handler(self) -> None:
        """Do nothing: the time for the next head takes the place of uvicorn's time-out."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser cannot read."""
        self._refuse(self._fault or (HTTPStatus.BAD_REQUEST, msg))

    def renew_parser(self) -> "_Parser":
        """Take a parser that has read nothing yet, and return it."""
        self.parser = parser = _Parser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
        return parser

    def ignores_upgrade(self) -> bool:
        """Return whether the parser ends the request with its head because of ``Upgrade``."""
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def head_without_upgrade(self) -> bytes:
        """Return the head that was parsed last, without its ``Upgrade`` header."""
        version = self.parser.get_http_version().encode()
        start = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version)
        fields = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([start, *fields, b"\r\n"])

    def _count_overhead(self, count: int) -> None:
        self._overhead_bytes += count
        if self._overhead_bytes > self.max_head_bytes:
            self._refuse(_LARGE if self._in_head else _LARGE_FRAMING)

    def _has_answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_next(self) -> None:
        if not self._has_answered() or self.transport.is_closing():
            return
        if self._refusal:
            self._send_refusal(*self._refusal)
        elif not self._in_body:
            self._expect_head()

    def _expect_head(self) -> None:
        self._stop_timer()
        self._head_timer = self.loop.call_later(self.timeout_keep_alive, self._head_is_late)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._in_head:
            self._refuse(_LATE)
        else:  # no request has begun, so that nobody waits for a response
            self.transport.close()

    def _refuse(self, refusal: _Refusal) -> None:
        """Send ``refusal`` once the earlier requests are answered, then close."""
        self._refusal = refusal
        if self._has_answered() or self._concerns_only_request():
            self._send_refusal(*refusal)

    def _concerns_only_request(self) -> bool:
        """Return whether the refused body belongs to the request that is answered next."""
        return self._in_body and not self.cycle.response_started and not self.pipeline

    def _send_refusal(self, status: HTTPStatus, message: str) -> None:
        if not self._has_answered():  # the application sees that the client has gone
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._stop_timer()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(message)),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        start = f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
        self.transport.write(b"%b%b\r\n%b" % (start, lines, message.encode()))
        self._close_gently()

    def _close_gently(self) -> None:
        """Close, but discard what arrives for a while: unread bytes would reset the connection.

        Source: RFC 9112, section 9.6.
        """
        self.transport.write_eof()
        self.flow.resume_reading()
        self._head_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)


class _Parser(httptools.HttpRequestParser):
    """Leaves a request with ``Upgrade`` to another parser, without it.

    httptools would skip the body, and with ``Connection: close`` all that follows.
    """

    def __init__(self, protocol: HttpProtocol) -> None:
        super().__init__(protocol)
        self._protocol = protocol

    def feed_data(self, data: "bytes | bytearray | memoryview | array[int]") -> None:
        parser, left = self, memoryview(data)
        while left:
            try:
                parser.read(left)
            except httptools.HttpParserUpgrade as upgrade:
                if not self._protocol.ignores_upgrade():
                    raise
                (parsed,) = upgrade.args
                head = self._protocol.head_without_upgrade()
                parser = self._protocol.renew_parser()
                parser.read(head)
                left = left[parsed:]
            else:
                return

    def read(self, data: bytes | memoryview) -> None:
        """Parse ``data`` as far as a head with ``Upgrade``."""
        super().feed_data(data)


def _length(header: tuple[bytes, bytes]) -> int:
    name, value = header
    return len(name) + len(value)
