"""What is told of every request: an id, a line in the log, figures for Prometheus, a trace."""

import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from time import perf_counter
from typing import Any, Final

from prometheus_client import Counter, Histogram
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import ErrorCode
from core.metrics import RECEIVED_BYTES, REQUEST_SECONDS, REQUESTS, SENT_BYTES
from core.observation import OBSERVATION, Observation
from server.tracing import Tracing

logger = logging.getLogger("media.access")

REQUEST_ID: Final = b"x-request-id"

_USABLE: Final = re.compile(rb"[A-Za-z0-9._~-]{1,128}")
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}.*")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_GONE: Final = 499  # nginx's word for a client that left before its answer began
_FAULT: Final = 500


class Observe:
    """Notes each request and tells of it when its answer has gone out.

    ``log_level`` is that of the line; ``counting`` says whether anybody reads the figures.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        routes: Sequence[Route],
        log_level: int,
        counting: bool,
        tracing: Tracing | None,
    ) -> None:
        self._app = app
        self._names: dict[Any, str] = {route.endpoint: route.path for route in routes}
        self._log_level = log_level
        self._figures = _Figures() if counting else None
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        seen = _begun(headers)
        exchange = _Exchange(seen, receive, send)
        token = OBSERVATION.set(seen)
        tracing = self._tracing
        with tracing.span(scope, headers, seen) if tracing else nullcontext() as span:
            try:
                await self._app(scope, exchange.receive, exchange.send)
            except Exception:
                exchange.failed()
                raise  # still noted for this task, so that the log of the fault has its id
            else:
                OBSERVATION.reset(token)
            finally:
                self._tell(scope, seen, exchange)
                if tracing:
                    tracing.end(span, seen, exchange.status)

    def _tell(self, scope: Scope, seen: Observation, exchange: "_Exchange") -> None:
        seconds = perf_counter() - exchange.began
        seen.operation = seen.operation or self._operation(scope)
        if self._figures is not None:
            self._figures.count(seen.operation, exchange, seconds)
        if logger.isEnabledFor(self._log_level):
            _log(self._log_level, scope, seen, exchange, seconds)

    def _operation(self, scope: Scope) -> str:
        path = self._names.get(scope.get("endpoint"), "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        return f"{method} {path}"


class _Exchange:
    """The bytes of one request and its answer, counted as they pass."""

    def __init__(self, seen: Observation, receive: Receive, send: Send) -> None:
        self.began = perf_counter()
        self.status = _GONE
        self.bytes_in = 0
        self.bytes_out = 0
        self._seen = seen
        self._id = (REQUEST_ID, seen.request_id.encode())
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        self.bytes_in += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), self._id]}
        else:
            self.bytes_out += len(message.get("body", b""))
        await self._send(message)

    def failed(self) -> None:
        """Note a fault: its answer is made by who catches it, if none had begun."""
        self.status = _FAULT
        self._seen.code = ErrorCode.INTERNAL.value


class _Figures:
    """The figures of each operation, looked up once."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], Counter] = {}
        self._others: dict[str, tuple[Histogram, Counter, Counter]] = {}

    def count(self, operation: str, exchange: _Exchange, seconds: float) -> None:
        place = (operation, exchange.status // 100)
        requests = self._requests.get(place)
        if requests is None:
            requests = self._requests[place] = REQUESTS.labels(operation, f"{place[1]}xx")
        if operation not in self._others:
            self._others[operation] = (
                REQUEST_SECONDS.labels(operation),
                RECEIVED_BYTES.labels(operation),
                SENT_BYTES.labels(operation),
            )
        duration, received, sent = self._others[operation]
        requests.inc()
        duration.observe(seconds)
        received.inc(exchange.bytes_in)
        sent.inc(exchange.bytes_out)


def _begun(headers: Mapping[bytes, bytes]) -> Observation:
    given = headers.get(REQUEST_ID, b"")
    own_id = given.decode() if _USABLE.fullmatch(given) else secrets.token_hex(16)
    seen = Observation(own_id)
    found = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    if found and int(found[1], 16) and int(found[2], 16):
        seen.trace_id, seen.span_id = found[1].decode(), found[2].decode()
    return seen


def _log(level: int, scope: Scope, seen: Observation, exchange: _Exchange, seconds: float) -> None:
    method, path, milliseconds = scope["method"], scope["path"], round(seconds * 1000, 2)
    fields = {
        "method": method,
        "path": path,  # without the query, which may hold signatures
        "operation": seen.operation,
        "status": exchange.status,
        "code": seen.code,
        "account": seen.account_id,
        "duration_ms": milliseconds,
        "bytes_in": exchange.bytes_in,
        "bytes_out": exchange.bytes_out,
    }
    if seen.root_fields:
        fields["graphql"] = {"name": seen.document_name, "fields": seen.root_fields}
    message = "%s %s: %s in %s ms"
    token = OBSERVATION.set(seen)
    logger.log(
        level, message, method, path, exchange.status, milliseconds, extra={"fields": fields}
    )
    OBSERVATION.reset(token)
