"""Whether the server can serve now, found out by at most one probe at a time."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

from core.errors import MediaError, explained
from storage.base import StorageError

logger = logging.getLogger("media.readiness")

KEEP_SECONDS: Final = 2.0
"""How long a verdict is answered before the next caller starts another probe."""


class Verdict(StrEnum):
    """What the server says of itself."""

    READY = "ready"
    UNAVAILABLE = "unavailable"
    DRAINING = "draining"


class Readiness:
    """Runs ``probe`` for whoever asks, and answers everybody else with the same verdict.

    ``probe`` writes to the storage, and anybody may ask. Belongs to one event loop; ``aclose`` it.
    """

    def __init__(self, probe: Callable[[], Awaitable[None]]) -> None:
        self._probe = probe
        self._probing: asyncio.Task[None] | None = None
        self._verdict = Verdict.UNAVAILABLE
        self._until = float("-inf")
        self._draining = False

    async def verdict(self) -> Verdict:
        """Return the verdict of the running probe, of the last two seconds, or of a new probe.

        A cancelled caller leaves the probe to the others.
        """
        if not self._draining and time.monotonic() >= self._until:
            if self._probing is None or self._probing.done():
                self._probing = asyncio.create_task(self._judge())
            await asyncio.shield(self._probing)
        return Verdict.DRAINING if self._draining else self._verdict

    def drain(self) -> None:
        """Return ``DRAINING`` from now on, without any probe. Safe to call in a signal handler."""
        self._draining = True

    async def aclose(self) -> None:
        """End the probe that runs, if any."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)

    async def _judge(self) -> None:
        try:
            await self._probe()
        except (MediaError, StorageError) as error:
            if self._verdict is Verdict.READY:
                logger.warning("the server is not ready: %s", explained(error))
            self._verdict = Verdict.UNAVAILABLE
        else:
            self._verdict = Verdict.READY
        self._until = time.monotonic() + KEEP_SECONDS
