"""A pool of workers whose tasks are hostile, and eyes on what they leave behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from processing.sandbox import Sandbox
from processing.task import ProcessingError, TaskName
from processing.workers import Input, Outcome, Workers
from tests.processing import hostile_tasks

CONTENT = b"the quick brown fox"
_NEIGHBOURS: set[int] = set()


@asynccontextmanager
async def opened(sandbox: Sandbox, **options: Any) -> AsyncIterator[Workers]:
    options = {"size": 2, "queue": 10, "tasks": hostile_tasks.TASKS, **options}
    workers = Workers(sandbox=sandbox, **options)
    try:
        yield workers
    finally:
        await workers.close()


async def perform(
    workers: Workers, file: BinaryIO, deadline: float = 20, *, patient: bool = False, **spec: Any
) -> Outcome:
    opener = partial(given, file)
    return await workers.run(TaskName.PROBE, opener, spec, deadline=deadline, patient=patient)


@asynccontextmanager
async def given(file: BinaryIO) -> AsyncIterator[Input]:
    yield Input(file.fileno(), "text/plain", "fox.txt", len(CONTENT))


async def copied(workers: Workers, file: BinaryIO) -> dict[str, Any]:
    with await perform(workers, file, do="copy") as outcome:
        assert outcome.output.read() == CONTENT.upper()
        return outcome.result


async def failure(workers: Workers, file: BinaryIO, **spec: Any) -> ProcessingError:
    with pytest.raises(ProcessingError) as raised:
        await perform(workers, file, **spec)
    return raised.value


def holders_of(path: Path) -> list[str]:
    """Return the processes that have ``path`` open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if link.readlink() == path:
                found.append(link.parts[2])
        except OSError:
            continue  # the process has gone meanwhile
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def children() -> set[int]:
    """Return the processes that this test has started, not the servers of other tests."""
    return _all_children() - _NEIGHBOURS


def overlook_children() -> None:
    """Leave whatever runs by now out of ``children``."""
    _NEIGHBOURS.clear()
    _NEIGHBOURS.update(_all_children())


def _all_children() -> set[int]:
    lists = Path("/proc/self/task").glob("*/children")
    return {int(each) for path in lists for each in path.read_text().split()}


def descendants(pid: int) -> set[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    found = {int(each) for path in lists for each in path.read_text().split()}
    return found.union(*map(descendants, found))


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
