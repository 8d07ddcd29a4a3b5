"""The filesystem back end runs the contract's suite, and shows what only a file system can."""

import asyncio
import errno
import os
import stat
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.base import (
    READ_CHUNK_BYTES,
    ObjectTruncatedError,
    OutOfSpaceError,
    StorageError,
)
from storage.filesystem import FilesystemStorage
from tests.mounting import small_disk
from tests.storage.conformance import (
    SEVERAL_CHUNKS,
    StorageContract,
    get,
    listed,
    new_key,
    put,
    read,
    some_bytes,
)
from tests.storage.gates import Gate, cancelled


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def storage(root: Path) -> AsyncIterator[FilesystemStorage]:
    storage = FilesystemStorage(root)
    yield storage
    await assert_nothing_left(storage, root)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """Mount 1 MiB. Whoever may not mount has ENOSPC held by the injected failures below alone."""
    with small_disk(tmp_path / "tiny", 1) as folder:
        yield folder


class TestFilesystemStorage(StorageContract):
    """Every sentence of the contract, held by a folder."""


def descriptors_into(root: Path) -> list[Path]:
    """Return what of ``root`` this process has open."""
    links = Path("/proc/self/fd").iterdir()
    targets = (link.readlink() for link in links if link.is_symlink())  # the listing's own is gone
    return [target for target in targets if target.is_relative_to(root)]


def stored(root: Path) -> dict[str, bytes]:
    """Return what lies under the keys, seen without the storage."""
    return {path.name: path.read_bytes() for path in (root / "objects").glob("??/*")}


def staged_files(root: Path) -> list[Path]:
    return list((root / "staging").iterdir())


async def assert_nothing_left(storage: FilesystemStorage, root: Path) -> None:
    """Let the threads end; then neither a descriptor nor a staged file may be left."""
    await storage.close()
    assert descriptors_into(root) == []
    assert staged_files(root) == []


