"""Tests that decide when a system call goes on."""

import asyncio
import os
import threading
from typing import Any

import pytest


class Gate:
    """Wraps a system call so that a test decides when it goes on; the call itself is real."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.entered, self.opened = threading.Semaphore(0), threading.Event()
        self._real = getattr(os, name)
        monkeypatch.setattr(os, name, self._call)

    def _call(self, *args: Any) -> Any:
        self.entered.release()
        self.opened.wait(60)
        return self._real(*args)

    async def reached(self, threads: int = 1) -> None:
        """Return when so many threads stand at the gate."""
        for _ in range(threads):
            assert await asyncio.to_thread(self.entered.acquire, timeout=60)


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel ``task`` and see that it ends by it."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
