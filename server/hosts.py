"""The Host header: one, and readable; who else looks at the request could take it for another's."""

import re
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import ValidationFailedError
from server.errors import on_media_error

_AUTHORITY: Final = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?"
)


class RequireHost:
    """Refuses requests of HTTP/1 with several Host headers, one that is no host, or none in 1.1.

    Source: RFC 9112, section 3.2; RFC 3986, section 3.2.2.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it with 400."""
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        response = await on_media_error(Request(scope), ValidationFailedError(refusal))
        await response(scope, receive, send)


def _refusal(scope: Scope) -> str | None:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) > 1:
        return "Send one Host header; there are several."
    if not hosts or not hosts[0]:  # some servers make an empty one of none
        return "Send a Host header." if scope["http_version"] == "1.1" else None
    return None if _AUTHORITY.fullmatch(hosts[0]) else "Host must be a name or an address."
