"""Counters of what callers do: in this process, or in Redis for all processes together.

Both are sliding window counters: the last window counts by the share of it that still lies within
the time looked back on. In Redis that is the one of ``limits``; its memory store looks at every key
at every hit, which takes milliseconds from some thousand callers on.

A Redis that does not answer is left alone for a few seconds, while this process counts by itself:
limits hold meanwhile, but for each process alone, and no request fails or waits for it.
"""

import asyncio
import logging
import math
import time
from dataclasses import dataclass, replace
from typing import Any, Final

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import BlockingConnectionPool

from core.rates import Rate

logger = logging.getLogger("media.limits")

_REDIS_SECONDS: Final = 1.0
_REDIS_CONNECTIONS: Final = 16
_RETRY_SECONDS: Final = 5.0
_FORGET_SECONDS: Final = 60.0


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
        self._local = _LocalCounter()
        self._redis = _RedisCounter(redis_url) if redis_url else None
        self._redis_from = 0.0

    async def spend(self, key: str, rate: Rate, cost: int) -> Count:
        """Count ``cost`` operations in if all of them fit; at no cost, only tell."""
        if self._redis is not None and time.monotonic() >= self._redis_from:
            try:
                async with asyncio.timeout(_REDIS_SECONDS):
                    return await self._redis.spend(key, rate, cost)
            except (StorageError, TimeoutError, OSError) as error:
                self._leave_alone(error)
        return self._local.spend(key, rate, cost)

    def _leave_alone(self, error: Exception) -> None:
        now = time.monotonic()
        if now < self._redis_from:
            return  # of those that asked at the same time the first has said so
        self._redis_from = now + _RETRY_SECONDS
        logger.warning(
            "Redis does not answer; this process counts by itself for %d s: %s",
            _RETRY_SECONDS,
            str(error) or type(error).__name__,
        )

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.close()


class _RedisCounter:
    def __init__(self, url: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=_REDIS_CONNECTIONS, timeout=_REDIS_SECONDS
        )
        pool: Any = self._pool  # the library hands it on, whatever its hints say
        self._storage = RedisStorage(
            url, wrap_exceptions=True, implementation="redispy", connection_pool=pool
        )
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def spend(self, key: str, rate: Rate, cost: int) -> Count:
        item = RateLimitItemPerSecond(rate.count, rate.seconds, namespace="media")
        allowed = await self._limiter.hit(item, key, cost=cost)
        found = await self._storage.get_sliding_window(item.key_for(key), rate.seconds)
        return _Window(rate, *found).told(cost, allowed=allowed)

    async def close(self) -> None:
        await self._pool.disconnect()


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
        window = _Window(rate, previous, left, current, left + rate.seconds)
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


@dataclass(frozen=True, slots=True)
class _Window:
    """What is counted; the previous window has no weight left after ``previous_left`` seconds."""

    rate: Rate
    previous: int
    previous_left: float
    current: int
    current_left: float

    @property
    def weighted(self) -> float:
        return self.previous * self.previous_left / self.rate.seconds + self.current

    def told(self, cost: int, *, allowed: bool) -> Count:
        remaining = max(0, self.rate.count - math.floor(self.weighted))
        return Count(allowed, remaining, self.wait(1 if allowed else cost))

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
