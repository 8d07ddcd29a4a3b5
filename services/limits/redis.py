"""The counter that all processes share: the sliding windows of ``limits``, in Redis."""

import asyncio
from typing import Any, Final

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError, StorageError
from redis.asyncio import BlockingConnectionPool
from redis.exceptions import RedisError

from core.errors import UnavailableError
from core.rates import Rate
from services.limits.windows import Count, Window

_SECONDS: Final = 1.0
_CONNECTIONS: Final = 16


class RedisCounter:
    """Counts operations by key in the Redis at ``url``; ``close`` it.

    Raises:
        ValueError, TypeError: A parameter of the URL is unknown, or its value cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._pool = BlockingConnectionPool.from_url(
            url, max_connections=_CONNECTIONS, timeout=_SECONDS
        )
        _require_usable(self._pool)
        pool: Any = self._pool  # the library hands it on, whatever its hints say
        try:
            self._storage = RedisStorage(
                url, wrap_exceptions=True, implementation="redispy", connection_pool=pool
            )
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    async def spend(self, key: str, rate: Rate, cost: int) -> Count:
        """Count ``cost`` operations in if all of them fit; at no cost, only tell.

        Raises:
            UnavailableError: Redis has not answered within a second.
        """
        item = RateLimitItemPerSecond(rate.count, rate.seconds, namespace="media")
        try:
            async with asyncio.timeout(_SECONDS):
                allowed = await self._limiter.hit(item, key, cost=cost)
                found = await self._storage.get_sliding_window(item.key_for(key), rate.seconds)
        except (StorageError, TimeoutError, OSError) as error:
            raise UnavailableError(str(error) or type(error).__name__) from error
        return Window(rate, *found).told(cost, allowed=allowed)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.disconnect()


def _require_usable(pool: Any) -> None:
    try:
        # It connects to nothing yet, but reads the parameters.
        pool.make_connection()
    except RedisError as error:
        raise ValueError(str(error)) from None
