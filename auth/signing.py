"""Signed addresses: whoever has one may do what it says, until it expires.

A signature covers the facts of the file that must still hold, so that a change of them revokes
every address. Times of expiry lie in fixed buckets: within one, an address stays the same, and
browsers and caches keep what it gave. docs/adr/0009-signed-urls.md says why.
"""

import base64
import hashlib
import hmac
import time
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

    Source: HMAC, RFC 2104.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"media-api signed addresses", "sha256")

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
        # Lengths go in too, so that no two lists of facts read alike.
        message = "\n".join(f"{len(fact)}:{fact}" for fact in (str(expires), *facts))
        digest = hmac.digest(self._key, message.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def holds(self, signature: str, expires: int, *facts: str) -> bool:
        """Tell whether ``signature`` was made for these facts and has not expired."""
        expected = self.sign(expires, *facts)
        # Comparing text in constant time is for ASCII alone; all else raises.
        given = signature if signature.isascii() else ""
        return hmac.compare_digest(given, expected) and time.time() < expires
