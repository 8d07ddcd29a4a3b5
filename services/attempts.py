"""Failed attempts to sign in, bounded for each address, in the memory of one process.

What is guessed has 256 random bits, so this is about load and logs: after too many failures within
a minute, further ones are told to wait. What is right is never refused for the failures of others
at the same address.
"""

import math
import time
from collections import OrderedDict
from typing import Final, NoReturn

from core.errors import MediaError, RateLimitedError

MOST: Final = 30
SECONDS: Final = 60
_ADDRESSES: Final = 10_000


class FailedAttempts:
    """Counts the failures of each address in a window that begins with its first."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def require_patience(self, address: str) -> None:
        """Return unless ``address`` has failed too often: for what costs others more than us.

        Raises:
            RateLimitedError: It has.
        """
        began, count = self._counted.get(address, (0.0, 0))
        left = began + SECONDS - time.monotonic()
        if count >= MOST and left > 0:
            raise _too_many(left)

    def refuse(self, address: str, error: MediaError) -> NoReturn:
        """Count a failure of ``address`` and raise ``error``.

        Raises:
            RateLimitedError: Instead, after ``MOST`` failures in ``SECONDS``.
        """
        now = time.monotonic()
        began, count = self._counted.pop(address, (now, 0))
        if now - began >= SECONDS:
            began, count = now, 0
        self._counted[address] = (began, count + 1)
        if len(self._counted) > _ADDRESSES:
            self._counted.popitem(last=False)
        raise _too_many(began + SECONDS - now) if count >= MOST else error


def _too_many(left: float) -> RateLimitedError:
    wait = max(1, math.ceil(left))
    return RateLimitedError(
        f"Too many failed attempts to sign in; try again in {wait} seconds.",
        retry_after_seconds=wait,
    )
