"""How long the tasks of one result had a worker, and how long they waited for one."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal


@dataclass(slots=True)
class Effort:
    """Seconds of all tasks of a result, those at the same time added up."""

    working: float = 0.0
    waiting: float = 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def was_undisturbed(self) -> bool:
        """Whether the workers were at it most of the time, and others had them little of it."""
        return self.working > 2 * self.waiting and self.working > self._elapsed / 2

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self.began


_current: Final[ContextVar[Effort | None]] = ContextVar("effort", default=None)


@contextmanager
def measured() -> Iterator[Effort]:
    """Measure the tasks that are begun within the block."""
    effort = Effort()
    token = _current.set(effort)
    try:
        yield effort
    finally:
        _current.reset(token)


@contextmanager
def at_work() -> Iterator[None]:
    """Count the block as work on the result that is measured, if one is."""
    began = time.monotonic()
    try:
        yield
    finally:
        if effort := _current.get():
            effort.working += time.monotonic() - began


@contextmanager
def in_line() -> Iterator[None]:
    """Count the block as waiting for a worker."""
    began = time.monotonic()
    try:
        yield
    finally:
        if effort := _current.get():
            effort.waiting += time.monotonic() - began


class Turns(asyncio.Semaphore):
    """A semaphore before the workers: who waits for it waits for a worker."""

    async def acquire(self) -> Literal[True]:
        """Take a turn, when there is one."""
        with in_line():
            return await super().acquire()
