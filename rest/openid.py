"""Signing in by OpenID Connect: to the provider, and back with what it says.

The authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0, section 3.1; RFC
7636), by Authlib. What is remembered meanwhile lies in the browser, encrypted: any server may
take the way back.
"""

import logging
import re
from typing import Any, Final

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.same_origin import require_own_way
from auth.sealing import Sealer
from core.errors import NotFoundError, UnauthenticatedError, UnavailableError, ValidationFailedError
from core.settings import Settings
from rest.session_cookie import is_secure, session_cookie, set_session_cookie
from services.identities import Identity
from streaming.request import address_of, application_of, base_url

logger = logging.getLogger("media.accounts")

COOKIE: Final = "media_sign_in"
CALLBACK: Final = "/v1/auth/oidc/callback"
_PATH: Final = "/v1/auth/oidc"
_NAME: Final = "media"
_SECONDS: Final = 600
_PROVIDER_SECONDS: Final = 10.0
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_RETURN_TO: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,999}")
_ERROR: Final = re.compile(r"[a-z_]{1,60}")
_UNTRUSTED: Final = ("none", "HS256", "HS384", "HS512")


class OpenIdProvider:
    """The provider that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.oidc_issuer
        self._client = OAuth().register(
            _NAME,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret or None,
            server_metadata_url=self.issuer + _WELL_KNOWN,
            client_kwargs={
                "scope": settings.oidc_scopes,
                "code_challenge_method": "S256",
                "timeout": _PROVIDER_SECONDS,
            },
        )

    async def redirect(self, request: Request, callback: str) -> Response:
        """Send the browser to the provider; ``request.session`` holds what is to be remembered.

        Raises:
            UnavailableError: The provider does not answer as one.
        """
        try:
            await self._discover()
            response: Response = await self._client.authorize_redirect(request, callback)
        except (httpx2.HTTPError, ValueError, RuntimeError) as error:
            raise _unreachable(error) from error
        return response

    async def claims(self, request: Request) -> dict[str, Any]:
        """Return what the provider says of who signed in, verified.

        Raises:
            UnauthenticatedError: It does not stand by the sign-in.
            UnavailableError: The provider does not answer as one.
        """
        try:
            await self._discover()
            token = await self._client.authorize_access_token(request)
            claims = dict(token.get("userinfo") or {})
            return claims | await self._more(token, claims)
        except (AuthlibBaseError, JoseError) as error:
            logger.warning("a sign-in by %s was refused: %s", self.issuer, error)
            raise UnauthenticatedError("The provider did not confirm the sign-in.") from error
        except (httpx2.HTTPError, ValueError, RuntimeError) as error:
            raise _unreachable(error) from error

    async def _discover(self) -> None:
        metadata = await self._client.load_server_metadata()
        if str(metadata.get("issuer")).rstrip("/") != self.issuer:  # OpenID Connect Discovery, 4.3
            raise ValueError(f"it calls itself {metadata.get('issuer')}")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        trusted = [one for one in offered if one not in _UNTRUSTED]
        metadata["id_token_signing_alg_values_supported"] = trusted

    async def _more(self, token: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
        """Return the claims that a provider keeps out of its ID tokens."""
        metadata = await self._client.load_server_metadata()
        if "sub" not in claims or "email" in claims or not metadata.get("userinfo_endpoint"):
            return {}
        more = dict(await self._client.userinfo(token=token))
        return more if more.get("sub") == claims["sub"] else {}


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
    if kept is None or f"_state_{_NAME}_{state}" not in kept["session"]:
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


async def _identity(request: Request, provider: OpenIdProvider) -> Identity:
    attempts, address = application_of(request).attempts, address_of(request)
    await attempts.require_patience(address)  # each attempt costs the provider a request
    try:
        return Identity.of_claims(provider.issuer, await provider.claims(request))
    except UnauthenticatedError as error:
        await attempts.refuse(address, error)


def _provider(request: Request) -> OpenIdProvider:
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


def _unreachable(error: Exception) -> UnavailableError:
    logger.warning("the OpenID Connect provider does not answer as one: %s", error)
    return UnavailableError("The sign-in provider does not answer now; try again soon.")
