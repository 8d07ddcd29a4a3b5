"""The deadline of a result: when it passes, whose fault was it?"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from core.errors import BusyError
from processing.effort import measured
from processing.task import Failure, ProcessingError

Made = TypeVar("Made")


async def in_time(make: Callable[[], Awaitable[Made]], seconds: float) -> Made:
    """Return what ``make`` makes, or cancel it after ``seconds``.

    Raises:
        ProcessingError: The workers were at it all the time: it lies in the file.
        BusyError: It waited for others, or for the storage: another time it may succeed.
    """
    with measured() as effort:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await make()
        except TimeoutError:
            if not limit.expired():
                raise
            raise _lateness(undisturbed=effort.was_undisturbed) from None


def _lateness(*, undisturbed: bool) -> Exception:
    if undisturbed:
        return ProcessingError(
            Failure.TIMED_OUT, "The processing of the file took longer than it may."
        )
    return BusyError("Too much else is being processed to finish this file; try again later.")
