"""Rate limits over HTTP: what a request counts as, and what the answer tells of it.

Source: RateLimit header fields for HTTP, draft-ietf-httpapi-ratelimit-headers-10.
"""

from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.viewer import ANONYMOUS, Viewer
from core.errors import MediaError, RateLimitedError
from edge.errors import on_media_error
from edge.rate_classes import GRAPHQL, UNLIMITED, operation_class
from edge.request import METER, address_of, application_of, viewer_of
from services.limits.rate_limits import Meter

_COUNTED_BY_NOBODY: Final = UNLIMITED - {GRAPHQL}


class RateLimiting:
    """Counts every request before it is served, and tells in every answer how its caller stands."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it with 429."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        if not application_of(request).rate_limits.enabled:
            await self._app(scope, receive, send)
            return
        meter = await _meter(request)
        scope[METER] = meter

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start" and meter.standings:
                message = {**message, "headers": [*message["headers"], *_headers(meter)]}
            await send(message)

        kind = operation_class(scope["method"], scope["path"])
        try:
            if kind is not None:
                await meter.spend(kind)
        except RateLimitedError as error:
            response = await on_media_error(request, error)
            await response(scope, receive, telling)
            return
        await self._app(scope, receive, telling)


async def _meter(request: Request) -> Meter:
    caller, address = await _caller(request), address_of(request)
    return application_of(request).rate_limits.meter(caller, address)


async def _caller(request: Request) -> Viewer:
    if request.scope["path"] in _COUNTED_BY_NOBODY or "authorization" not in request.headers:
        return ANONYMOUS
    try:
        return await viewer_of(request)
    except MediaError:  # who serves the request will say so; until then it is nobody's
        return ANONYMOUS


def _headers(meter: Meter) -> list[tuple[bytes, bytes]]:
    policies = [
        f'"{kind}";q={one.rate.count};w={one.rate.seconds}' for kind, one in meter.standings.items()
    ]
    standings = [
        f'"{kind}";r={one.remaining};t={one.wait}' for kind, one in meter.standings.items()
    ]
    return [
        (b"ratelimit-policy", ", ".join(policies).encode()),
        (b"ratelimit", ", ".join(standings).encode()),
    ]
