"""The suite itself is tested: each store here breaks one promise and must be caught.

A store is broken in the smallest way that a real back end gets wrong; the test to notice is named.
"""
# ruff: noqa: D101, ARG002 - a class's name says its fault, often an argument left unused

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from storage.base import (
    READ_CHUNK_BYTES,
    ObjectInfo,
    ObjectNotFoundError,
    Staged,
    Storage,
    StorageError,
    StoredObject,
    checked_key,
)
from storage.memory import MemoryObject, MemoryStaged, MemoryStorage
from tests.storage.conformance import StorageContract

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class ObjectLike(StoredObject):
    """An object that hands everything on, for the broken ones to change one thing."""

    def __init__(self, inner: StoredObject) -> None:
        self.inner = inner
        self.size = inner.size

    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        return self.inner.read(start, stop)

    async def close(self) -> None:
        await self.inner.close()


class StagedLike(Staged):
    """A staging that hands everything on, for the broken ones to change one thing."""

    def __init__(self, inner: MemoryStaged, storage: MemoryStorage) -> None:
        self.inner = inner
        self.storage = storage

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        await self.inner.write(chunk)

    async def commit(self) -> None:
        await self.inner.commit()

    async def discard(self) -> None:
        await self.inner.discard()


def opening(kind: Callable[[StoredObject], StoredObject]) -> type[MemoryStorage]:
    """Return a store whose objects are wrapped in ``kind``."""

    class Opening(MemoryStorage):
        async def open(self, key: str) -> StoredObject:
            return kind(await super().open(key))

    return Opening


def staging(kind: Callable[[MemoryStaged, MemoryStorage], Staged]) -> type[MemoryStorage]:
    """Return a store whose stagings are wrapped in ``kind``."""

    class Staging(MemoryStorage):
        async def stage(self, key: str) -> Staged:
            staged = await super().stage(key)
            assert isinstance(staged, MemoryStaged)
            return kind(staged, self)

    return Staging


class LosesTheLastChunk(StagedLike):
    held: bytes | bytearray | memoryview = b""

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        await self.inner.write(self.held)
        self.held = bytes(chunk)


class KeepsTheBuffer(StagedLike):
    def __init__(self, inner: MemoryStaged, storage: MemoryStorage) -> None:
        super().__init__(inner, storage)
        self.held: list[bytes | bytearray | memoryview] = []

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.held.append(chunk)

    async def commit(self) -> None:
        for chunk in self.held:
            await self.inner.write(chunk)
        await self.inner.commit()


class Overwrites(StagedLike):
    async def commit(self) -> None:
        await self.storage.delete(self.inner.key)
        await self.inner.commit()


class StagesWithoutTheGate(MemoryStorage):
    async def stage(self, key: str) -> Staged:
        return MemoryStaged(self, key)


class DiscardDeletesTheObject(StagedLike):
    committed = False

    async def commit(self) -> None:
        await self.inner.commit()
        self.committed = True

    async def discard(self) -> None:
        await self.inner.discard()
        if self.committed:
            self.storage.objects.pop(self.inner.key, None)


class DiscardsOnce(StagedLike):
    gone = False

    async def discard(self) -> None:
        if self.gone:
            raise StorageError("already discarded")
        self.gone = True
        await self.inner.discard()


class NeverDiscards(StagedLike):
    async def discard(self) -> None:
        pass


class ShowsStagedBytes(StagedLike):
    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.storage.objects["f" * 32] = MemoryObject(bytes(chunk), NOW)
        await self.inner.write(chunk)

    async def commit(self) -> None:
        self.storage.objects.pop("f" * 32, None)
        await self.inner.commit()


class SealsInPublic(StagedLike):
    async def seal(self) -> None:
        await self.inner.commit()


class MixesUploads(StagedLike):
    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        await asyncio.sleep(0)  # lets the other uploads in between
        latest = max(self.storage.staged, key=lambda staged: staged.modified_at)
        await latest.write(chunk)


class IgnoresTheRange(ObjectLike):
    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        return self.inner.read()


class IgnoresTheStop(ObjectLike):
    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        return self.inner.read(start)


class StopIsInclusive(ObjectLike):
    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        return self.inner.read(start, None if stop is None else min(stop + 1, self.size))


class TakesStopZeroForTheEnd(ObjectLike):
    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        return self.inner.read(start, stop or None)


