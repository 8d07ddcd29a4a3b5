"""Signed addresses: whoever has one may do what it says, until it expires.

A signature covers the facts of the file that must still hold, so that a change of them revokes
every address. Times of expiry lie in fixed buckets: within one, an address stays the same, and
browsers and caches keep what it gave.
"""

import base64
import hashlib
import hmac
import time
from typing import Final

BUCKET_SECONDS: Final = 24 * 3600
"""An address holds for one to two buckets."""


class LinkSigner:
    """Signs and checks addresses with a key of its own, derived from the server's secret.

    Source: HMAC, RFC 2104.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"media-api signed addresses", "sha256")

    def expiry(self) -> int:
        """Return when an address made now expires, in seconds of Unix time."""
        return (int(time.time()) // BUCKET_SECONDS + 2) * BUCKET_SECONDS

    def sign(self, expires: int, *facts: str) -> str:
        """Return the signature of ``facts`` until ``expires``: 43 characters, fit for addresses."""
        # Lengths go in too, so that no two lists of facts read alike.
        message = "\n".join(f"{len(fact)}:{fact}" for fact in (str(expires), *facts))
        digest = hmac.digest(self._key, message.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def holds(self, signature: str, expires: int, *facts: str) -> bool:
        """Tell whether ``signature`` was made for these facts and has not expired."""
        expected = self.sign(expires, *facts).encode()
        return hmac.compare_digest(signature.encode(), expected) and time.time() < expires
