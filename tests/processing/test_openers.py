"""The files of tasks: opened when there is a place, closed before it is given back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import BinaryIO

import pytest

from core.errors import BusyError, UnavailableError
from processing.sandbox import Sandbox
from processing.task import TaskName
from processing.workers import Input, Outcome, Workers
from tests.processing.pool import children, copied, given, opened, until


class Files:
    """Opens the same file for every task, and counts."""

    def __init__(self, file: BinaryIO) -> None:
        self.opened = self.open = self.most = 0
        self.ready = asyncio.Event()
        self.ready.set()
        self._file = file

    async def work(self, workers: Workers, *, patient: bool = False, **spec: object) -> Outcome:
        """Have a worker work on the file."""
        return await workers.run(TaskName.PROBE, self._opener, spec, patient=patient)

    @asynccontextmanager
    async def _opener(self) -> AsyncIterator[Input]:
        self.opened += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await self.ready.wait()
            async with given(self._file) as made:
                yield made
        finally:
            self.open -= 1


@pytest.fixture
def files(file: BinaryIO) -> Files:
    return Files(file)


@pytest.mark.parametrize("patient", [True, False])
async def test_no_more_files_are_open_than_are_worked_on(
    best: Sandbox, files: Files, *, patient: bool
) -> None:
    async with opened(best, size=2, queue=10) as workers:
        tasks = [files.work(workers, patient=patient, do="copy") for _ in range(12)]
        for outcome in await asyncio.gather(*tasks):
            outcome.output.close()
    assert (files.opened, files.open) == (12, 0)
    assert files.most == 2


async def test_what_is_refused_is_not_opened(best: Sandbox, files: Files) -> None:
    async with opened(best, size=1, queue=1) as workers:
        tasks = [files.work(workers, do="copy") for _ in range(5)]
        made = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(each, BusyError) for each in made] == [False, False, True, True, True]
        for each in made[:2]:
            assert isinstance(each, Outcome)
            each.output.close()
    assert files.opened == 2


async def test_a_place_is_free_again_if_the_opening_is_cancelled(
    best: Sandbox, files: Files, file: BinaryIO
) -> None:
    async with opened(best, size=1) as workers:
        files.ready.clear()
        task = asyncio.create_task(files.work(workers, do="copy"))
        await until(lambda: files.open == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert files.open == 0
        assert not children()
        await copied(workers, file)


async def test_a_place_is_free_again_if_the_opening_fails(best: Sandbox, file: BinaryIO) -> None:
    @asynccontextmanager
    async def failing() -> AsyncIterator[Input]:
        raise UnavailableError("The storage is away.")
        yield

    async with opened(best, size=1) as workers:
        for _ in range(3):
            with pytest.raises(UnavailableError, match="The storage is away"):
                await workers.run(TaskName.PROBE, failing, {"do": "copy"})
        await copied(workers, file)


async def test_the_outcome_is_closed_if_the_file_cannot_be(best: Sandbox, file: BinaryIO) -> None:
    @asynccontextmanager
    async def failing() -> AsyncIterator[Input]:
        async with given(file) as made:
            yield made
        raise UnavailableError("The storage is away.")

    async with opened(best, size=1) as workers:
        with pytest.raises(UnavailableError, match="The storage is away"):
            await workers.run(TaskName.PROBE, failing, {"do": "copy"})
        await copied(workers, file)


async def test_no_worker_starts_for_a_file_that_was_opened_while_all_were_closed(
    best: Sandbox, files: Files
) -> None:
    async with opened(best, size=1) as workers:
        files.ready.clear()
        task = asyncio.create_task(files.work(workers, do="copy"))
        await until(lambda: files.open == 1)
        closing = asyncio.create_task(workers.close())
        await asyncio.sleep(0)
        files.ready.set()
        with pytest.raises(BusyError):
            await task
        await closing
    assert not children()


async def test_a_fresh_worker_has_the_file_opened_once_more(
    best: Sandbox, files: Files, file: BinaryIO
) -> None:
    async with opened(best, size=1) as workers:
        await copied(workers, file)
        work = partial(files.work, workers, do="need_a_fresh_worker", by="dying")
        (await work()).output.close()
    assert (files.opened, files.most) == (2, 1)
