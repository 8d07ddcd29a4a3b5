"""Blocking calls on files, away from the event loop, and descriptors that outlive none of them."""

import asyncio
import errno
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TypeVar

from storage.base import OutOfSpaceError, StorageError

T = TypeVar("T")

_THREADS = 32  # they wait on the disk, not the processor; a few long flushes must not stop reads
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Descriptor:
    """A file descriptor that is closed when it was let go of and no call uses it any more.

    Closing one under a running call is never right: the number may name another file by then.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._lock = Lock()
        self._users = 0
        self._open = True

    def __enter__(self) -> int:
        with self._lock:
            if not self._open:
                raise StorageError("the file is closed")
            self._users += 1
            return self._number

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._open and not self._users:
                os.close(self._number)

    def close(self) -> None:
        """Close now, or when the last running call ends. Closing twice is not an error."""
        with self._lock:
            was_open, self._open = self._open, False
            if was_open and not self._users:
                os.close(self._number)


class Threads:
    """Where blocking calls run; ``OSError`` comes out of them as ``StorageError``."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "storage")

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Start ``work``; a result that nobody asks for is dropped without a word."""
        try:
            return self._pool.submit(translated, work)
        except RuntimeError as error:
            raise StorageError("the storage is closed") from error

    async def run(self, work: Callable[[], T], undo: Callable[[T], None] | None = None) -> T:
        """Return ``work``'s result; if cancelled meanwhile, hand what it yet makes to ``undo``."""
        future = self.submit(work)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if undo is not None:
                future.add_done_callback(partial(_undo, undo))
            raise

    async def settle(self, work: Callable[[], None]) -> None:
        """Run ``work`` whatever happens: cancellation does not stop it, nor does a closed pool."""
        try:
            future = self._pool.submit(work)
        except RuntimeError:
            work()
        else:
            await asyncio.shield(asyncio.wrap_future(future))

    async def close(self) -> None:
        """Wait for the calls that still run, then end the threads."""
        await asyncio.to_thread(self._pool.shutdown)


def _undo(undo: Callable[[T], None], future: Future[T]) -> None:
    if not future.cancelled() and future.exception() is None:
        undo(future.result())


def translated(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, with ``StorageError`` for the system's errors."""
    try:
        return work()
    except OSError as error:
        meaning = OutOfSpaceError if error.errno in _NO_ROOM else StorageError
        raise meaning(str(error)) from error
