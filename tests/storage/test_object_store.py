"""The S3 back end runs the contract's suite against OpenStack Swift, and shows what is S3's own."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from storage import object_store, s3_connection
from storage.base import (
    ObjectExistsError,
    ObjectTruncatedError,
    Presentation,
    Staged,
    StorageError,
    StorageRefusedError,
)
from storage.object_store import ObjectStorage
from tests.fault_proxy import STORM, Fault, FaultProxy, fault_proxy
from tests.storage.conformance import (
    LONG_AGO,
    NOT_YET,
    StorageContract,
    get,
    is_missing,
    listed,
    new_key,
    put,
    read,
    some_bytes,
)
from tests.swift import Bucket

MIB = 1024 * 1024
PART_BYTES = 5 * MIB  # the least that S3 takes
IN_PARTS = 2 * PART_BYTES + 12_345

TRANSFER = """
import asyncio, resource, sys
from storage.object_store import ObjectStorage

async def transfer(storage, megabytes):
    key, piece = f"{megabytes:032x}", bytes(2**20)
    async with await storage.stage(key) as staged:
        for _ in range(megabytes):
            await staged.write(piece)
        await staged.commit()
    async with await storage.open(key) as opened:
        assert sum([len(chunk) async for chunk in opened.read()]) == megabytes * 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

async def main(url, *sizes):
    storage = ObjectStorage(url)
    for size in sizes:
        print(await transfer(storage, int(size)))
    await storage.close()

