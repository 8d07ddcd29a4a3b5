"""The incoming side that every route shares: application, caller, address, body."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import orjson
from starlette.requests import Request

from auth.viewer import Viewer
from core.errors import (
    BadMultipartError,
    PayloadTooLargeError,
    RequestTimeoutError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
)
from services.application import Application

MAX_JSON_BYTES: Final = 1024 * 1024

_HOST: Final = re.compile(r"[A-Za-z0-9.\-_]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


def application_of(request: Request) -> Application:
    """Return the running application that serves ``request``."""
    return cast("Application", request.app.state.application)


async def viewer_of(request: Request) -> Viewer:
    """Return who sent ``request``, from its headers alone: the body is not touched.

    Raises:
        UnauthenticatedError: The token is not valid, or its account is gone or disabled.
        RateLimitedError: Too many API keys from its address were not valid.
    """
    accounts = application_of(request).accounts
    return await accounts.viewer(request.headers.get("authorization"), address_of(request))


def address_of(request: Request) -> str:
    """Return the address that ``request`` came from; empty where the server does not know it."""
    return request.client.host if request.client else ""


def base_url(request: Request) -> str:
    """Return the address that links in the answer begin with, without a trailing slash."""
    configured = application_of(request).settings.public_url
    if configured:
        return configured
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        host = ":".join(str(part) for part in request.scope.get("server") or ("localhost", 80))
    return f"{request.url.scheme}://{host}"


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it arrives.

    Raises:
        UnsupportedMediaTypeError: It is compressed.
        RequestTimeoutError: Nothing came for the idle time-out.
        BadMultipartError: The client went away before the end.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaTypeError("Send the body without a Content-Encoding.")
    seconds = application_of(request).settings.idle_timeout_seconds
    more = True
    while more:
        message = await _receive(request, seconds)
        if message["type"] == "http.disconnect":
            raise BadMultipartError("The connection was closed before the body ended.")
        if message.get("body"):
            yield message["body"]
        more = message.get("more_body", False)


async def _receive(request: Request, seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds):
            return await request.receive()
    except TimeoutError:
        raise RequestTimeoutError(f"No part of the body came for {seconds} seconds.") from None


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
    """Return a body of at most 1 MiB; ``PayloadTooLargeError`` beyond."""
    collected = bytearray()
    async for chunk in body_of(request):
        collected += chunk
        if len(collected) > MAX_JSON_BYTES:
            raise PayloadTooLargeError(f"The body may be at most {MAX_JSON_BYTES} bytes long.")
    return bytes(collected)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in ``raw``, or raise ``ValidationFailedError``."""
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValidationFailedError(f"The body is not valid JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise ValidationFailedError("The body must be a JSON object.")
    return parsed
