"""The contract of ``storage.base`` as a suite that every back end runs.

A test module subclasses ``StorageContract`` and gives a ``storage`` fixture with a fresh, empty
back end. ``test_conformance.py`` shows that the suite catches stores that break the contract.
"""

import asyncio
import random
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from storage.base import (
    READ_CHUNK_BYTES,
    InvalidKeyError,
    ObjectExistsError,
    ObjectInfo,
    ObjectNotFoundError,
    Storage,
    StorageError,
    StoredObject,
)

SEVERAL_CHUNKS = 3 * READ_CHUNK_BYTES + 12_345
BAD_KEYS = (
    "",
    "../x",
    "../" + "a" * 29,
    "/" + "a" * 31,
    "A" * 32,
    "g" * 32,
    "a" * 31,
    "a" * 33,
    "a" * 32 + "\n",
    "a" * 31 + "\0",
    "٣" * 32,  # a digit to Unicode, not to the gate
    "a" * 10_000,
)
LONG_AGO = timedelta(hours=1)
NOT_YET = timedelta(hours=-1)  # everything was touched before an hour from now


def new_key() -> str:
    """Return a key that no other object has."""
    return secrets.token_hex(16)


def some_bytes(count: int) -> bytes:
    """Return ``count`` bytes in which no two places look alike."""
    return random.Random(count).randbytes(count)  # noqa: S311 - reproducible, not secret


async def put(storage: Storage, content: bytes, key: str | None = None) -> str:
    """Store ``content`` in chunks as a server would, and return its key."""
    key = key or new_key()
    async with await storage.stage(key) as staged:
        for offset in range(0, len(content), READ_CHUNK_BYTES):
            await staged.write(content[offset : offset + READ_CHUNK_BYTES])
        await staged.commit()
    return key


async def read(opened: StoredObject, start: int = 0, stop: int | None = None) -> bytes:
    """Return the bytes of a range, and hold every chunk to its size on the way."""
    content = bytearray()
    async for chunk in opened.read(start, stop):
        assert 0 < len(chunk) <= READ_CHUNK_BYTES
        content += chunk
    return bytes(content)


async def get(storage: Storage, key: str) -> bytes:
    """Return the whole object under ``key``."""
    async with await storage.open(key) as opened:
        content = await read(opened)
        assert opened.size == len(content)
        return content


async def listed(storage: Storage) -> dict[str, ObjectInfo]:
    """Return the listing by key; no key may come twice."""
    infos = [info async for info in storage.list()]
    assert len({info.key for info in infos}) == len(infos)
    return {info.key: info for info in infos}


async def is_missing(storage: Storage, key: str) -> bool:
    """Tell whether no reader finds ``key``, neither by opening nor in the listing."""
    try:
        await (await storage.open(key)).close()
    except ObjectNotFoundError:
        return key not in await listed(storage)
    return False


