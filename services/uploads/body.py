"""A request body on its way into the storage: counted, hashed and written in one pass.

The event loop receives the next piece while threads hash and write the last one, so that memory
stays the same whatever the size, and receiving, hashing and writing overlap.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from mmap import mmap
from typing import Final, Protocol

from core.errors import PayloadTooLargeError
from processing.identification.sample import Sample, Sampler
from processing.identify import explore
from services.uploads.quotas import Hold

BUFFER_BYTES: Final = 1024 * 1024

_LARGE_BYTES: Final = 256 * 1024
"""Chunks from this size on are worth a hand-over of their own, which saves copying them."""


class Sink(Protocol):
    """What takes the bytes: ``storage.base.Staged`` where they are to be kept."""

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Take a chunk, which may change once this returns."""


class Body:
    """Takes one body into ``sink``; ``size`` (bytes), ``sha256`` and ``sample`` follow it.

    A ``hold`` is told of every byte before it is stored.
    """

    def __init__(self, sink: Sink, limit: int, hold: Hold | None = None) -> None:
        self.size = 0
        self._sampler = Sampler(explore)
        self._sink = sink
        self._limit = limit
        self._hold = hold
        self._hasher = hashlib.sha256()
        # Two buffers that are used again and again: new ones would be fresh pages each time, and
        # the kernel would clear a gigabyte for a gigabyte. They are the kernel's own, which has
        # them back with the body; what malloc gets back from a crowd it may keep.
        self._buffer = memoryview(mmap(-1, BUFFER_BYTES))
        self._spare = memoryview(mmap(-1, BUFFER_BYTES))
        self._filled = 0
        self._writing: asyncio.Task[None] | None = None

    @property
    def sha256(self) -> str:
        """The digest of what has been taken, in hexadecimal."""
        return self._hasher.hexdigest()

    def sample(self, filename: str, declared: str | None) -> Sample:
        """Return what tells the type of all that has been taken, under a name."""
        return self._sampler.sample(filename, declared)

    async def take(self, chunks: AsyncIterator[bytes]) -> None:
        """Take every chunk, and return when the storage has them all.

        Raises:
            PayloadTooLargeError: The body passed the limit; nothing after it was read.
            QuotaExceededError, TooManyUploadsError: It passed what can be held; the same.
            StorageError: A write failed.
        """
        try:
            async for chunk in chunks:
                self._count(chunk)
                if self._hold is not None:
                    await self._hold.cover(self.size)
                if len(chunk) < _LARGE_BYTES:
                    await self._fill(memoryview(chunk))
                else:
                    await self._hand_over_filled()
                    await self._hand_over(memoryview(chunk))
            await self._hand_over_filled()
        finally:
            await self._settle()

    async def _fill(self, chunk: memoryview) -> None:
        while chunk:
            room = BUFFER_BYTES - self._filled
            taken = chunk[:room]
            self._buffer[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            chunk = chunk[room:]
            if self._filled == BUFFER_BYTES:
                await self._hand_over_filled()

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self._limit:
            raise PayloadTooLargeError(f"A file may be at most {self._limit} bytes long.")
        self._sampler.feed(chunk)

    async def _hand_over_filled(self) -> None:
        full = self._buffer[: self._filled]
        if full:
            await self._hand_over(full)
            self._buffer, self._spare, self._filled = self._spare, self._buffer, 0

    async def _hand_over(self, piece: memoryview) -> None:
        await self._settle()
        self._writing = asyncio.create_task(self._absorb(piece))

    async def _settle(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    async def _absorb(self, piece: memoryview) -> None:
        # The hash is of everything before the storage is asked for more: both end here.
        hashing = asyncio.to_thread(self._hasher.update, piece)
        await asyncio.gather(hashing, self._sink.write(piece))
