"""Objects as files in a folder of a local file system: durable on commit, read with read-ahead.

Layout: ``objects/<first two digits of the key>/<key>`` and ``staging/<random>``, both on one file
system, which must know hard links: a link is the portable way to publish a file under a name
without overwriting what is there (``rename`` overwrites).
"""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from storage.base import (
    READ_CHUNK_BYTES,
    InvalidKeyError,
    ObjectExistsError,
    ObjectInfo,
    ObjectNotFoundError,
    ObjectTruncatedError,
    Staged,
    Storage,
    StorageError,
    StoredObject,
    checked_key,
)
from storage.blocking import Descriptor, Threads, translated

_SHARDS = tuple(f"{number:02x}" for number in range(256))
_PROBE = bytes(4096)
_WRITE_BYTES = 256 * 1024
_WRITE_BACK_BYTES = 8 * 1024 * 1024
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL
_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


class FilesystemStorage(Storage):
    """Objects under ``root``, readable by this process's user only.

    Construction makes the folders durably, so that a commit has only its own entry to flush; it
    blocks for that and belongs into the start of the process.

    Raises:
        StorageError: The folders cannot be made.
    """

    def __init__(self, root: Path) -> None:
        self._objects = root.absolute() / "objects"
        self._staging = root.absolute() / "staging"
        translated(partial(_lay_out, self._objects, self._staging))
        self._threads = Threads()

    async def stage(self, key: str) -> Staged:
        """Begin to receive an object; see ``Storage.stage``."""
        work = partial(self._create, self._path(key))
        return await self._threads.run(work, undo=_StagedFile.drop)

    async def open(self, key: str) -> StoredObject:
        """Open the object under ``key``; see ``Storage.open``."""
        work = partial(self._open, self._path(key))
        return await self._threads.run(work, undo=_ObjectFile.release)

    async def delete(self, key: str) -> None:
        """Remove the object under ``key``; see ``Storage.delete``."""
        await self._threads.run(partial(self._path(key).unlink, missing_ok=True))

    async def list(self) -> AsyncIterator[ObjectInfo]:
        """Yield every committed object and no foreign file; see ``Storage.list``."""
        for shard in _SHARDS:
            for info in await self._threads.run(partial(_scan, self._objects / shard)):
                yield info

    async def sweep_staging(self, older_than: timedelta) -> int:
        """Remove what was last written longer than ``older_than`` ago; return how many."""
        horizon = time.time() - older_than.total_seconds()
        return await self._threads.run(partial(_sweep, self._staging, horizon))

    async def check(self) -> None:
        """Write, flush, read and remove a small file; see ``Storage.check``."""
        await self._threads.run(partial(_probe, self._staging / _random_name()))

    async def close(self) -> None:
        """Wait for the calls that still run, then end the threads."""
        await self._threads.close()

    def local_name(self, key: str) -> str:
        """Return the object's path below ``objects``; see ``Storage.local_name``."""
        return f"{checked_key(key)[:2]}/{key}"

    def _path(self, key: str) -> Path:
        return self._objects / self.local_name(key)

    def _create(self, target: Path) -> "_StagedFile":
        path = self._staging / _random_name()
        descriptor = Descriptor(os.open(path, _NEW_FILE, _PRIVATE_FILE))
        return _StagedFile(self._threads, descriptor, path, target)

    def _open(self, path: Path) -> "_ObjectFile":
        try:
            number = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            raise ObjectNotFoundError(path.name) from None
        try:
            return _ObjectFile(self._threads, Descriptor(number), os.fstat(number).st_size)
        except BaseException:
            os.close(number)
            raise


class _StagedFile(Staged):
    def __init__(
        self,
        threads: Threads,
        descriptor: Descriptor,
        path: Path,
        target: Path,
    ) -> None:
        self._threads = threads
        self._descriptor = descriptor
        self._path = path
        self._target = target
        self._size = 0
        self._written_back = 0
        self._intact = True
        self._over = False

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self._begin()
        await self._threads.run(partial(self._append, chunk))
        self._intact = True

    async def commit(self) -> None:
        self._begin()
        await self._threads.run(partial(self._publish, self._target))
        self._over = True

    async def discard(self) -> None:
        if not self._over:
            await self._threads.settle(self.drop)
            self._over = True

    def drop(self) -> None:
        """Forget the staged name and descriptor; a published object has its own name."""
        with suppress(OSError):  # what cannot be removed now is swept later
            self._path.unlink(missing_ok=True)
        with suppress(OSError):  # the bytes are of no use any more, or flushed already
            self._descriptor.close()

    def _begin(self) -> None:
        # Stays false if the call fails or is cancelled: nobody knows then which bytes are there.
        if not self._intact:
            raise StorageError("an earlier call failed or ended this staging: only discard it")
        self._intact = False

    def _append(self, chunk: bytes | bytearray | memoryview) -> None:
        with self._descriptor as number:
            self._size += _write_all(number, chunk)
            self._write_back(number)

    def _write_back(self, number: int) -> None:
        # Left to itself, the kernel keeps most of a file in memory until the commit, which then
        # waits for all of it. This advice only starts the writing; fsync tells how it went.
        fresh = self._size - self._written_back
        if fresh >= _WRITE_BACK_BYTES:
            with suppress(OSError):
                os.posix_fadvise(number, self._written_back, fresh, os.POSIX_FADV_DONTNEED)
            self._written_back = self._size

    def _publish(self, target: Path) -> None:
        with self._descriptor as number:
            os.fsync(number)
        try:
            os.link(self._path, target)
        except FileExistsError:
            raise ObjectExistsError(target.name) from None
        try:
            _flush_folder(target.parent)
        except OSError:
            target.unlink(missing_ok=True)
            raise
        self.drop()


