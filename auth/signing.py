"""Signed addresses: whoever has one may do what it says, until it expires.

A signature covers the facts of the file that must still hold, so that a change of them revokes
every address. Times of expiry lie in fixed buckets: within one, an address stays the same, and
browsers and caches keep what it gave. docs/adr/0009-signed-urls.md says why.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import Final

from core.errors import ForbiddenError
from models.file import StoredFile

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 24 * HOUR
BUCKET_SECONDS: Final = DAY
"""The address of a preview holds for one to two buckets."""

MIN_LIFETIME: Final = MINUTE
MAX_LIFETIME: Final = 7 * DAY
"""What may be asked for, in seconds; no address holds for longer than the most."""

# Up to which length asked for, which bucket. Six days rounded up to a whole day are still seven.
_BUCKETS: Final = ((HOUR, MINUTE), (DAY, HOUR), (MAX_LIFETIME - DAY, DAY), (MAX_LIFETIME, HOUR))

_INVALID_LINK: Final = "This address has expired or is not valid; ask for a new one."


def invalid_link() -> ForbiddenError:
    """Return the refusal of an address, the same whatever is wrong with it or its file."""
    return ForbiddenError(_INVALID_LINK)


def version_of(file: StoredFile) -> tuple[str, ...]:
    """Return the facts of ``file`` that every address to it is bound to.

    They change with its bytes, with its visibility, and when its links are revoked.
    """
    return (file.id, file.blob_id, file.visibility.value, str(file.links_version))


class LinkSigner:
    """Signs and checks addresses with a key of its own, derived from the server's secret.

    What was signed with a key of a previous secret holds too. Source: HMAC, RFC 2104.
    """

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        self._keys = [derived_key(one, "signed addresses") for one in (secret, *previous)]

    def expiry(self) -> int:
        """Return when an address made now expires, in seconds of Unix time."""
        return (int(time.time()) // BUCKET_SECONDS + 2) * BUCKET_SECONDS

    @staticmethod
    def expiry_after(seconds: int) -> int:
        """Return when an address that shall hold for ``seconds`` expires, in Unix time.

        Rounded up to whole minutes (asked for up to an hour), hours (up to a day), days (up to
        six), or hours again; rounded down where it would pass ``MAX_LIFETIME`` from now.
        """
        bucket = next(size for longest, size in _BUCKETS if seconds <= longest)
        now = int(time.time())
        rounded_up = -(-(now + seconds) // bucket) * bucket
        return min(rounded_up, (now + MAX_LIFETIME) // bucket * bucket)

    def sign(self, expires: int, *facts: str) -> str:
        """Return the signature of ``facts`` until ``expires``: 43 characters, fit for addresses."""
        return _signature(self._keys[0], expires, facts)

    def holds(self, signature: str, expires: int, *facts: str) -> bool:
        """Tell whether ``signature`` was made for these facts and has not expired."""
        # Comparing text in constant time is for ASCII alone; all else raises.
        given = signature if signature.isascii() else ""
        expected = [_signature(key, expires, facts) for key in self._keys]
        return any(hmac.compare_digest(given, one) for one in expected) and time.time() < expires


def derived_key(secret: str, purpose: str) -> bytes:
    """Return the key that the server's secret gives for one purpose and no other."""
    return hmac.digest(secret.encode(), f"media-api {purpose}".encode(), "sha256")


def _signature(key: bytes, expires: int, facts: Sequence[str]) -> str:
    # Lengths go in too, so that no two lists of facts read alike.
    message = "\n".join(f"{len(fact)}:{fact}" for fact in (str(expires), *facts))
    digest = hmac.digest(key, message.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
