"""An object on its way to an S3 server: held while it is small, sent on in parts when it is not.

Many objects may wait for the end of one request, each with up to a part in memory. When sealed
ones hold more together than they may, further ones go to the server ahead of their commit. Until
then nothing names them: their keys are random, and who began them removes or sweeps them.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from obstore.store import S3Store

from storage.base import ObjectExistsError, ObjectNotFoundError, Staged, StorageError
from storage.s3_failures import s3_errors

logger = logging.getLogger("media.storage")

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
            await asyncio.wait({putting})
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
    is there), ``remove`` removes the object, ``may_hold`` says whether a sealed one may keep so
    many bytes in memory, ``ahead`` has the names of those that are at the server before their
    commit, and ``on_end`` is called when nothing more will come.
    """

    def __init__(  # noqa: PLR0913 - what it is put together from
        self,
        store: S3Store,
        name: str,
        part_bytes: int,
        *,
        turn: asyncio.Lock,
        size_of: Callable[[str], Awaitable[int | None]],
        remove: Callable[[str], Awaitable[None]],
        may_hold: Callable[[int], bool],
        ahead: set[str],
        on_end: Callable[["StagedUpload"], None],
    ) -> None:
        self.touched_at = datetime.now(UTC)
        self.is_sealed = False
        self._store = store
        self._name = name
        self._part_bytes = part_bytes
        self._turn = turn
        self._size_of = size_of
        self._remove = remove
        self._may_hold = may_hold
        self._ahead = ahead
        self._is_ahead = False
        self._on_end = on_end
        self._held = bytearray()
        self._size = 0
        self._upload: MultipartUpload | None = None
        self._intact = True

    @property
    def held_bytes(self) -> int:
        """How many bytes are in memory: all, or those of the part that is not full yet."""
        if self._upload is None:
            return len(self._held)
        return self._size % self._part_bytes

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

    async def seal(self) -> None:
        """Send the bytes ahead if others hold as much as they may; see ``Staged.seal``."""
        self._begin()
        if not self._may_hold(self.held_bytes):
            await self._publish(ahead=True)
        self.is_sealed = True
        self._intact = True

    async def commit(self) -> None:
        """Publish the bytes; see ``Staged.commit``."""
        self._begin()
        if not self._is_ahead:
            await self._publish()
        self._forget_ahead()
        self._end()

    async def discard(self) -> None:
        """Drop the bytes, and what is at the server already; see ``Staged.discard``."""
        upload = self._upload
        self._end()
        if upload is not None:
            await upload.abandon()
        if self._is_ahead:
            await self._take_back()

    async def _publish(self, *, ahead: bool = False) -> None:
        async with self._turn:
            if await self._size_of(self._name) is not None:
                raise ObjectExistsError(self._name)
            if ahead:
                self._is_ahead = True
                self._ahead.add(self._name)
            if self._upload is None:
                await self._put()
            else:
                await self._complete(self._upload)
        self._upload = None
        self._held = bytearray()

    async def _take_back(self) -> None:
        try:
            await self._remove(self._name)
        except StorageError as error:
            logger.warning("%s is left to the sweeper: %s", self._name, error)
        self._forget_ahead()

    def _forget_ahead(self) -> None:
        if self._is_ahead:
            self._is_ahead = False
            self._ahead.discard(self._name)

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
