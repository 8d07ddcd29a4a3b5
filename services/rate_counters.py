"""Counters of what callers do: in this process, or in Redis for all processes together.

Both are the sliding window counter of ``limits``: the last window counts by the share of it that
still lies within the time looked back on.

A Redis that does not answer is left alone for a few seconds, while this process counts by itself:
limits hold meanwhile, but for each process alone, and no request fails or waits for it.
"""

import asyncio
import logging
import math
import time
from dataclasses import dataclass
from typing import Any, Final

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from core.rates import Rate

logger = logging.getLogger("media.limits")

_REDIS_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Count:
    """Whether operations were let in, how many more may come now, and the seconds to wait.

    Of what was refused, ``wait`` tells when it would be let in; else when there will be more room.
    """

    allowed: bool
    remaining: int
    wait: int


class Counters:
    """Counts operations by key; ``close`` it."""

    def __init__(self, redis_url: str = "") -> None:
        self._local = _Counter(MemoryStorage())
        self._redis = _redis(redis_url) if redis_url else None
        self._redis_from = 0.0

    async def spend(self, key: str, rate: Rate, cost: int) -> Count:
        """Count ``cost`` operations in if all of them fit."""
        if self._redis is not None and time.monotonic() >= self._redis_from:
            try:
                async with asyncio.timeout(_REDIS_SECONDS):
                    return await self._redis.spend(key, rate, cost)
            except (StorageError, TimeoutError, OSError) as error:
                self._redis_from = time.monotonic() + _RETRY_SECONDS
                logger.warning(
                    "Redis does not answer; this process counts by itself for %d s: %s",
                    _RETRY_SECONDS,
                    str(error) or type(error).__name__,
                )
        return await self._local.spend(key, rate, cost)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.close()


class _Counter:
    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    async def spend(self, key: str, rate: Rate, cost: int) -> Count:
        item = RateLimitItemPerSecond(rate.count, rate.seconds, namespace="media")
        allowed = await self._limiter.hit(item, key, cost=cost)
        window = _Window(
            rate, *await self._storage.get_sliding_window(item.key_for(key), rate.seconds)
        )
        return Count(allowed, window.remaining, window.wait(1 if allowed else cost))

    async def close(self) -> None:
        await self._storage.bridge.get_connection().aclose()


@dataclass(frozen=True, slots=True)
class _Window:
    """What is counted; the previous window has no weight left after ``previous_left`` seconds."""

    rate: Rate
    previous: int
    previous_left: float
    current: int
    current_left: float

    @property
    def remaining(self) -> int:
        weighted = self.previous * self.previous_left / self.rate.seconds
        return max(0, self.rate.count - math.floor(weighted + self.current))

    def wait(self, cost: int) -> int:
        """Return after how many seconds, at least one, ``cost`` operations fit."""
        seconds, room = self.rate.seconds, self.rate.count - cost
        if room < 0:
            return seconds
        if self.current <= room:
            share = (room - self.current) / self.previous if self.previous else 1
            return max(1, math.ceil(self.previous_left - share * seconds))
        until_next = self.current_left - seconds
        return max(1, math.ceil(until_next + seconds * (1 - room / self.current)))


def _redis(url: str) -> _Counter:
    storage = RedisStorage(url, wrap_exceptions=True, implementation="redispy")
    return _Counter(storage)
