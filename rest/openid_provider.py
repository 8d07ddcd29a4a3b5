"""The OpenID Connect provider, by Authlib (OpenID Connect Core 1.0, section 3.1; RFC 7636)."""

import logging
from typing import Any, Final

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from core.errors import UnauthenticatedError, UnavailableError
from core.settings import Settings

logger = logging.getLogger("media.accounts")

_NAME: Final = "media"
_PROVIDER_SECONDS: Final = 10.0
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
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

    def has_begun(self, session: dict[str, Any], state: str) -> bool:
        """Return whether ``session`` remembers the sign-in that ``state`` stands for."""
        return f"_state_{_NAME}_{state}" in session

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


def _unreachable(error: Exception) -> UnavailableError:
    logger.warning("the OpenID Connect provider does not answer as one: %s", error)
    return UnavailableError("The sign-in provider does not answer now; try again soon.")
