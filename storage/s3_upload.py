"""An object on its way to an S3 server: held while it is small, sent on in parts when it is not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from obstore.store import S3Store

from storage.base import ObjectExistsError, ObjectNotFoundError, Staged, StorageError
from storage.s3_connection import s3_errors

_PARTS_AT_ONCE: Final = 2


class _AbandonedError(Exception):
    """Ends the stream of an upload that is to leave no parts."""


class MultipartUpload:
    """A multipart upload that is fed piece by piece, in constant memory.

    Of a body that comes faster than the server takes it, there are in memory the part that fills,
    those on their way, and one piece.
    """

    def __init__(self, store: S3Store, name: str, part_bytes: int) -> None:
        self._pieces: asyncio.Queue[bytes | _AbandonedError | None] = asyncio.Queue(maxsize=1)
        self._sending = asyncio.create_task(self._send(store, name, part_bytes))

    async def feed(self, piece: bytes) -> None:
        """Take ``piece``, when there is room; ``StorageError`` if the upload has failed."""
        await self._hand_over(piece)

    async def complete(self) -> None:
        """Send what is left and join the parts; ``StorageError`` if that failed."""
        await self._hand_over(None)
        await self._sending

    async def abandon(self) -> None:
        """End the upload and have the server drop its parts, as far as it can be reached."""
        with suppress(StorageError, _AbandonedError):
            if not self._sending.done():
                await self._hand_over(_AbandonedError())
            await self._sending

    async def _hand_over(self, piece: bytes | _AbandonedError | None) -> None:
        putting = asyncio.create_task(self._pieces.put(piece))
        try:
            await asyncio.wait({putting, self._sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()
        if self._sending.done():
            await self._sending

    async def _send(self, store: S3Store, name: str, part_bytes: int) -> None:
        with s3_errors():
            await store.put_async(
                name,
                self._handed_over(),
                use_multipart=True,
                chunk_size=part_bytes,
                max_concurrency=_PARTS_AT_ONCE,
            )

    async def _handed_over(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, _AbandonedError):
                raise piece
            yield piece


class StagedUpload(Staged):
    """Bytes for ``name``: in memory up to one part, then on their way in a multipart upload.

    ``turn`` holds others off the name for the block, ``size_of`` asks the server (None: nothing
    is there), and ``on_end`` is told when nothing more will come.
    """

    def __init__(  # noqa: PLR0913 - what it is put together from
        self,
        store: S3Store,
        name: str,
        part_bytes: int,
        *,
        turn: asyncio.Lock,
        size_of: Callable[[str], Awaitable[int | None]],
        on_end: Callable[["StagedUpload"], None],
    ) -> None:
        self.touched_at = datetime.now(UTC)
        self._store = store
        self._name = name
        self._part_bytes = part_bytes
        self._turn = turn
        self._size_of = size_of
        self._on_end = on_end
        self._held = bytearray()
        self._size = 0
        self._upload: MultipartUpload | None = None
        self._intact = True

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append ``chunk``; see ``Staged.write``."""
        self._begin()
        self.touched_at = datetime.now(UTC)
        self._size += len(chunk)
        if self._upload is None and self._size <= self._part_bytes:
            self._held += chunk
        else:
            await self._send_on(bytes(chunk))
        self._intact = True

    async def commit(self) -> None:
        """Publish the bytes; see ``Staged.commit``."""
        self._begin()
        async with self._turn:
            if await self._size_of(self._name) is not None:
                raise ObjectExistsError(self._name)
            if self._upload is None:
                await self._put()
            else:
                await self._complete(self._upload)
        self._end()

    async def discard(self) -> None:
        """Drop the bytes, and the parts that are there already; see ``Staged.discard``."""
        upload = self._upload
        self._end()
        if upload is not None:
            await upload.abandon()

    def _begin(self) -> None:
        # Stays false if the call fails or is cancelled: nobody knows then which bytes are there.
        if not self._intact:
            raise StorageError("an earlier call failed or ended this staging: only discard it")
        self._intact = False

    def _end(self) -> None:
        self._intact = False
        self._upload = None
        self._held = bytearray()
        self._on_end(self)

    async def _send_on(self, chunk: bytes) -> None:
        if self._upload is None:
            self._upload = MultipartUpload(self._store, self._name, self._part_bytes)
            held, self._held = bytes(self._held), bytearray()
            await self._upload.feed(held)
        await self._upload.feed(chunk)

    async def _put(self) -> None:
        # Putting the same bytes twice is harmless, so a lost reply is; with If-None-Match the
        # second try would find the first one's object and call the key taken.
        with s3_errors():
            await self._store.put_async(self._name, bytes(self._held), use_multipart=False)

    async def _complete(self, upload: MultipartUpload) -> None:
        try:
            await upload.complete()
        except ObjectNotFoundError as error:  # of a second try whose first one's reply was lost
            if await self._size_of(self._name) != self._size:
                raise StorageError(str(error)) from error
            return
        if await self._size_of(self._name) != self._size:
            raise StorageError(f"{self._name} is not there, or not {self._size} bytes long")
