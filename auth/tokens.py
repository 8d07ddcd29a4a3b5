"""Access tokens: signed JSON Web Tokens (RFC 7519) naming an account and its session."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey
from joserfc.jwt import JWTClaimsRegistry

from core.errors import UnauthenticatedError
from core.ids import IdPrefix, is_id

_ALGORITHM: Final = "HS256"
_ISSUER: Final = "media-api"
_LEEWAY_SECONDS: Final = 30
_MAX_TOKEN_LENGTH: Final = 4096
_CACHE_SIZE: Final = 10_000
_INVALID: Final = "The access token is not valid or has expired; sign in again."


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """Whom a token names: an account, its session, and how often its tokens have ended before."""

    account_id: str
    session_id: str | None = None
    version: int = 0


class TokenSigner:
    """Makes access tokens with one secret, and reads those of earlier ones too, by their ``kid``.

    Lifetime in seconds.
    """

    def __init__(self, secret: str, lifetime_seconds: int, previous: Sequence[str] = ()) -> None:
        self.lifetime_seconds = lifetime_seconds
        self._key_id = _key_id(secret)
        self._keys = {_key_id(one): OctKey.import_key(one) for one in (secret, *previous)}
        self._claims = JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": _ISSUER},
            sub={"essential": True},
            exp={"essential": True},
        )
        # Verifying costs more than everything else an ordinary request does before its SQL.
        self._verified: OrderedDict[str, tuple[TokenClaims, int]] = OrderedDict()

    def issue(
        self,
        account_id: str,
        session_id: str | None = None,
        version: int = 0,
        lifetime_seconds: int | None = None,
    ) -> str:
        """Return a token that names ``account_id`` until its lifetime is over."""
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "sub": account_id,
            "iat": now,
            "exp": now + (lifetime_seconds or self.lifetime_seconds),
            **({"sid": session_id} if session_id else {}),
            **({"ver": version} if version else {}),
        }
        header = {"alg": _ALGORITHM, "kid": self._key_id}
        return jwt.encode(header, claims, self._keys[self._key_id], algorithms=[_ALGORITHM])

    def verify(self, token: str) -> TokenClaims:
        """Return whom ``token`` names.

        Raises:
            UnauthenticatedError: The token is malformed, altered, foreign or expired.
        """
        known = self._verified.get(token)
        claims, expires = known or self._decode(token)
        if expires + _LEEWAY_SECONDS < time.time():
            self._verified.pop(token, None)
            raise UnauthenticatedError(_INVALID)
        if known is None:
            self._remember(token, claims, expires)
        return claims

    def _decode(self, token: str) -> tuple[TokenClaims, int]:
        if len(token) > _MAX_TOKEN_LENGTH:
            raise UnauthenticatedError(_INVALID)
        try:
            decoded = jwt.decode(token, self._find_key, algorithms=[_ALGORITHM])
            self._claims.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise UnauthenticatedError(_INVALID) from error
        return _read(decoded.claims), int(decoded.claims["exp"])

    def _find_key(self, signed: GuestProtocol) -> OctKey:
        key = self._keys.get(str(signed.headers().get("kid")))
        if key is None:
            raise ValueError("an unknown kid")
        return key

    def _remember(self, token: str, claims: TokenClaims, expires: int) -> None:
        self._verified[token] = (claims, expires)
        if len(self._verified) > _CACHE_SIZE:
            self._verified.popitem(last=False)


def _key_id(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _read(claims: dict[str, Any]) -> TokenClaims:
    subject, session, version = claims["sub"], claims.get("sid"), claims.get("ver", 0)
    named = isinstance(subject, str) and is_id(subject, IdPrefix.USER)
    held = session is None or (isinstance(session, str) and is_id(session, IdPrefix.SESSION))
    if not named or not held or type(version) is not int:
        raise UnauthenticatedError(_INVALID)
    return TokenClaims(subject, session, version)


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
