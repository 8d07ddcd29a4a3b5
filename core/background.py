"""Work in the background of a block: it has an owner, who ends it and hears of its faults."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

logger = logging.getLogger("media.background")


@asynccontextmanager
async def meanwhile(*work: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run ``work`` while the block runs; it is cancelled, and over, when the block has ended.

    A fault of the work is logged with its traceback as soon as it happens, and does not end the
    block. Whoever cancels the caller while it waits for the end of the work does cancel it.
    """
    tasks = [asyncio.create_task(one) for one in work]
    for task in tasks:
        task.add_done_callback(_log_fault)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _log_fault(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        logger.error("work in the background failed: %s", task.get_name(), exc_info=fault)
