"""Checks of a request's head that not every ASGI server makes.

Each refuses a head that another program on the way could read differently.
"""

import re
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import MediaError, UnsupportedTransferEncodingError, ValidationFailedError
from edge.errors import on_media_error

_AUTHORITY: Final = re.compile(
    rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?"
)


class CheckHead:
    """Refuses HTTP/1 requests whose ``Host`` or ``Transfer-Encoding`` is not usable.

    - 400: several Host headers, one that is no host, or none in HTTP/1.1 (RFC 9112, section 3.2;
      RFC 3986, section 3.2.2).
    - 501: a transfer coding other than ``chunked`` (RFC 9112, section 6.1).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it without reading its body."""
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        response = await on_media_error(Request(scope), refusal)
        await response(scope, receive, send)


def _refusal(scope: Scope) -> MediaError | None:
    codings = _values(scope, b"transfer-encoding")
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        return UnsupportedTransferEncodingError("The only Transfer-Encoding served is chunked.")
    fault = _host_fault(scope)
    return None if fault is None else ValidationFailedError(fault)


def _host_fault(scope: Scope) -> str | None:
    hosts = _values(scope, b"host")
    if len(hosts) > 1:
        return "Send one Host header; there are several."
    if not hosts or not hosts[0]:  # some servers pass an empty one where the client sent none
        return "Send a Host header." if scope["http_version"] == "1.1" else None
    return None if _AUTHORITY.fullmatch(hosts[0]) else "Host must be a name or an address."


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for field, value in scope["headers"] if field == name]
