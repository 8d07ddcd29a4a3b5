"""An open object on an S3 server: its first chunk came with it, the rest comes as it is read."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Self

from obstore.store import S3Store

from storage.base import (
    READ_CHUNK_BYTES,
    ObjectTruncatedError,
    StorageError,
    StoredObject,
)
from storage.s3_failures import UnsatisfiableRangeError, s3_errors


class S3Object(StoredObject):
    """What is under ``name``; small objects and the beginnings of large ones cost one request."""

    def __init__(
        self,
        store: S3Store,
        name: str,
        size: int,
        beginning: bytes,
        on_close: Callable[[], Awaitable[None]],
    ) -> None:
        self.size = size
        self._store = store
        self._name = name
        self._beginning = beginning
        self._on_close = on_close
        self._open = True

    @classmethod
    async def opened(
        cls, store: S3Store, name: str, on_close: Callable[[], Awaitable[None]]
    ) -> Self:
        """Return the object under ``name``; errors as ``Storage.open``."""
        size, beginning = await _begun(store, name)
        if len(beginning) != min(size, READ_CHUNK_BYTES):
            raise StorageError(f"{name} began with {len(beginning)} bytes of {size}")
        return cls(store, name, size, beginning, on_close)

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of the range; see ``StoredObject.read``."""
        end = self.size if stop is None else stop
        if chunk := self._beginning[start:end]:
            start += len(chunk)
            yield chunk
        async for chunk in self._remaining(start, end):
            yield chunk

    async def close(self) -> None:
        """Let go of the object; see ``StoredObject.close``."""
        was_open, self._open = self._open, False
        if was_open:
            await self._on_close()

    async def _remaining(self, place: int, end: int) -> AsyncIterator[bytes]:
        """Yield what is left, asking anew for the rest as often as a body breaks off on the way.

        The library does that too, but only for so long after its request; clients may be slow. A
        try that brought nothing has been its last: the library has tried for long enough.
        """
        while place < end:
            before = place
            try:
                async for chunk in self._fetch(place, end):
                    place += len(chunk)
                    yield chunk
            except StorageError:
                if place == before:
                    raise

    async def _fetch(self, start: int, end: int) -> AsyncIterator[bytes]:
        with s3_errors():
            got = await self._store.get_async(self._name, options={"range": (start, end)})
            if got.range != (start, end) or got.meta["size"] != self.size:
                raise ObjectTruncatedError(f"{self._name} is not the {self.size} bytes it was")
            async for piece in got.stream(min_chunk_size=READ_CHUNK_BYTES):
                for offset in range(0, len(piece), READ_CHUNK_BYTES):
                    chunk = piece[offset : offset + READ_CHUNK_BYTES]
                    start += len(chunk)
                    yield chunk
        if start != end:
            raise ObjectTruncatedError(f"{self._name} ended {end - start} bytes too early")


async def _begun(store: S3Store, name: str) -> tuple[int, bytes]:
    """Return the size of what is under ``name``, and its first bytes."""
    try:
        with s3_errors():
            got = await store.get_async(name, options={"range": (0, READ_CHUNK_BYTES)})
            return got.meta["size"], bytes(await got.bytes_async())
    except UnsatisfiableRangeError:
        # An empty object has no range that could be satisfied (RFC 9110, section 15.5.17).
        with s3_errors():
            if (await store.head_async(name))["size"]:
                raise
        return 0, b""
