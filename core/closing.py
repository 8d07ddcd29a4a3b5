"""The end of what was opened: all of it, the last first, within a time that is set beforehand."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")

logger = logging.getLogger("media.closing")

CLOSE_SECONDS: Final = 0.5
"""How long closing may take in all while an engine hangs."""

_LAST_SECONDS: Final = 0.1
"""What each has when that time is over: enough to let go where nothing hangs."""


class Closing:
    """Closes what was added to it when the block ends, also when the start or a close fails.

    A failure to close is logged and keeps nothing else from being closed. What takes too long is
    cancelled and left: an engine that hangs must not keep the process.
    """

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._until: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    def add(self, name: str, close: Callable[[], Awaitable[Any]]) -> None:
        """Have ``close`` called at the end; the log calls it ``name``."""
        self._stack.push_async_callback(self._close, name, close)

    async def enter(self, name: str, context: AbstractAsyncContextManager[T]) -> T:
        """Enter ``context``, and leave it at the end as if its block had succeeded."""
        entered = await context.__aenter__()
        self.add(name, partial(context.__aexit__, None, None, None))
        return entered

    async def _close(self, name: str, close: Callable[[], Awaitable[Any]]) -> None:
        closing = asyncio.ensure_future(close())
        # Not by a timeout of asyncio's, which waits for what it has cancelled.
        await asyncio.wait({closing}, timeout=self._left())
        if not closing.done():
            closing.cancel()
            logger.warning("%s did not end in time and is left as it is", name)
        elif not closing.cancelled() and (failure := closing.exception()) is not None:
            logger.error("%s could not be closed", name, exc_info=failure)

    def _left(self) -> float:
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + CLOSE_SECONDS
        return max(self._until - now, _LAST_SECONDS)