asyncio.run(main(*sys.argv[1:]))
"""
"""Prints the most memory, in bytes, that the process has ever had after each transfer."""


@pytest.fixture
def environment(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
async def storage(bucket: Bucket, environment: pytest.MonkeyPatch) -> AsyncIterator[ObjectStorage]:
    storage = ObjectStorage(bucket.url, part_bytes=PART_BYTES)
    yield storage
    await storage.close()


@pytest.fixture
def proxy(bucket: Bucket, environment: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """Stand between the storage, whose patience is short, and the server."""
    with fault_proxy(bucket.endpoint) as proxy:
        environment.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy


class TestObjectStorage(StorageContract):
    """Every sentence of the contract, held by an S3 server."""


async def test_a_large_object_goes_in_parts_and_comes_back_in_ranges(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    content = some_bytes(IN_PARTS)
    key = await put(storage, content)
    assert bucket.etag(f"a/prefix/objects/{key}").endswith("-3")
    assert bucket.unfinished() == []
    async with await storage.open(key) as opened:
        assert await read(opened) == content
        edge = PART_BYTES
        assert await read(opened, edge - 3, edge + 3) == content[edge - 3 : edge + 3]


async def test_parts_are_on_their_way_before_the_commit_and_dropped_by_a_discard(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    key, content = new_key(), some_bytes(IN_PARTS)
    async with await storage.stage(key) as staged:
        await staged.write(content)
        await staged.write(content)
        assert bucket.unfinished() == [f"a/prefix/objects/{key}"]
        assert await is_missing(storage, key)
    assert bucket.unfinished() == []
    assert await is_missing(storage, key)


@pytest.mark.parametrize("size", [PART_BYTES, 2 * PART_BYTES - 1000])
async def test_many_sealed_objects_hold_no_more_than_they_may_together(
    storage: ObjectStorage, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(object_store, "SEALED_BYTES", 2 * PART_BYTES)
    content = some_bytes(size)
    staged = [await sealed(storage, content) for _ in range(6)]
    assert 0 < sum(each.held_bytes for each in storage._staged) <= 2 * PART_BYTES
    assert await listed(storage) == {}
    for each in staged:
        await each.commit()
    infos = await listed(storage)
    assert {infos[key].size for key in infos} == {size}
    assert len(infos) == len(staged)
    for key in infos:
        assert await get(storage, key) == content
    assert bucket.unfinished() == []


@pytest.mark.parametrize("size", [1000, PART_BYTES + 1000])
async def test_what_went_ahead_of_its_commit_is_not_seen_before_and_goes_with_the_discard(
    storage: ObjectStorage, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(object_store, "SEALED_BYTES", 0)
    key = new_key()
    async with await storage.stage(key) as staged:
        await staged.write(some_bytes(size))
        await staged.seal()
        assert bucket.keys() == [f"a/prefix/objects/{key}"]
        assert await is_missing(storage, key)
        assert await listed(storage) == {}
        with pytest.raises(ObjectExistsError):
            await sealed(storage, b"another", key)
    assert bucket.keys() == []


async def sealed(storage: ObjectStorage, content: bytes, key: str = "") -> Staged:
    """Return a sealed object that waits for its commit."""
    staged = await storage.stage(key or new_key())
    try:
        await staged.write(content)
        await staged.seal()
    except StorageError:
        await staged.discard()
        raise
    return staged


async def test_a_cancelled_write_leaves_no_parts_after_the_discard(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    staged = await storage.stage(new_key())
    await staged.write(some_bytes(IN_PARTS))
    writing = asyncio.create_task(staged.write(some_bytes(IN_PARTS)))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await staged.discard()
    with pytest.raises(StorageError):
        await staged.commit()
    assert bucket.unfinished() == []


async def test_the_sweep_aborts_what_other_processes_have_left(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    ours, foreign = f"a/prefix/objects/{new_key()}", "another/prefix"
    for name in (ours, foreign):
        bucket.client().create_multipart_upload(Bucket=bucket.name, Key=name)
    assert await storage.sweep_staging(LONG_AGO) == 0
    assert await storage.sweep_staging(NOT_YET) == 1
    assert bucket.unfinished() == [foreign]


async def test_a_staging_that_was_swept_in_the_middle_of_its_parts_is_over(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    staged = await storage.stage(new_key())
    await staged.write(some_bytes(IN_PARTS))
    assert await storage.sweep_staging(NOT_YET) == 1
    with pytest.raises(StorageError):
        await staged.commit()
    await staged.discard()
    assert bucket.unfinished() == []
    assert bucket.keys() == []


async def test_what_is_deleted_while_it_is_read_goes_with_its_last_reader(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    key = await put(storage, b"abc")
    first, second = await storage.open(key), await storage.open(key)
    await storage.delete(key)
    await first.close()
    assert f"a/prefix/objects/{key}" in set(bucket.keys())
    assert await is_missing(storage, key)
    await second.close()
    assert bucket.keys() == []


async def test_the_sweep_removes_what_a_process_deleted_that_died_before_its_last_reader(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    key, other = await put(storage, b"abc"), await put(storage, b"other")
    await storage.open(key)
    await storage.delete(key)
    successor = ObjectStorage(bucket.url)
    await successor.sweep_staging(LONG_AGO)
    assert f"a/prefix/objects/{key}" in set(bucket.keys())
    await successor.sweep_staging(NOT_YET)
    assert bucket.keys() == [f"a/prefix/objects/{other}"]
    await successor.close()


async def test_foreign_objects_are_neither_listed_nor_swept(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    names = ["a/prefix/objects/readme.txt", f"a/prefixes/objects/{new_key()}", "a/b"]
    for name in names:
        bucket.client().put_object(Bucket=bucket.name, Key=name, Body=b"foreign")
    await storage.sweep_staging(NOT_YET)
    assert await listed(storage) == {}
    assert bucket.keys() == sorted(names)


@pytest.mark.parametrize("size", [1000, IN_PARTS])
async def test_what_changes_on_its_way_is_refused_by_its_checksum(
    proxy: FaultProxy, bucket: Bucket, size: int
) -> None:
    storage = ObjectStorage(bucket.url, part_bytes=PART_BYTES)
    proxy.odds = {Fault.ALTERED: 1}
    with pytest.raises(StorageError, match=r"BadDigest|X-Amz-Content-SHA"):
        await put(storage, some_bytes(size))
    proxy.odds = {}
    assert bucket.keys() == []
    assert bucket.unfinished() == []
    await storage.close()


async def test_an_object_that_changed_under_its_reader_is_never_a_mix(
    storage: ObjectStorage, bucket: Bucket
) -> None:
    key = await put(storage, some_bytes(IN_PARTS))
    async with await storage.open(key) as opened:
        name = f"a/prefix/objects/{key}"
        bucket.client().put_object(Bucket=bucket.name, Key=name, Body=some_bytes(IN_PARTS - 1))
        with pytest.raises(ObjectTruncatedError):
            await read(opened)


async def test_addresses_present_the_object_as_told(storage: ObjectStorage) -> None:
    shown = Presentation("text/plain; charset=utf-8", 'inline; filename="a b.txt"', 60)
    url = await storage.signed_url(await put(storage, b"abc"), shown)
    assert "response-content-type=text%2Fplain%3B%20charset%3Dutf-8" in url
    assert "X-Amz-Expires=60" in url


def test_memory_stays_the_same_whatever_the_size(
    bucket: Bucket, environment: pytest.MonkeyPatch
) -> None:
    # In a process of its own, where nothing else needs any.
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", TRANSFER, bucket.url, "40", "240"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    small, large = (int(peak) for peak in done.stdout.split())
    assert large - small < 4 * PART_BYTES


@pytest.mark.parametrize(
    ("wrong", "url", "complaint"),
    [
        ({}, "s3://no-such-bucket", "404 NoSuchBucket"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "", "403 SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "", "403 SignatureDoesNotMatch"),
        ({"AWS_REGION": "eu-nowhere-1"}, "", "400 AuthorizationHeaderMalformed"),
    ],
    ids=["bucket", "secret", "key", "region"],
)
async def test_a_server_that_refuses_the_configuration_is_told_from_one_that_is_away(
    bucket: Bucket,
    environment: pytest.MonkeyPatch,
    wrong: dict[str, str],
    url: str,
    complaint: str,
) -> None:
    for name, value in wrong.items():
        environment.setenv(name, value)
    refused = ObjectStorage(url or bucket.url)
    with pytest.raises(StorageRefusedError, match=complaint):
        await refused.check()
    with pytest.raises(StorageRefusedError, match=complaint):
        await refused.open(new_key())
    await refused.close()


async def test_without_credentials_there_is_no_start(
    bucket: Bucket, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(StorageError, match="AWS_ACCESS_KEY_ID"):
        ObjectStorage(bucket.url)


async def use(storage: ObjectStorage, content: bytes) -> tuple[str, bool]:
    """Put, read and read in part, as far as it goes; never may there be other bytes."""
    key, start = new_key(), len(content) // 3
    try:
        await put(storage, content, key)
        assert await get(storage, key) == content
        async with await storage.open(key) as opened:
            assert (
                await read(opened, start, -(-len(content) // 2))
                == content[start : -(-len(content) // 2)]
            )
    except StorageError:
        return key, False
    return key, True


async def test_in_a_storm_bytes_are_right_or_the_error_is_clean(
    proxy: FaultProxy, bucket: Bucket
) -> None:
    storage = ObjectStorage(bucket.url, part_bytes=PART_BYTES)
    rng = random.Random(1)  # noqa: S311 - reproducible, not secret
    contents = [some_bytes(rng.randrange(2 * MIB)) for _ in range(16)] + [
        some_bytes(IN_PARTS + number) for number in range(4)
    ]
    proxy.odds = STORM
    outcomes = await asyncio.gather(*(use(storage, content) for content in contents))
    proxy.odds = {}
    assert proxy.injected.keys() == STORM.keys()
    assert sum(went_well for _, went_well in outcomes) >= 10  # else the retries are of no use
    infos = await listed(storage)
    for (key, went_well), content in zip(outcomes, contents, strict=True):
        assert key in infos or not went_well
        if key in infos:
            assert await get(storage, key) == content
    await storage.close()


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.CUT_ANSWER, Fault.LOST_ANSWER, Fault.STALL])
async def test_a_server_that_is_down_is_an_error_after_a_while_and_then_no_more(
    proxy: FaultProxy, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    patient = ObjectStorage(bucket.url, part_bytes=PART_BYTES)
    key = await put(patient, b"abc")
    monkeypatch.setattr(s3_connection, "RETRY_SECONDS", 1)
    monkeypatch.setattr(s3_connection, "READ_SECONDS", 1)
    storage = ObjectStorage(bucket.url, part_bytes=PART_BYTES)
    proxy.odds = {fault: 1}
    for work in (storage.check(), storage.open(key), put(storage, some_bytes(IN_PARTS))):
        with pytest.raises(StorageError):
            await work
    proxy.odds = {}
    assert await got_in_the_end(storage, key) == b"abc"
    await patient.sweep_staging(NOT_YET)  # what nobody could tell the server to drop
    assert bucket.unfinished() == []
    for one in (storage, patient):
        await one.close()


async def got_in_the_end(storage: ObjectStorage, key: str) -> bytes:
    """Return an object; a second is little for an answer while the machine has much to do."""
    async with asyncio.timeout(60):
        while True:
            with suppress(StorageError):
                return await get(storage, key)
