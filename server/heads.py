"""What the server bears of a request's head: uvicorn sets it no limit of time or size."""

import asyncio
from http import HTTPStatus
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

_LINGER_SECONDS: Final = 2.0
_LATE: Final = (HTTPStatus.REQUEST_TIMEOUT, "The head of the request took too long to arrive.")
_LARGE: Final = (
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "The head of the request is too large.",
)
_Refusal = tuple[HTTPStatus, str]


class BoundedHeads(HttpToolsProtocol):
    """Refuses heads that arrive too slowly or are too large, and never amid another answer.

    A head has the keep-alive time to be complete, counted from its beginning, or from the end of
    the last answer if that is later. Source: RFC 9110, section 15.5.9; RFC 6585, section 5.
    """

    max_head_bytes: ClassVar = 64 * 1024
    """The most that a head may hold, or that may have come of one that is not complete."""

    _in_head = False
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _in_body = False
    _fault: _Refusal | None = None
    _refusal: _Refusal | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Begin a connection, which owes a head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes of requests; what follows a refused one is dropped."""
        if self._refusal:
            return
        super().data_received(data)
        if self._in_head and not self._refusal:
            self._take_of_head(len(data))

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._stop_timer()
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Take a head that is complete."""
        self._stop_timer()
        self._in_head = False
        if len(self.url) + sum(map(_length, self.headers)) > self.max_head_bytes:
            self._fault = _LARGE
            raise ValueError  # the way to stop the parser; it comes back as send_400_response
        super().on_headers_complete()
        self._in_body = True

    def on_message_complete(self) -> None:
        """End a request."""
        super().on_message_complete()
        self._in_body = False
        self._await_next()

    def on_response_complete(self) -> None:
        """End an answer."""
        super().on_response_complete()
        self._await_next()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(self._fault or (HTTPStatus.BAD_REQUEST, msg))

    def _take_of_head(self, count: int) -> None:
        self._head_bytes += count
        if self._head_bytes > self.max_head_bytes:
            self._refuse(_LARGE)
        elif self._head_timer is None and self._has_answered():
            self._expect_head()

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
        """Start the time of a head anew; it takes the place of uvicorn's keep-alive time-out."""
        self._unset_keepalive_if_required()
        self._stop_timer()
        self._head_timer = self.loop.call_later(self.timeout_keep_alive, self._head_is_late)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._in_head:
            self._refuse(_LATE)
        else:  # nobody waits for an answer
            self.transport.close()

    def _refuse(self, refusal: _Refusal) -> None:
        """Answer ``refusal`` as soon as what was asked before is answered, and close."""
        self._refusal = refusal
        if self._has_answered() or self._is_about_the_only_request():
            self._send_refusal(*refusal)

    def _is_about_the_only_request(self) -> bool:
        """Tell whether it is the body of the request that would be answered next."""
        return self._in_body and not self.cycle.response_started and not self.pipeline

    def _send_refusal(self, status: HTTPStatus, message: str) -> None:
        if not self._has_answered():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._stop_timer()
        self._unset_keepalive_if_required()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(message)),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], lines, message.encode()))
        self._close_gently()

    def _close_gently(self) -> None:
        """Close, but drop what still comes for a while: unread bytes would reset the connection.

        Source: RFC 9112, section 9.6.
        """
        self.transport.write_eof()
        self.flow.resume_reading()
        self._head_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _length(header: tuple[bytes, bytes]) -> int:
    name, value = header
    return len(name) + len(value)
