"""Everything that was opened is closed, whatever fails or hangs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from core import closing as module
from core.closing import Closing


def closer(
    closed: list[str], name: str, failure: Exception | None = None
) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        closed.append(name)
        if failure:
            raise failure

    return close


async def test_the_last_is_closed_first_and_a_failure_keeps_no_other_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    closed: list[str] = []
    async with Closing() as closing:
        closing.add("first", closer(closed, "first"))
        closing.add("second", closer(closed, "second", LookupError()))
        closing.add("third", closer(closed, "third"))
    assert closed == ["third", "second", "first"]
    (record,) = caplog.records
    assert record.getMessage() == "second could not be closed"
    assert record.exc_info is not None


async def test_what_was_opened_before_a_failed_start_is_closed_too() -> None:
    closed: list[str] = []
    with pytest.raises(LookupError):
        async with Closing() as closing:
            closing.add("first", closer(closed, "first"))
            raise LookupError
    assert closed == ["first"]


async def test_a_context_is_left_at_its_turn() -> None:
    closed: list[str] = []

    @asynccontextmanager
    async def entered() -> AsyncIterator[int]:
        yield 7
        closed.append("second")

    async with Closing() as closing:
        closing.add("first", closer(closed, "first"))
        assert await closing.enter("second", entered()) == 7
    assert closed == ["second", "first"]


async def test_what_hangs_is_left_and_all_else_is_closed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0)
    monkeypatch.setattr(module, "_LAST_SECONDS", 0.01)
    closed: list[str] = []
    resumed = asyncio.Event()

    async def hang() -> None:
        while not resumed.is_set():  # though it is cancelled, as one does that rolls back
            try:
                await resumed.wait()
            except asyncio.CancelledError:
                closed.append("cancelled")

    async with Closing() as closing:
        closing.add("first", closer(closed, "first"))
        closing.add("an engine", hang)
    assert closed == ["cancelled", "first"]
    assert caplog.messages == ["an engine did not end in time and is left as it is"]
    resumed.set()
