"""Work in the background of a block is ended by its owner, and its faults are heard."""

import asyncio
import logging

import pytest

from core.background import meanwhile


async def test_the_work_is_over_when_the_block_has_ended() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # as one does who gives something back
            ended.set()

    async with meanwhile(work()):
        await begun.wait()
    assert ended.is_set()


async def test_a_fault_of_the_work_is_logged_at_once_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def work() -> None:
        raise LookupError

    async with meanwhile(work()):
        while not caplog.records:
            await asyncio.sleep(0)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


async def test_whoever_is_cancelled_while_the_work_ends_stays_cancelled() -> None:
    ending, may_end = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await may_end.wait()

    async def own() -> None:
        async with meanwhile(work()):
            await asyncio.sleep(0)

    owner = asyncio.create_task(own())
    await ending.wait()
    owner.cancel()
    with pytest.raises(asyncio.CancelledError):
        await owner
    may_end.set()