class _ObjectFile(StoredObject):
    def __init__(self, threads: Threads, descriptor: Descriptor, size: int) -> None:
        self.size = size
        self._threads = threads
        self._descriptor = descriptor

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        end = self.size if stop is None else stop
        ahead = self._fetch(start, end)
        try:
            while ahead is not None:
                chunk = await asyncio.wrap_future(ahead)
                start += len(chunk)
                ahead = self._fetch(start, end)
                yield chunk
        finally:
            if ahead is not None:
                ahead.cancel()

    def descriptor(self) -> Descriptor:
        return self._descriptor

    async def close(self) -> None:
        # The last close of a deleted file frees its blocks, about 0.2 ms a MiB: too long for the
        # event loop unless the file is small, where a thread would cost more than the call.
        if self.size <= READ_CHUNK_BYTES:
            self.release()
        else:
            await self._threads.settle(self.release)

    def release(self) -> None:
        """Let go of the descriptor."""
        with suppress(OSError):  # closing what was only read loses nothing
            self._descriptor.close()

    def _fetch(self, start: int, end: int) -> Future[bytes] | None:
        """Start to read the next chunk; None at the end of the range."""
        if start >= end:
            return None
        count = min(end - start, READ_CHUNK_BYTES)
        return self._threads.submit(partial(self._pread, count, start))

    def _pread(self, count: int, offset: int) -> bytes:
        with self._descriptor as number:
            chunk = os.pread(number, count, offset)
        if not chunk:
            raise ObjectTruncatedError(f"{offset} bytes are there of {self.size}")
        return chunk


def _random_name() -> str:
    return secrets.token_hex(16)


def _lay_out(objects: Path, staging: Path) -> None:
    _make_folder(objects.parent)
    for folder in (staging, objects, *(objects / shard for shard in _SHARDS)):
        folder.mkdir(_PRIVATE_FOLDER, exist_ok=True)
    # Also when they were there: whoever made them may have died before they were flushed.
    _flush_folder(objects)
    _flush_folder(objects.parent)


def _make_folder(folder: Path) -> None:
    if folder.exists():
        return
    _make_folder(folder.parent)
    folder.mkdir(_PRIVATE_FOLDER, exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _write_all(number: int, chunk: bytes | bytearray | memoryview) -> int:
    # The kernel takes pages in blocks as large as a write, and in a virtual machine large blocks
    # may have been given back to the host: taking them up again can cost more than the writing.
    with memoryview(chunk).cast("B") as data:
        written = 0
        while written < len(data):
            written += os.write(number, data[written : written + _WRITE_BYTES])
        return written


def _probe(path: Path) -> None:
    number = os.open(path, _NEW_FILE, _PRIVATE_FILE)
    try:
        _write_all(number, _PROBE)
        os.fsync(number)
        if os.pread(number, len(_PROBE), 0) != _PROBE:
            raise StorageError("what was written did not come back")
    finally:
        path.unlink(missing_ok=True)
        os.close(number)


def _scan(shard: Path) -> list[ObjectInfo]:
    with os.scandir(shard) as entries:
        return [info for entry in entries for info in _info(entry, shard.name)]


def _info(entry: os.DirEntry[str], shard: str) -> Iterator[ObjectInfo]:
    with suppress(InvalidKeyError, FileNotFoundError):  # foreign, or deleted a moment ago
        if checked_key(entry.name).startswith(shard) and entry.is_file(follow_symlinks=False):
            status = entry.stat(follow_symlinks=False)
            modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
            yield ObjectInfo(entry.name, status.st_size, modified_at)


def _sweep(staging: Path, horizon: float) -> int:
    with os.scandir(staging) as entries:
        return sum(_removed(entry, horizon) for entry in entries)


def _removed(entry: os.DirEntry[str], horizon: float) -> bool:
    with suppress(FileNotFoundError):  # committed or discarded a moment ago
        if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < horizon:
            Path(entry.path).unlink()
            return True
    return False
