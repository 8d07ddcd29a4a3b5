"""Counters of what callers do: in this process, or in Redis for all processes together.

Both are sliding window counters: the last window counts by the share of it that still lies within
the time looked back on. In Redis that is the one of ``limits``; its memory store looks at every key
at every hit, which takes milliseconds from some thousand callers on.

A Redis that does not answer is left alone for a few seconds, while this process counts by itself:
limits hold meanwhile, but for each process alone, and no request fails or waits for it.
"""

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.errors import UnavailableError
from core.rates import Rate
from core.settings import SettingsError
from services.limits.windows import Count, Window

if TYPE_CHECKING:
    from services.limits.redis import RedisCounter

logger = logging.getLogger("media.limits")

_RETRY_SECONDS: Final = 5.0
_FORGET_SECONDS: Final = 60.0


class Counters:
    """Counts operations by key; ``close`` it.

    Raises:
        SettingsError: A parameter of the URL is unknown, or its value cannot be used.
    """

    def __init__(self, redis_url: str = "") -> None:
        self._local = _LocalCounter()
        self._redis = _redis_counter(redis_url) if redis_url else None
        self._redis_from = 0.0

    async def spend(self, key: str, rate: Rate, cost: int) -> Count:
        """Count ``cost`` operations in if all of them fit; at no cost, only tell."""
        if self._redis is not None and time.monotonic() >= self._redis_from:
            try:
                return await self._redis.spend(key, rate, cost)
            except UnavailableError as error:
                self._leave_alone(error)
        return self._local.spend(key, rate, cost)

    def _leave_alone(self, error: UnavailableError) -> None:
        now = time.monotonic()
        if now < self._redis_from:
            return  # of those that asked at the same time the first has said so
        self._redis_from = now + _RETRY_SECONDS
        logger.warning(
            "Redis does not answer; this process counts by itself for %d s: %s",
            _RETRY_SECONDS,
            error,
        )

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.close()


class _LocalCounter:
    def __init__(self) -> None:
        self._windows: dict[tuple[str, Rate], tuple[int, int, int]] = {}
        self._forget_at = 0.0

    def spend(self, key: str, rate: Rate, cost: int) -> Count:
        now = time.monotonic()
        self._forget(now)
        number, passed = divmod(now, rate.seconds)
        last, previous, current = self._windows.get((key, rate), (int(number), 0, 0))
        if last != number:
            previous, current = (current if last == number - 1 else 0), 0
        left = rate.seconds - passed
        window = Window(rate, previous, left, current, left + rate.seconds)
        allowed = window.weighted + cost <= rate.count
        current += cost if allowed else 0
        self._windows[key, rate] = int(number), previous, current
        return replace(window, current=current).told(cost, allowed=allowed)

    def _forget(self, now: float) -> None:
        """Drop what counts for nothing any more, now and again."""
        if now < self._forget_at:
            return
        self._forget_at = now + _FORGET_SECONDS
        self._windows = {
            (key, rate): window
            for (key, rate), window in self._windows.items()
            if window[0] >= now // rate.seconds - 1
        }


def _redis_counter(url: str) -> "RedisCounter":
    # Its libraries take a tenth of a second and 10 MB, which most servers need not spend.
    from services.limits.redis import RedisCounter  # noqa: PLC0415

    try:
        return RedisCounter(url)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"MEDIA_REDIS_URL: {error}") from None
