"""A large file is written to the disk while it comes in, so that its commit has little to wait for.

Nothing but time would show it from outside, so the tests look at the advice that is given.
"""

import errno
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage.filesystem import FilesystemStorage
from tests.storage.conformance import get, new_key, put, some_bytes

MIB = 1024 * 1024


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[FilesystemStorage]:
    storage = FilesystemStorage(tmp_path / "data")
    yield storage
    await storage.close()


def recorded(
    monkeypatch: pytest.MonkeyPatch, advise: Callable[[int, int, int, int], None]
) -> list[tuple[int, int]]:
    """Return a list that grows by the start and length of each range that advice is given for."""
    ranges: list[tuple[int, int]] = []

    def call(number: int, start: int, length: int, advice: int) -> None:
        ranges.append((start, length))
        advise(number, start, length, advice)

    monkeypatch.setattr(os, "posix_fadvise", call)
    return ranges


async def test_a_large_file_is_on_its_way_to_the_disk_before_the_commit(
    storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges = recorded(monkeypatch, os.posix_fadvise)
    piece, key = some_bytes(5 * MIB - 1), new_key()
    async with await storage.stage(key) as staged:
        for _ in range(5):
            await staged.write(piece)
        assert ranges == [(0, 2 * len(piece)), (2 * len(piece), 2 * len(piece))]
        await staged.commit()
    assert await get(storage, key) == 5 * piece


async def test_a_small_file_waits_for_its_commit(
    storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranges = recorded(monkeypatch, os.posix_fadvise)
    await put(storage, some_bytes(MIB))
    assert ranges == []


async def test_a_file_system_that_takes_no_advice_takes_large_files(
    storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.ENOSYS, "no advice here")

    ranges = recorded(monkeypatch, refuse)
    content = some_bytes(9 * MIB)
    assert await get(storage, await put(storage, content)) == content
    assert ranges