class YieldsAnEmptyChunk(ObjectLike):
    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        async for chunk in self.inner.read(start, stop):
            yield chunk
        yield b""


class SharesOnePosition(ObjectLike):
    place = 0

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        self.place = start
        end = self.size if stop is None else stop
        while self.place < end:
            yield await self._next(end)

    async def _next(self, end: int) -> bytes:
        place, self.place = self.place, min(self.place + READ_CHUNK_BYTES, end)
        return b"".join([chunk async for chunk in self.inner.read(place, self.place)])


class ReadsOnce(ObjectLike):
    begun = False

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        if self.begun:
            raise StorageError("an earlier read was left")
        self.begun = True
        async for chunk in self.inner.read(start, stop):
            yield chunk
        self.begun = False


class ClosesOnce(ObjectLike):
    closed = False

    async def close(self) -> None:
        if self.closed:
            raise StorageError("already closed")
        self.closed = True


class WrongSize(ObjectLike):
    def __init__(self, inner: StoredObject) -> None:
        super().__init__(inner)
        self.size += 1


class DeletionBreaksReaders(MemoryStorage):
    async def open(self, key: str) -> StoredObject:
        storage = self

        class Late(ObjectLike):
            async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
                async for chunk in self.inner.read(start, stop):
                    if key not in storage.objects:
                        raise StorageError("the object went away")
                    yield chunk

        return Late(await super().open(key))


class OpensNothingAsEmpty(MemoryStorage):
    async def open(self, key: str) -> StoredObject:
        return self.objects.get(checked_key(key), MemoryObject(b"", NOW))


class OpensWithoutTheGate(MemoryStorage):
    async def open(self, key: str) -> StoredObject:
        if key not in self.objects:
            raise ObjectNotFoundError(key)
        return self.objects[key]


class DeletesWithoutTheGate(MemoryStorage):
    async def delete(self, key: str) -> None:
        self.objects.pop(key, None)


class DeletingMissingRaises(MemoryStorage):
    async def delete(self, key: str) -> None:
        if checked_key(key) not in self.objects:
            raise ObjectNotFoundError(key)
        await super().delete(key)


class NeverDeletes(MemoryStorage):
    async def delete(self, key: str) -> None:
        checked_key(key)


class ListsStaged(MemoryStorage):
    async def list(self) -> AsyncIterator[ObjectInfo]:
        async for info in super().list():
            yield info
        for number, staged in enumerate(self.staged):
            yield ObjectInfo(f"{number:032x}", 0, staged.modified_at)


class ListsOnePageOnly(MemoryStorage):
    async def list(self) -> AsyncIterator[ObjectInfo]:
        count = 0
        async for info in super().list():
            if (count := count + 1) <= 32:
                yield info


class ListsLocalTime(MemoryStorage):
    async def list(self) -> AsyncIterator[ObjectInfo]:
        async for info in super().list():
            yield ObjectInfo(info.key, info.size, info.modified_at + timedelta(hours=2))


class SweepsFreshBytes(MemoryStorage):
    async def sweep_staging(self, older_than: timedelta) -> int:
        return await super().sweep_staging(timedelta(days=-1))


class NeverSweeps(MemoryStorage):
    async def sweep_staging(self, older_than: timedelta) -> int:
        return 0


class SweepsObjects(MemoryStorage):
    async def sweep_staging(self, older_than: timedelta) -> int:
        horizon = datetime.now(UTC) - older_than
        for key in [key for key, made in self.objects.items() if made.modified_at < horizon]:
            del self.objects[key]
        return await super().sweep_staging(older_than)


class SweptBytesCommit(StagedLike):
    async def commit(self) -> None:
        self.storage.staged.add(self.inner)
        await self.inner.commit()


class FailsItsCheck(MemoryStorage):
    async def check(self) -> None:
        raise StorageError("not ready")


class ChecksInPublic(MemoryStorage):
    async def check(self) -> None:
        self.objects["0" * 32] = MemoryObject(b"probe", NOW)


class ClosesTheStoreOnce(MemoryStorage):
    closed = False

    async def close(self) -> None:
        if self.closed:
            raise StorageError("already closed")
        self.closed = True


Sentence = Callable[[StorageContract, Storage], Awaitable[None]]
C = StorageContract