class StorageContract:
    """What ``storage.base`` promises, one sentence a test."""

    async def test_bytes_come_back_as_they_went_in(self, storage: Storage) -> None:
        for size in (0, 1, READ_CHUNK_BYTES - 1, READ_CHUNK_BYTES, SEVERAL_CHUNKS):
            content = some_bytes(size)
            assert await get(storage, await put(storage, content)) == content

    async def test_chunks_of_every_kind_and_size_are_joined_in_order(
        self, storage: Storage
    ) -> None:
        key = new_key()
        async with await storage.stage(key) as staged:
            await staged.write(b"one ")
            await staged.write(b"")
            await staged.write(bytearray(b"two "))
            await staged.write(memoryview(b"not three not")[4:9])
            await staged.commit()
        assert await get(storage, key) == b"one two three"

    async def test_the_caller_may_reuse_its_buffer_after_a_write(self, storage: Storage) -> None:
        key, buffer = new_key(), bytearray(b"first ")
        async with await storage.stage(key) as staged:
            await staged.write(buffer)
            buffer[:] = b"second"
            await staged.write(buffer)
            buffer.clear()
            await staged.commit()
        assert await get(storage, key) == b"first second"

    async def test_a_range_gives_its_bytes_and_no_others(self, storage: Storage) -> None:
        content = some_bytes(SEVERAL_CHUNKS)
        edges = (0, 1, READ_CHUNK_BYTES - 1, READ_CHUNK_BYTES, READ_CHUNK_BYTES + 1)
        stops = (*edges, 2 * READ_CHUNK_BYTES + 7, SEVERAL_CHUNKS - 1, SEVERAL_CHUNKS)
        async with await storage.open(await put(storage, content)) as opened:
            for start in edges:
                for stop in (stop for stop in stops if stop >= start):
                    assert await read(opened, start, stop) == content[start:stop]

    async def test_a_range_without_a_stop_goes_to_the_end(self, storage: Storage) -> None:
        content = some_bytes(SEVERAL_CHUNKS)
        async with await storage.open(await put(storage, content)) as opened:
            assert await read(opened, 5) == content[5:]
            assert await read(opened, SEVERAL_CHUNKS - 1) == content[-1:]
            assert await read(opened, SEVERAL_CHUNKS) == b""

    async def test_an_empty_range_has_no_chunks(self, storage: Storage) -> None:
        async with await storage.open(await put(storage, b"abc")) as opened:
            for place in range(4):
                assert [chunk async for chunk in opened.read(place, place)] == []

    async def test_an_object_is_read_by_many_at_once(self, storage: Storage) -> None:
        content = some_bytes(SEVERAL_CHUNKS)
        starts = range(0, SEVERAL_CHUNKS, 500_000)
        async with await storage.open(await put(storage, content)) as opened:
            parts = await asyncio.gather(*(read(opened, start) for start in starts))
            one, two = opened.read(), opened.read(100)
            begun = [await anext(one), await anext(two), await anext(one), await anext(two)]
        assert parts == [content[start:] for start in starts]
        assert content.startswith(begun[0] + begun[2])
        assert content[100:].startswith(begun[1] + begun[3])

    async def test_a_read_left_early_harms_nobody(self, storage: Storage) -> None:
        content = some_bytes(SEVERAL_CHUNKS)
        async with await storage.open(await put(storage, content)) as opened:
            async for chunk in opened.read():
                assert content.startswith(chunk)
                break
            assert await read(opened) == content

    async def test_uploads_at_the_same_time_do_not_mix(self, storage: Storage) -> None:
        contents = {new_key(): some_bytes(size) for size in range(1_500_000, 1_500_010)}
        await asyncio.gather(*(put(storage, content, key) for key, content in contents.items()))
        assert {key: await get(storage, key) for key in contents} == contents

    async def test_uploads_that_take_turns_do_not_mix(self, storage: Storage) -> None:
        contents = {new_key(): some_bytes(size) for size in (50, 60, 70)}
        staged = {key: await storage.stage(key) for key in contents}
        for offset in range(0, 70, 10):
            for key, content in contents.items():
                await staged[key].write(content[offset : offset + 10])
        for one in staged.values():
            await one.commit()
        assert {key: await get(storage, key) for key in contents} == contents

    async def test_nothing_is_visible_before_the_commit(self, storage: Storage) -> None:
        key = new_key()
        async with await storage.stage(key) as staged:
            assert await listed(storage) == {}
            await staged.write(some_bytes(SEVERAL_CHUNKS))
            assert await is_missing(storage, key)
            assert await listed(storage) == {}
            await staged.commit()
            assert not await is_missing(storage, key)

    async def test_sealed_bytes_wait_unseen_for_their_commit(self, storage: Storage) -> None:
        kept, dropped = new_key(), new_key()
        async with await storage.stage(kept) as staged, await storage.stage(dropped) as other:
            for one in (staged, other):
                await one.write(b"sealed")
                await one.seal()
            assert await is_missing(storage, kept)
            await staged.commit()
        assert await get(storage, kept) == b"sealed"
        assert await is_missing(storage, dropped)

    async def test_nothing_is_visible_after_a_discard(self, storage: Storage) -> None:
        staged = await storage.stage(new_key())
        await staged.write(b"abc")
        await staged.discard()
        assert await listed(storage) == {}

    async def test_leaving_the_block_without_a_commit_discards(self, storage: Storage) -> None:
        async with await storage.stage(new_key()) as staged:
            await staged.write(b"abc")
        assert await listed(storage) == {}
        with pytest.raises(StorageError):
            await staged.commit()
        assert await listed(storage) == {}

    async def test_discarding_twice_is_no_error(self, storage: Storage) -> None:
        staged = await storage.stage(new_key())
        await staged.write(b"abc")
        await staged.discard()
        await staged.discard()

    async def test_discarding_after_the_commit_leaves_the_object(self, storage: Storage) -> None:
        key = new_key()
        staged = await storage.stage(key)
        await staged.write(b"abc")
        await staged.commit()
        await staged.discard()
        await staged.discard()
        assert await get(storage, key) == b"abc"

    async def test_a_commit_never_overwrites(self, storage: Storage) -> None:
        key = await put(storage, b"old")
        for content in (b"new", b"", b"old"):
            with pytest.raises(ObjectExistsError):
                await put(storage, content, key)
            assert await get(storage, key) == b"old"

    async def test_of_many_commits_to_one_key_one_wins(self, storage: Storage) -> None:
        key, contents = new_key(), [some_bytes(size) for size in range(1, 9)]
        outcomes = await asyncio.gather(
            *(put(storage, content, key) for content in contents), return_exceptions=True
        )
        assert sum(isinstance(outcome, ObjectExistsError) for outcome in outcomes) == 7
        winner = next(i for i, outcome in enumerate(outcomes) if outcome == key)
        assert await get(storage, key) == contents[winner]

    async def test_opening_a_missing_key_is_an_error(self, storage: Storage) -> None:
        await put(storage, b"another")
        with pytest.raises(ObjectNotFoundError):
            await storage.open(new_key())

    async def test_a_deleted_object_is_gone(self, storage: Storage) -> None:
        key, other = await put(storage, b"abc"), await put(storage, b"other")
        await storage.delete(key)
        assert await is_missing(storage, key)
        assert await get(storage, other) == b"other"

    async def test_deleting_a_missing_key_is_no_error(self, storage: Storage) -> None:
        await storage.delete(new_key())
        key = await put(storage, b"abc")
        await storage.delete(key)
        await storage.delete(key)

    async def test_an_open_object_outlives_its_deletion(self, storage: Storage) -> None:
        content = some_bytes(SEVERAL_CHUNKS)
        key = await put(storage, content)
        async with await storage.open(key) as opened:
            chunks = opened.read()
            begun = await anext(chunks)
            await storage.delete(key)
            assert begun + b"".join([chunk async for chunk in chunks]) == content
            assert await read(opened, 10, 20) == content[10:20]

    async def test_an_object_may_be_closed_twice(self, storage: Storage) -> None:
        async with await storage.open(await put(storage, b"abc")) as opened:
            await opened.close()
        await opened.close()

    async def test_no_key_but_a_proper_one_passes(self, storage: Storage) -> None:
        for key in BAD_KEYS:
            with pytest.raises(InvalidKeyError):
                await storage.open(key)
            with pytest.raises(InvalidKeyError):
                await storage.delete(key)
            with pytest.raises(InvalidKeyError):
                await storage.stage(key)
        assert await listed(storage) == {}

    async def test_the_listing_tells_every_object_and_its_size(self, storage: Storage) -> None:
        before = datetime.now(UTC) - timedelta(minutes=1)  # clocks of other machines differ a bit
        sizes = {await put(storage, some_bytes(size)): size for size in range(40)}
        infos = await listed(storage)
        assert {key: info.size for key, info in infos.items()} == sizes
        after = datetime.now(UTC) + timedelta(minutes=1)
        assert all(before < info.modified_at < after for info in infos.values())

    async def test_the_sweep_spares_fresh_bytes(self, storage: Storage) -> None:
        key = new_key()
        async with await storage.stage(key) as staged:
            await staged.write(b"abc")
            assert await storage.sweep_staging(LONG_AGO) == 0
            await staged.commit()
        assert await get(storage, key) == b"abc"

    async def test_the_sweep_removes_and_counts_old_bytes(self, storage: Storage) -> None:
        left = [await storage.stage(new_key()) for _ in range(3)]
        for staged in left:
            await staged.write(b"abc")
        assert await storage.sweep_staging(NOT_YET) == 3
        assert await storage.sweep_staging(NOT_YET) == 0
        for staged in left:
            with pytest.raises(StorageError):
                await staged.commit()
            await staged.discard()
        assert await listed(storage) == {}

    async def test_the_sweep_leaves_what_was_committed(self, storage: Storage) -> None:
        key = await put(storage, b"abc")
        assert await storage.sweep_staging(NOT_YET) == 0
        assert await get(storage, key) == b"abc"

    async def test_what_was_discarded_is_not_swept_again(self, storage: Storage) -> None:
        async with await storage.stage(new_key()) as staged:
            await staged.write(b"abc")
        assert await storage.sweep_staging(NOT_YET) == 0

    async def test_a_working_store_passes_its_check(self, storage: Storage) -> None:
        await storage.check()
        assert await listed(storage) == {}
        assert await storage.sweep_staging(NOT_YET) == 0

    async def test_closing_twice_is_no_error(self, storage: Storage) -> None:
        await put(storage, b"abc")
        await storage.close()
        await storage.close()
