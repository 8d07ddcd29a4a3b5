"""The session cookie of the browser app: it holds the refresh token, out of reach of scripts.

Source: RFC 6265bis, sections 5.6 and 8.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from edge.request import base_url
from services.accounts.sessions import Session

COOKIE: Final = "media_session"
_PATH: Final = "/v1/auth"


def session_cookie(request: Request) -> str | None:
    """Return the refresh token that the browser sent, or None."""
    return request.cookies.get(COOKIE)


def set_session_cookie(request: Request, response: Response, session: Session) -> None:
    """Let the browser keep the refresh token of ``session``, and send it to ``/v1/auth`` alone."""
    response.set_cookie(
        COOKIE,
        session.refresh_token or "",
        max_age=session.refresh_expires_in,
        path=_PATH,
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    """Let the browser forget the cookie."""
    response.delete_cookie(
        COOKIE, path=_PATH, secure=is_secure(request), httponly=True, samesite="strict"
    )


def is_secure(request: Request) -> bool:
    """Tell whether browsers reach this server over TLS."""
    return base_url(request).startswith("https:")
