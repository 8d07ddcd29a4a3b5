"""A body in any chunks: the storage has it, and its size, digest, beginning and end are known."""

import hashlib
import random
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import PayloadTooLargeError
from processing.identification.sample import HEAD_BYTES, TAIL_BYTES
from services.uploads.body import BUFFER_BYTES, Body
from storage.memory import MemoryStorage

KEY = "0" * 32
LARGE = 256 * 1024  # from here on a chunk is handed over by itself
NOISE = random.Random(1).randbytes(3 * BUFFER_BYTES)  # noqa: S311 - not a secret

SIZES = st.sampled_from([1, 1000, LARGE - 1, LARGE, BUFFER_BYTES - 1, BUFFER_BYTES + 1, len(NOISE)])


async def cut(whole: bytes, sizes: Sequence[int]) -> AsyncIterator[bytes]:
    start = 0
    for size in sizes:
        yield whole[start : start + size]
        start += size


@given(sizes=st.lists(SIZES, max_size=12), seed=st.integers(0, 10))
@settings(deadline=None, max_examples=50)
async def test_a_body_is_the_same_in_whatever_chunks_it_comes(sizes: list[int], seed: int) -> None:
    whole = random.Random(seed).randbytes(sum(sizes))  # noqa: S311 - not a secret
    storage = MemoryStorage()
    async with await storage.stage(KEY) as staged:
        body = Body(staged, len(whole))
        await body.take(cut(whole, sizes))
        await staged.commit()
    assert (body.size, body.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    sample = body.sample("a.bin", None)
    assert (sample.head, sample.tail) == (whole[:HEAD_BYTES], whole[-TAIL_BYTES:])
    async with await storage.open(KEY) as stored:
        assert b"".join([chunk async for chunk in stored.read()]) == whole


@pytest.mark.parametrize("length", [1000, LARGE, BUFFER_BYTES])
async def test_a_body_over_the_limit_is_read_no_further(length: int) -> None:
    given_out = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal given_out
        while True:
            given_out += length
            yield NOISE[:length]

    limit = 2 * BUFFER_BYTES
    async with await MemoryStorage().stage(KEY) as staged:
        with pytest.raises(PayloadTooLargeError):
            await Body(staged, limit).take(chunks())
    assert given_out <= limit + length
