"""Refresh tokens: random, named by their session, each giving the next.

A token is the id of its session and a secret. Its successor's secret is derived from it with a key
of the server, so that who presents it twice in a moment, as two tabs do, gets the same successor,
though only digests are stored.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from auth.signing import derived_key
from core.ids import IdPrefix, is_id

_SECRET_LENGTH = 43


def digest_of(token: str) -> str:
    """Return what is stored of a token of 128 random bits or more: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def session_of(token: str) -> str | None:
    """Return the id of the session that ``token`` is of by its shape; None for anything else."""
    session_id, _, secret = token.partition(".")
    shaped = is_id(session_id, IdPrefix.SESSION) and len(secret) == _SECRET_LENGTH
    return session_id if shaped else None


class RefreshTokens:
    """Makes refresh tokens with keys derived from the server's secret and those before it."""

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        self._keys = [derived_key(one, "refresh tokens") for one in (secret, *previous)]

    @staticmethod
    def first(session_id: str) -> str:
        """Return the first token of a session."""
        return f"{session_id}.{_text(secrets.token_bytes(32))}"

    def successors(self, token: str) -> list[str]:
        """Return what follows ``token``, by the key of now and by those before."""
        session_id = session_of(token)
        digests = [hmac.digest(key, token.encode(), "sha256") for key in self._keys]
        return [f"{session_id}.{_text(digest)}" for digest in digests]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
