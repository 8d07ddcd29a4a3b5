"""Access tokens: signed JSON Web Tokens (RFC 7519) naming an account."""

import hashlib
import time
from collections import OrderedDict
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import JWTClaimsRegistry

from core.errors import UnauthenticatedError
from core.ids import IdPrefix, is_id

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "media-api"
_LEEWAY_SECONDS: Final = 30
_MAX_TOKEN_LENGTH: Final = 4096
_CACHE_SIZE: Final = 10_000
_INVALID: Final = "The access token is not valid or has expired; sign in again."


class TokenSigner:
    """Makes and reads access tokens with one secret. Lifetime in seconds."""

    def __init__(self, secret: str, lifetime_seconds: int) -> None:
        self.lifetime_seconds = lifetime_seconds
        self._key_id = hashlib.sha256(secret.encode()).hexdigest()[:16]
        self._key = OctKey.import_key(secret)
        self._claims = JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": _ISSUER},
            sub={"essential": True},
            exp={"essential": True},
        )
        # Verifying costs more than everything else an ordinary request does before its SQL.
        self._verified: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def issue(self, account_id: str) -> str:
        """Return a token that names ``account_id`` until its lifetime is over."""
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "sub": account_id,
            "iat": now,
            "exp": now + self.lifetime_seconds,
        }
        header = {"alg": _ALGORITHM, "kid": self._key_id}
        return jwt.encode(header, claims, self._key, algorithms=[_ALGORITHM])

    def verify(self, token: str) -> str:
        """Return the account id that ``token`` names.

        Raises:
            UnauthenticatedError: The token is malformed, altered, foreign or expired.
        """
        known = self._verified.get(token)
        account_id, expires = known or self._decode(token)
        if expires + _LEEWAY_SECONDS < time.time():
            self._verified.pop(token, None)
            raise UnauthenticatedError(_INVALID)
        if known is None:
            self._remember(token, account_id, expires)
        return account_id

    def _decode(self, token: str) -> tuple[str, int]:
        if len(token) > _MAX_TOKEN_LENGTH:
            raise UnauthenticatedError(_INVALID)
        try:
            decoded = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            self._claims.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise UnauthenticatedError(_INVALID) from error
        if decoded.header.get("kid") != self._key_id:
            raise UnauthenticatedError(_INVALID)
        return _account(decoded.claims)

    def _remember(self, token: str, account_id: str, expires: int) -> None:
        self._verified[token] = (account_id, expires)
        if len(self._verified) > _CACHE_SIZE:
            self._verified.popitem(last=False)


def _account(claims: dict[str, Any]) -> tuple[str, int]:
    subject = claims["sub"]
    if not isinstance(subject, str) or not is_id(subject, IdPrefix.USER):
        raise UnauthenticatedError(_INVALID)
    return subject, int(claims["exp"])


def bearer_token(header: str | None) -> str | None:
    """Return the token of an ``Authorization`` header, or None without one (RFC 6750, 2.1).

    Raises:
        UnauthenticatedError: The header is there but holds no bearer token.
    """
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("The Authorization header must read: Bearer <token>.")
    return token.strip()
