"""Failed attempts to sign in, bounded for each address by the counters that rate limits have.

What is guessed has 130 random bits or more, so this is about load and logs: after too many failures
within a minute, further ones get 429. What is right is never refused for the failures of
others at the same address.
"""

from typing import Final, NoReturn

from core.errors import MediaError, RateLimitedError
from core.rates import Rate
from services.limits.counters import Counters
from services.limits.rate_limits import network_of

FAILURES: Final = Rate(30, 60)
"""How many failures of an address are answered as what they are."""


class FailedAttempts:
    """Counts the failures of each address."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    async def require_patience(self, address: str) -> None:
        """Return unless ``address`` has failed too often: for what costs others more than us.

        Raises:
            RateLimitedError: It has.
        """
        count = await self._counters.spend(_key(address), FAILURES, 0)
        if not count.remaining:
            raise _too_many(count.wait)

    async def refuse(self, address: str, error: MediaError) -> NoReturn:
        """Count a failure of ``address`` and raise ``error``.

        Raises:
            RateLimitedError: Instead, past ``FAILURES``.
        """
        count = await self._counters.spend(_key(address), FAILURES, 1)
        raise error if count.allowed else _too_many(count.wait)


def _key(address: str) -> str:
    return f"failures of {network_of(address)}"


def _too_many(wait: int) -> RateLimitedError:
    return RateLimitedError(
        f"Too many failed attempts to sign in; try again in {wait} seconds.",
        retry_after_seconds=wait,
    )