def record(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path]]:
    """Return a list that grows by each call that flushes, makes or removes a name; all are real."""
    calls: list[tuple[str, Path]] = []

    def recorded(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def call(*args: Any, **options: Any) -> None:
            named = Path(f"/proc/self/fd/{args[0]}").readlink() if name == "fsync" else args[-1]
            real(*args, **options)
            calls.append((name, named))

        monkeypatch.setattr(owner, name, call)

    for name in ("fsync", "link", "rename", "replace"):
        recorded(os, name)
    recorded(Path, "unlink")
    return calls


def modes(root: Path) -> set[str]:
    return {stat.filemode(path.stat().st_mode) for path in (root, *root.rglob("*"))}


def fail(monkeypatch: pytest.MonkeyPatch, name: str, code: int, *, of: int) -> list[int]:
    """Let calls ``os.name`` fail that meet a file of type ``of``; return a list of them."""
    real, failed = getattr(os, name), list[int]()

    def failing(number: int, *args: Any) -> Any:
        if stat.S_IFMT(os.fstat(number).st_mode) == of:
            failed.append(number)
            raise OSError(code, os.strerror(code))
        return real(number, *args)

    monkeypatch.setattr(os, name, failing)
    return failed


async def test_a_commit_flushes_the_file_publishes_it_and_flushes_its_folder(
    storage: FilesystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    staged = await storage.stage(key)
    await staged.write(b"abc")
    (path,), shard = staged_files(root), root / "objects" / key[:2]
    calls = record(monkeypatch)
    await staged.commit()
    assert calls == [("fsync", path), ("link", shard / key), ("fsync", shard), ("unlink", path)]


def test_new_folders_are_flushed_into_their_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = record(monkeypatch)
    FilesystemStorage(tmp_path / "new" / "data")
    flushed = [path.relative_to(tmp_path) for _, path in calls]
    assert flushed == [Path(), Path("new"), Path("new/data/objects"), Path("new/data")]
    shards = {path.name for path in (tmp_path / "new/data/objects").iterdir()}
    assert shards == {f"{number:02x}" for number in range(256)}


@pytest.mark.parametrize("of", [stat.S_IFREG, stat.S_IFDIR])
async def test_a_failed_flush_of_the_file_or_its_folder_is_final(
    storage: FilesystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch, of: int
) -> None:
    failed = fail(monkeypatch, "fsync", errno.EIO, of=of)
    async with await storage.stage(new_key()) as staged:
        await staged.write(b"abc")
        for _ in range(2):
            with pytest.raises(StorageError):
                await staged.commit()
        with pytest.raises(StorageError):
            await staged.write(b"def")
    assert len(failed) == 1
    assert stored(root) == {}
    assert staged_files(root) == []


async def test_a_full_disk_is_out_of_space_and_then_works_again(tiny: Path) -> None:
    storage = FilesystemStorage(tiny)
    async with await storage.stage(new_key()) as staged:
        with pytest.raises(OutOfSpaceError):
            await staged.write(some_bytes(2 * 1024**2))
        with pytest.raises(OutOfSpaceError):
            await storage.check()
        with pytest.raises(StorageError):
            await staged.commit()
    assert staged_files(tiny) == []
    await storage.check()
    assert await get(storage, await put(storage, b"small")) == b"small"
    await storage.close()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["write", "fsync"])
async def test_no_room_and_no_quota_are_out_of_space(
    storage: FilesystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    fail(monkeypatch, call, code, of=stat.S_IFREG)
    with pytest.raises(OutOfSpaceError):
        await put(storage, b"abc")
    with pytest.raises(OutOfSpaceError):
        await storage.check()
    assert staged_files(root) == []  # what failed is gone at once, not only swept


async def test_short_writes_lose_nothing(
    storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, content = os.write, some_bytes(10_000)
    monkeypatch.setattr(os, "write", lambda number, data: real(number, data[:999]))
    assert await get(storage, await put(storage, content)) == content


async def test_only_the_owner_may_look(storage: FilesystemStorage, root: Path) -> None:
    await put(storage, b"abc")
    async with await storage.stage(new_key()):
        assert modes(root) == {"drwx------", "-rw-------"}


async def test_objects_survive_a_new_start(root: Path) -> None:
    first = FilesystemStorage(root)
    keys = [await put(first, some_bytes(size)) for size in (0, 1, SEVERAL_CHUNKS)]
    await first.close()
    second = FilesystemStorage(root)
    assert [len(await get(second, key)) for key in keys] == [0, 1, SEVERAL_CHUNKS]
    assert set(await listed(second)) == set(keys)
    await second.close()


def test_a_root_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        FilesystemStorage(tmp_path / "file" / "data")


async def test_foreign_files_are_not_listed(storage: FilesystemStorage, root: Path) -> None:
    key = await put(storage, b"abc")
    shard = root / "objects" / "00"
    (shard / ".DS_Store").write_bytes(b"foreign")
    (shard / ("f" * 32)).write_bytes(b"a key in the wrong folder")
    (shard / ("0" * 32)).mkdir()
    (root / "objects" / "README").write_bytes(b"foreign")
    assert set(await listed(storage)) == {key}


async def test_the_sweep_goes_by_the_last_write(storage: FilesystemStorage, root: Path) -> None:
    old = await storage.stage(new_key())
    (path,) = staged_files(root)
    os.utime(path, (time.time() - 7200,) * 2)
    assert await storage.sweep_staging(timedelta(hours=3)) == 0
    async with await storage.stage(new_key()) as fresh:
        assert await storage.sweep_staging(timedelta(hours=1)) == 1
        await fresh.commit()
    await old.discard()


async def test_a_shrunken_file_ends_the_read_with_an_error(
    storage: FilesystemStorage, root: Path
) -> None:
    key = await put(storage, some_bytes(SEVERAL_CHUNKS))
    async with await storage.open(key) as opened:
        os.truncate(root / "objects" / key[:2] / key, READ_CHUNK_BYTES + 1)
        chunks = opened.read()
        assert [len(await anext(chunks)), len(await anext(chunks))] == [READ_CHUNK_BYTES, 1]
        with pytest.raises(ObjectTruncatedError):
            await anext(chunks)


async def test_the_next_chunk_is_read_ahead_and_a_small_range_is_one_call(
    storage: FilesystemStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls, made = os.pread, list[tuple[int, int]](), threading.Semaphore(0)

    def recorded(number: int, count: int, offset: int) -> bytes:
        calls.append((count, offset))
        made.release()
        return real(number, count, offset)

    key = await put(storage, some_bytes(SEVERAL_CHUNKS))
    monkeypatch.setattr(os, "pread", recorded)
    async with await storage.open(key) as opened:
        assert len(await read(opened, 7, 7 + READ_CHUNK_BYTES)) == READ_CHUNK_BYTES
        assert calls == [(READ_CHUNK_BYTES, 7)]
        await anext(opened.read())
        for _ in range(3):  # nobody asked for the second chunk yet
            assert await asyncio.to_thread(made.acquire, timeout=60)
        assert calls[1:] == [(READ_CHUNK_BYTES, 0), (READ_CHUNK_BYTES, READ_CHUNK_BYTES)]


async def test_a_file_is_not_closed_under_a_running_read(
    storage: FilesystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await storage.open(await put(storage, b"abc"))
    gate = Gate(monkeypatch, "pread")
    reading = asyncio.create_task(read(opened))
    await gate.reached()
    await opened.close()
    assert len(descriptors_into(root)) == 1
    gate.opened.set()
    assert await reading == b"abc"
    assert descriptors_into(root) == []
    with pytest.raises(StorageError):
        await read(opened)


async def test_a_read_left_early_leaves_nothing_open(
    storage: FilesystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await storage.open(await put(storage, some_bytes(SEVERAL_CHUNKS)))
    chunks = opened.read()
    assert isinstance(chunks, AsyncGenerator)
    await anext(chunks)
    gate = Gate(monkeypatch, "pread")
    reading = asyncio.create_task(read(opened))
    await gate.reached()
    await chunks.aclose()
    await cancelled(reading)
    await opened.close()
    gate.opened.set()
    await assert_nothing_left(storage, root)


async def test_opens_cancelled_at_any_moment_leave_nothing_open(
    storage: FilesystemStorage, root: Path
) -> None:
    key = await put(storage, b"abc")
    for turns in range(200):
        task = asyncio.create_task(storage.open(key))
        for _ in range(turns % 5):
            await asyncio.sleep(0)
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        if not isinstance(outcome, BaseException):
            await outcome.close()
    await assert_nothing_left(storage, root)


async def test_what_is_opened_after_a_cancellation_is_closed_again(
    storage: FilesystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await put(storage, b"abc")
    gate = Gate(monkeypatch, "open")
    opening, staging = (
        asyncio.create_task(storage.open(key)),
        asyncio.create_task(storage.stage(key)),
    )
    await gate.reached(2)
    await cancelled(opening)
    await cancelled(staging)
    gate.opened.set()
    await assert_nothing_left(storage, root)


@pytest.mark.parametrize("step", ["write", "link", "open"])
async def test_a_call_cancelled_at_any_step_and_then_discarded_is_done_or_not_but_never_half(
    storage: FilesystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    key = new_key()
    staged = await storage.stage(key)
    await staged.write(b"abc")
    gate = Gate(monkeypatch, step)
    task = asyncio.create_task(staged.write(b"def") if step == "write" else staged.commit())
    await gate.reached()
    await cancelled(task)
    with pytest.raises(StorageError):
        await staged.commit()
    await staged.discard()
    gate.opened.set()
    await assert_nothing_left(storage, root)
    # The folder is opened to be flushed, when the object has its name already.
    assert stored(root) == ({key: b"abc"} if step == "open" else {})


async def test_a_discard_is_done_even_if_it_is_cancelled(
    storage: FilesystemStorage, root: Path
) -> None:
    staged = await storage.stage(new_key())
    task = asyncio.create_task(staged.discard())
    await asyncio.sleep(0)
    await cancelled(task)
    await assert_nothing_left(storage, root)


async def test_a_closed_storage_refuses_work_but_lets_go_of_what_is_open(
    storage: FilesystemStorage,
) -> None:
    key = await put(storage, some_bytes(SEVERAL_CHUNKS))
    opened, staged = await storage.open(key), await storage.stage(new_key())
    await storage.close()
    with pytest.raises(StorageError):
        await storage.open(key)
    await opened.close()
    await staged.discard()  # the fixture looks for what is left