BROKEN: list[tuple[type[MemoryStorage], Sentence]] = [
    (staging(LosesTheLastChunk), C.test_bytes_come_back_as_they_went_in),
    (opening(WrongSize), C.test_bytes_come_back_as_they_went_in),
    (opening(YieldsAnEmptyChunk), C.test_bytes_come_back_as_they_went_in),
    (staging(LosesTheLastChunk), C.test_chunks_of_every_kind_and_size_are_joined_in_order),
    (staging(KeepsTheBuffer), C.test_the_caller_may_reuse_its_buffer_after_a_write),
    (opening(IgnoresTheRange), C.test_a_range_gives_its_bytes_and_no_others),
    (opening(IgnoresTheStop), C.test_a_range_gives_its_bytes_and_no_others),
    (opening(StopIsInclusive), C.test_a_range_gives_its_bytes_and_no_others),
    (opening(IgnoresTheRange), C.test_a_range_without_a_stop_goes_to_the_end),
    (opening(TakesStopZeroForTheEnd), C.test_an_empty_range_has_no_chunks),
    (opening(YieldsAnEmptyChunk), C.test_an_empty_range_has_no_chunks),
    (opening(SharesOnePosition), C.test_an_object_is_read_by_many_at_once),
    (opening(ReadsOnce), C.test_a_read_left_early_harms_nobody),
    (staging(MixesUploads), C.test_uploads_at_the_same_time_do_not_mix),
    (staging(MixesUploads), C.test_uploads_that_take_turns_do_not_mix),
    (staging(ShowsStagedBytes), C.test_nothing_is_visible_before_the_commit),
    (ListsStaged, C.test_nothing_is_visible_before_the_commit),
    (staging(SealsInPublic), C.test_sealed_bytes_wait_unseen_for_their_commit),
    (staging(ShowsStagedBytes), C.test_nothing_is_visible_after_a_discard),
    (staging(NeverDiscards), C.test_leaving_the_block_without_a_commit_discards),
    (staging(DiscardsOnce), C.test_discarding_twice_is_no_error),
    (staging(DiscardDeletesTheObject), C.test_discarding_after_the_commit_leaves_the_object),
    (staging(DiscardsOnce), C.test_discarding_after_the_commit_leaves_the_object),
    (staging(Overwrites), C.test_a_commit_never_overwrites),
    (staging(Overwrites), C.test_of_many_commits_to_one_key_one_wins),
    (OpensNothingAsEmpty, C.test_opening_a_missing_key_is_an_error),
    (NeverDeletes, C.test_a_deleted_object_is_gone),
    (DeletingMissingRaises, C.test_deleting_a_missing_key_is_no_error),
    (DeletionBreaksReaders, C.test_an_open_object_outlives_its_deletion),
    (opening(ClosesOnce), C.test_an_object_may_be_closed_twice),
    (StagesWithoutTheGate, C.test_no_key_but_a_proper_one_passes),
    (OpensWithoutTheGate, C.test_no_key_but_a_proper_one_passes),
    (DeletesWithoutTheGate, C.test_no_key_but_a_proper_one_passes),
    (ListsOnePageOnly, C.test_the_listing_tells_every_object_and_its_size),
    (ListsLocalTime, C.test_the_listing_tells_every_object_and_its_size),
    (SweepsFreshBytes, C.test_the_sweep_spares_fresh_bytes),
    (NeverSweeps, C.test_the_sweep_removes_and_counts_old_bytes),
    (staging(SweptBytesCommit), C.test_the_sweep_removes_and_counts_old_bytes),
    (SweepsObjects, C.test_the_sweep_leaves_what_was_committed),
    (staging(NeverDiscards), C.test_what_was_discarded_is_not_swept_again),
    (FailsItsCheck, C.test_a_working_store_passes_its_check),
    (ChecksInPublic, C.test_a_working_store_passes_its_check),
    (ClosesTheStoreOnce, C.test_closing_twice_is_no_error),
]


@pytest.mark.parametrize(("store", "sentence"), BROKEN)
async def test_a_broken_store_is_caught(store: type[MemoryStorage], sentence: Sentence) -> None:
    # Anything but a pass is a catch: a false assertion, a missing error or one too many.
    with pytest.raises((AssertionError, pytest.fail.Exception, StorageError)):
        await sentence(StorageContract(), store())


def test_every_sentence_of_the_suite_has_caught_a_broken_store() -> None:
    sentences = {name for name in dir(StorageContract) if name.startswith("test_")}
    assert {sentence.__name__ for _, sentence in BROKEN} == sentences
