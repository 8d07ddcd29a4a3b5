"""Databases for tests on both engines, and tasks that are cancelled at a chosen step."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from models.database import Database


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables: the test runs once on each engine."""
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/media.db"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without rows, a copy of a migrated one: once on each engine."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "media.db")
        return f"sqlite://{tmp_path}/media.db"
    url: str = request.getfixturevalue("migrated_postgres_database")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of SQLite that has its tables: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "media.db"
    migrate(f"sqlite://{path}")
    return path


def migrate(url: str) -> None:
    """Migrate the database at ``url``, in a process of its own: here an event loop may run."""
    subprocess.run(
        [sys.executable, "-m", "cli.main", "migrate"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "MEDIA_DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        check=True,
    )


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Connect, migrate and in any case close the database at ``url``."""
    database = Database(url)
    try:
        await database.connect()
        await database.migrate()
        yield database
    finally:
        await database.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A connected and migrated database."""
    async with opened(database_url) as ready:
        yield ready


class When(StrEnum):
    """When a cancellation meets a task that waits: before what it waits for is done, or after."""

    BEFORE = "before"
    AFTER = "after"


class _Interrupted:
    """Awaits ``work`` and cancels the running task at its ``step``-th suspension."""

    def __init__(self, work: Awaitable[Any], step: int, when: When) -> None:
        self.reached = False
        self._work = work
        self._step = step
        self._when = when

    def __await__(self) -> Generator[Any, None, Any]:
        waiting = self._work.__await__()
        task = asyncio.current_task()
        assert task is not None
        steps = 0
        try:
            future = next(waiting)
            while True:
                steps += 1
                if steps == self._step:
                    self.reached = True
                    self._cancel(task, future)
                try:
                    yield future
                except BaseException as error:  # noqa: BLE001 - handed on to the work itself
                    future = waiting.throw(error)
                else:
                    future = waiting.send(None)
        except StopIteration as end:
            return end.value

    def _cancel(self, task: asyncio.Task[Any], future: asyncio.Future[Any] | None) -> None:
        if self._when is When.BEFORE:
            task.cancel()
        elif future is None:  # a bare yield to the event loop
            asyncio.get_running_loop().call_soon(task.cancel)
        else:  # its result has come, and the cancellation overtakes it
            future.add_done_callback(lambda _: task.cancel())


async def cancelled_at(step: int, when: When, work: Awaitable[Any]) -> bool:
    """Run ``work`` in this task and cancel it at its ``step``-th suspension; tell if it has one.

    The task goes on, as after a time-out: whatever ``work`` left behind in it stays.
    """
    interrupted = _Interrupted(work, step, when)
    task = asyncio.current_task()
    assert task is not None
    try:
        await interrupted
        await asyncio.sleep(0)  # a cancellation that came with the last result
    except asyncio.CancelledError:
        task.uncancel()
    return interrupted.reached


async def cancel_at_every_step(
    when: When, work: Callable[[], Awaitable[Any]], check: Callable[[], Awaitable[None]]
) -> int:
    """Run ``work`` cancelled at its first suspension, its second, and so on to the last.

    ``check`` follows each run. Return how many suspensions there were.
    """
    step = 1
    while await cancelled_at(step, when, work()):
        await check()
        step += 1
    await check()
    return step - 1
