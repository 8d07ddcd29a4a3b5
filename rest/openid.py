"""Signing in by OpenID Connect: to the provider, and back with what it says.

The authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, section 3.1; RFC
7636). What is remembered meanwhile lies in the browser, encrypted: any server may take the way
back.
"""

import re
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.same_origin import require_own_way
from auth.sealing import Sealer
from core.errors import NotFoundError, UnauthenticatedError, ValidationFailedError
from core.settings import Settings
from edge.request import address_of, application_of, base_url
from rest.session_cookie import is_secure, session_cookie, set_session_cookie
from services.accounts.identities import Identity

if TYPE_CHECKING:
    from rest.openid_provider import OpenIdProvider

COOKIE: Final = "media_sign_in"
CALLBACK: Final = "/v1/auth/oidc/callback"
_PATH: Final = "/v1/auth/oidc"
_SECONDS: Final = 600
_RETURN_TO: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,999}")
_ERROR: Final = re.compile(r"[a-z_]{1,60}")


def provider_of(settings: Settings) -> "OpenIdProvider | None":
    """Return the provider that ``settings`` name, None if they name none."""
    if not settings.oidc_issuer:
        return None
    # Its libraries take a tenth of a second to load, which a server without one need not wait.
    from rest.openid_provider import OpenIdProvider  # noqa: PLC0415

    return OpenIdProvider(settings)


async def login(request: Request) -> Response:
    """Send the browser to the provider, and remember where it returns to and as which guest."""
    provider = _provider(request)
    # From elsewhere no strict cookie comes along, and a guest would be left without its files.
    require_own_way(request.headers)
    kept = {"return_to": _return_to(request), "guest": await _guest(request)}
    request.scope["session"] = {}
    response = await provider.redirect(request, base_url(request) + CALLBACK)
    for remembered in request.session.values():
        remembered["data"].pop("url", None)  # it is sent, and would make the cookie too large
    sealed = _sealer(request).seal({**kept, "session": request.session}, _SECONDS)
    _keep(request, response, sealed, _SECONDS)
    return response


async def callback(request: Request) -> Response:
    """Sign in whom the provider has sent back, and send the browser where it came from."""
    provider = _provider(request)
    kept = _sealer(request).open(request.cookies.get(COOKIE, ""))
    state = request.query_params.get("state", "")
    if kept is None or not provider.has_begun(kept["session"], state):
        raise ValidationFailedError(
            "This sign-in was not begun in this browser, or took longer than ten minutes: begin"
            " again."
        )
    error = request.query_params.get("error")
    if error is not None:
        return _returned(request, _with_error(kept["return_to"], error))
    request.scope["session"] = kept["session"]
    identity = await _identity(request, provider)
    session = await application_of(request).identities.sign_in(identity, kept["guest"])
    response = _returned(request, kept["return_to"])
    set_session_cookie(request, response, session)
    return response


async def _identity(request: Request, provider: "OpenIdProvider") -> Identity:
    attempts, address = application_of(request).attempts, address_of(request)
    await attempts.require_patience(address)  # each attempt costs the provider a request
    try:
        return Identity.of_claims(provider.issuer, await provider.claims(request))
    except UnauthenticatedError as error:
        await attempts.refuse(address, error)


def _provider(request: Request) -> "OpenIdProvider":
    provider: OpenIdProvider | None = request.app.state.openid
    if provider is None:
        raise NotFoundError("This server has no OpenID Connect provider (MEDIA_OIDC_ISSUER).")
    return provider


def _sealer(request: Request) -> Sealer:
    return application_of(request).sealer


async def _guest(request: Request) -> str | None:
    token = session_cookie(request)
    return await application_of(request).identities.guest_of(token) if token else None


def _return_to(request: Request) -> str:
    path = request.query_params.get("return_to", "/")
    if not _RETURN_TO.fullmatch(path):
        raise ValidationFailedError("return_to must be a path of this server, such as /app.")
    return path


def _returned(request: Request, path: str) -> Response:
    response = RedirectResponse(path, 303)
    _keep(request, response, "", 0)
    return response


def _with_error(path: str, error: str) -> str:
    reason = error if _ERROR.fullmatch(error) else "failed"
    before, hash_, fragment = path.partition("#")
    joined = "&" if "?" in before else "?"
    return f"{before}{joined}sign_in_error={reason}{hash_}{fragment}"


def _keep(request: Request, response: Response, sealed: str, seconds: int) -> None:
    response.headers["cache-control"] = "no-store"
    response.set_cookie(
        COOKIE,
        sealed,
        max_age=seconds,
        path=_PATH,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",  # the way back begins at another site
    )
