"""Uploads: bytes become a file, or leave nothing behind.

The order that makes an acknowledged upload survive a killed process and a power cut:

1. reserve: a row that no reader of files sees names the key that the bytes will have
2. stage: bytes stream into the storage's staging area, hashed and counted as they pass
3. publish: the storage flushes them and gives them their key
4. record: one transaction turns the reservation into a file, a blob, tags and totals
5. answer

Cut off anywhere before 4 ends, the reservation is still there, and the sweeper clears up by it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tortoise.exceptions import IntegrityError

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import MediaError, QuotaExceededError, UnavailableError
from core.ids import IdPrefix, new_id, new_key
from models.database import Database, Transaction
from models.file import StoredFile
from models.upload import Upload
from processing.identify import identify
from services.body import Body
from services.metadata import UNNAMED, Draft, clean_filename
from services.received import Received, Reservation
from services.records import insert_blob, insert_file, settle_reservation, share_blob
from services.storage_errors import storage_errors
from services.sweep import Sweeper
from storage.base import Storage, StorageError

logger = logging.getLogger("media.uploads")

_ATTEMPTS: Final = 3
_UNLIMITED: Final = 2**62


class Uploads:
    """Receives bodies and makes files of them."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        sweeper: Sweeper,
        *,
        max_bytes: int,
        quota_bytes: int = 0,
    ) -> None:
        self.max_bytes = max_bytes
        self._database = database
        self._storage = storage
        self._sweeper = sweeper
        self._quota_bytes = quota_bytes or _UNLIMITED
        self._clearing: set[asyncio.Task[None]] = set()

    async def receive(
        self, viewer: Viewer, chunks: AsyncIterator[bytes], filename: str | None
    ) -> Received:
        """Stage a body as it arrives, in constant memory; ``claim`` or ``discard`` it afterwards.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ValidationFailedError: The file name cannot be used.
            PayloadTooLargeError: The body passed the limit; raised in mid-stream.
            StorageFullError: There is no room.
            UnavailableError: Storage or database does not answer.
        """
        owner_id = Policy.require_account(viewer)
        name = clean_filename(filename or UNNAMED)
        reservation = Reservation(new_id(IdPrefix.UPLOAD), owner_id, new_key())
        async with self._cleared_on_failure(reservation):
            await self._reserve(reservation)
            with storage_errors():
                reservation.staged = await self._storage.stage()
                body = Body(reservation.staged, self.max_bytes)
                await body.take(chunks)
            mime_type = await asyncio.to_thread(identify, body.head, name)
        return Received(reservation, name, body.size, body.sha256, mime_type)

    async def claim(self, received: Received, draft: Draft) -> StoredFile:
        """Make a file of a received body; durable and visible when this returns.

        Content that the owner already has is stored once and charged in full.

        Raises:
            QuotaExceededError: The file would take its owner over the quota.
            ConflictError: The upload took longer than the grace period and was cleared up.
            StorageFullError: There is no room.
            UnavailableError: Storage or database does not answer.
        """
        async with self._cleared_on_failure(received.reservation):
            file = await self._record(received, _file(received, draft))
        if file.blob_id != received.reservation.key:
            await self._clear_up(received.reservation)
        return file

    async def discard(self, received: Received) -> None:
        """Drop a received body that nothing claimed. A claimed one stays what it is."""
        await self._clear_up(received.reservation)

    async def close(self) -> None:
        """Wait until the leftovers of failed uploads are cleared up."""
        await asyncio.gather(*self._clearing)

    async def _reserve(self, reservation: Reservation) -> None:
        async with self._database.transaction() as transaction:
            await Upload.create(
                id=reservation.id,
                owner_id=reservation.owner_id,
                key=reservation.key,
                using_db=transaction.client,
            )

    async def _record(self, received: Received, file: StoredFile) -> StoredFile:
        published = False
        for _ in range(_ATTEMPTS):
            if not published and not await self._has_content(received):
                await self._publish(received.reservation)
                published = True
            try:
                async with self._database.transaction() as transaction:
                    blob_id = await share_blob(transaction, received)
                    if blob_id is None and not published:
                        continue  # the content went between look and lock
                    recorded = replace(file, blob_id=blob_id or received.reservation.key)
                    await self._insert(transaction, received, recorded)
            except IntegrityError:
                continue  # another upload of the same content was recorded first: share its blob
            return recorded
        raise UnavailableError("The same content is being changed elsewhere; try again.")

    async def _has_content(self, received: Received) -> bool:
        rows = await self._database.read(
            "SELECT 1 FROM blob WHERE owner_id = ? AND sha256 = ? AND refs > 0",
            received.reservation.owner_id,
            received.sha256,
        )
        return bool(rows)

    @staticmethod
    async def _publish(reservation: Reservation) -> None:
        assert reservation.staged is not None  # noqa: S101 - a received body has been staged
        with storage_errors():
            await reservation.staged.commit(reservation.key)

    async def _insert(self, transaction: Transaction, received: Received, file: StoredFile) -> None:
        shared = file.blob_id != received.reservation.key
        await settle_reservation(transaction, received.reservation, shared=shared)
        if not shared:
            await insert_blob(transaction, received)
        await insert_file(transaction, file)
        await self._charge(transaction, file)

    async def _charge(self, transaction: Transaction, file: StoredFile) -> None:
        charged = await transaction.execute(
            "UPDATE user_account SET files_count = files_count + 1, bytes_used = bytes_used + ?"
            " WHERE id = ? AND bytes_used + ? <= ?",
            file.size,
            file.owner_id,
            file.size,
            self._quota_bytes,
        )
        if not charged:
            raise QuotaExceededError(
                f"This file of {file.size} bytes would pass your quota of"
                f" {self._quota_bytes} bytes; delete something first."
            )

    @asynccontextmanager
    async def _cleared_on_failure(self, reservation: Reservation) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            # In a task of its own: a cancelled request must not leave its clearing half done.
            task = asyncio.create_task(self._clear_up(reservation))
            self._clearing.add(task)
            task.add_done_callback(self._clearing.discard)
            await asyncio.shield(task)
            raise

    async def _clear_up(self, reservation: Reservation) -> None:
        try:
            if reservation.staged is not None:
                await reservation.staged.discard()
            await self._sweeper.abandon(reservation.id, reservation.key)
        except (MediaError, StorageError) as error:
            logger.warning("upload %s is left to the sweeper: %s", reservation.id, error)


def _file(received: Received, draft: Draft) -> StoredFile:
    now = datetime.now(UTC)
    return StoredFile(
        id=new_id(IdPrefix.FILE),
        owner_id=received.reservation.owner_id,
        blob_id=received.reservation.key,
        filename=draft.filename or received.filename,
        description=draft.description,
        tags=list(draft.tags),
        visibility=draft.visibility,
        mime_type=received.mime_type,
        size=received.size,
        checksum=received.sha256,
        created_at=now,
        updated_at=now,
    )
