"""Signing in and out over REST: guests, refreshing, what is offered (RFC 6749, section 5.1)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from auth.policy import Policy
from auth.same_origin import require_same_origin
from core.errors import UnauthenticatedError, ValidationFailedError
from edge.request import address_of, application_of, optional_json_object, viewer_of
from rest.fields import check_names
from rest.responses import JsonResponse, enveloped
from rest.session_cookie import clear_session_cookie, session_cookie, set_session_cookie
from services.accounts.sessions import Session

_NO_STORE: Final = {"cache-control": "no-store"}
_COOKIE: Final = "cookie"
_TOKEN: Final = "token"  # noqa: S105 - the name of a choice


async def guest_login(request: Request) -> Response:
    """Make a guest account and answer a bearer token that lasts."""
    session = await application_of(request).accounts.sign_in_guest()
    return JsonResponse(_tokens(session), headers=_NO_STORE)


async def guest(request: Request) -> Response:
    """Make a guest account and answer a short-lived bearer token, and what renews it."""
    given = await optional_json_object(request)
    check_names(given, ("session",))
    by_cookie = wants_cookie(given)
    if by_cookie:
        require_same_origin(request.headers, application_of(request).settings.public_url)
    session = await application_of(request).accounts.sign_in_guest(refreshable=True)
    return session_answer(request, session, by_cookie=by_cookie)


async def refresh(request: Request) -> Response:
    """Answer a session's next tokens, by the refresh token in the body or the cookie."""
    token, by_cookie = await _refresh_token(request)
    if token is None:
        raise UnauthenticatedError("Send a refresh token: refresh_token in the body, or a cookie.")
    session = await application_of(request).accounts.refresh(token, address_of(request))
    return session_answer(request, session, by_cookie=by_cookie)


async def logout(request: Request) -> Response:
    """End the session that the refresh token, the cookie or else the bearer token is of."""
    token, by_cookie = await _refresh_token(request)
    accounts = application_of(request).accounts
    if token is not None:
        await accounts.sign_out(token)
    else:
        viewer = await viewer_of(request)
        Policy.require_account(viewer)
        await accounts.end_session(viewer)
    response = Response(status_code=204)
    if by_cookie:
        clear_session_cookie(request, response)
    return response


async def options(request: Request) -> Response:
    """Answer which ways there are to sign in."""
    settings = application_of(request).settings
    login = {"name": settings.oidc_name, "url": "/v1/auth/oidc/login"}
    offered = {"guest": settings.guest_login, "oidc": login if settings.oidc_issuer else None}
    return enveloped(offered)


def wants_cookie(given: Mapping[str, Any]) -> bool:
    """Return whether a sign-in asks to keep its session in a cookie (``session``)."""
    wanted = given.get("session", _TOKEN)
    if wanted not in (_COOKIE, _TOKEN):
        raise ValidationFailedError("session must be cookie or token.")
    return bool(wanted == _COOKIE)


async def _refresh_token(request: Request) -> tuple[str | None, bool]:
    """Return the refresh token that came, and whether the cookie brought it."""
    given = await optional_json_object(request)
    check_names(given, ("refresh_token",))
    token = given.get("refresh_token")
    if not isinstance(token, str | None):
        raise ValidationFailedError("refresh_token must be a string.")
    held = session_cookie(request)
    if token is not None or held is None:
        return token, False
    require_same_origin(request.headers, application_of(request).settings.public_url)
    return held, True


def session_answer(request: Request, session: Session, *, by_cookie: bool) -> Response:
    """Return the tokens of a session; its refresh token in the body or, ``by_cookie``, in one."""
    tokens = {**_tokens(session), "kind": session.kind.value}
    if not by_cookie:
        tokens |= {
            "refresh_token": session.refresh_token,
            "refresh_expires_in": session.refresh_expires_in,
        }
    response = JsonResponse(tokens, headers=_NO_STORE)
    if by_cookie:
        set_session_cookie(request, response, session)
    return response


def _tokens(session: Session) -> dict[str, Any]:
    return {
        "access_token": session.access_token,
        "token_type": "bearer",
        "expires_in": session.expires_in,
        "user_id": session.account_id,
    }


async def usage(request: Request) -> Response:
    """Answer what the caller's account stores and may store."""
    viewer = await viewer_of(request)
    return enveloped(asdict(await application_of(request).quotas.usage(viewer)))
