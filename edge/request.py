"""The incoming side that every route shares: application, caller, address, body."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import orjson
from starlette.requests import Request

from auth.viewer import Viewer
from core.errors import (
    BadMultipartError,
    MediaError,
    PayloadTooLargeError,
    RequestTimeoutError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
)
from core.observation import note_account
from services.application import Application
from services.limits.rate_limits import Meter, OperationClass

MAX_JSON_BYTES: Final = 1024 * 1024
_SLOWEST_BYTES: Final = 1024
"""What a client must send of a body in a second, on average over the idle time-out."""

METER: Final = "media.meter"
"""Where a request's scope has what counts its operations."""

_VIEWER: Final = "media.viewer"
_HOST: Final = re.compile(r"[A-Za-z0-9.\-_]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


def application_of(request: Request) -> Application:
    """Return the running application that serves ``request``."""
    return cast("Application", request.app.state.application)


async def viewer_of(request: Request) -> Viewer:
    """Return who sent ``request``, from its headers alone: the body is not touched.

    It is found out once a request: a wrong token counts as one failed attempt, however many ask.

    Raises:
        UnauthenticatedError: The token is not valid, or its account is gone or disabled.
        RateLimitedError: Too many API keys from its address were not valid.
    """
    known: Viewer | MediaError | None = request.scope.get(_VIEWER)
    if known is None:
        known = request.scope[_VIEWER] = await _recognised(request)
    if isinstance(known, MediaError):
        raise known
    return known


async def _recognised(request: Request) -> Viewer | MediaError:
    accounts, authorization = application_of(request).accounts, request.headers.get("authorization")
    try:
        viewer = await accounts.viewer(authorization, address_of(request))
    except MediaError as error:
        return error
    note_account(viewer.id)
    return viewer


def address_of(request: Request) -> str:
    """Return the address that ``request`` came from; empty where the server does not know it."""
    return request.client.host if request.client else ""


async def spend(request: Request, kind: OperationClass, cost: int = 1) -> None:
    """Count operations of the caller; ``RateLimitedError`` if they are too many now."""
    meter = meter_of(request)
    if meter is not None:
        await meter.spend(kind, cost)


def meter_of(request: Request) -> Meter | None:
    """Return what counts the operations of ``request``; None where no limits hold."""
    return cast("Meter | None", request.scope.get(METER))


def base_url(request: Request) -> str:
    """Return the address that links in the answer begin with, without a trailing slash."""
    configured = application_of(request).settings.public_url
    if configured:
        return configured
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = ":".join(str(part) for part in request.scope.get("server") or ("localhost", 80))
    return f"{request.scope['scheme']}://{host}"


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it arrives.

    Raises:
        UnsupportedMediaTypeError: It is compressed.
        RequestTimeoutError: Less than 1 KiB a second came for the idle time-out.
        BadMultipartError: The client went away before the end.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaTypeError("Send the body without a Content-Encoding.")
    patience = _Patience(application_of(request).settings.idle_timeout_seconds)
    more = True
    while more:
        message = await patience.receive(request)
        if message["type"] == "http.disconnect":
            raise BadMultipartError("The connection was closed before the body ended.")
        if message.get("body"):
            yield message["body"]
        more = message.get("more_body", False)


def length_of(request: Request) -> int | None:
    """Return how many bytes the body has; None where only its end will tell."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


class _Patience:
    """Waits ``seconds`` in all for every ``seconds`` KiB of a body; its own work does not count."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._renew()

    async def receive(self, request: Request) -> Any:
        """Return the next message, or raise ``RequestTimeoutError``."""
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                message = await request.receive()
        except TimeoutError:
            raise RequestTimeoutError(
                f"Less than {self._seconds} KiB of the body came in {self._seconds} seconds."
            ) from None
        self._left -= time.monotonic() - begun
        self._missing -= len(message.get("body", b""))
        if self._missing <= 0:
            self._renew()
        return message

    def _renew(self) -> None:
        self._left = self._seconds
        self._missing = self._seconds * _SLOWEST_BYTES


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object that the body holds.

    Raises:
        UnsupportedMediaTypeError: The content type is not JSON.
        PayloadTooLargeError: The body is larger than 1 MiB.
        ValidationFailedError: The body is not valid JSON, or not an object.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise UnsupportedMediaTypeError("Send a JSON body with Content-Type: application/json.")
    return parse_object(await small_body(request))


async def optional_json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object that the body holds, or an empty one for no body; see above."""
    if "content-type" not in request.headers and not await small_body(request):
        return {}
    return await json_object(request)


async def small_body(request: Request) -> bytes:
    """Return a body of at most 1 MiB; ``PayloadTooLargeError`` beyond, from its length if known."""
    collected = bytearray()
    _require_small(length_of(request) or 0)
    async for chunk in body_of(request):
        collected += chunk
        _require_small(len(collected))
    return bytes(collected)


def _require_small(length: int) -> None:
    if length > MAX_JSON_BYTES:
        raise PayloadTooLargeError(f"The body may be at most {MAX_JSON_BYTES} bytes long.")


def parse_object(raw: bytes, what: str = "The body") -> dict[str, Any]:
    """Return the JSON object in ``raw``, or raise ``ValidationFailedError`` that says ``what``."""
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValidationFailedError(f"{what} is not valid JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise ValidationFailedError(f"{what} must be a JSON object.")
    return parsed
