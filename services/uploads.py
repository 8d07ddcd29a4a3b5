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
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tortoise.exceptions import IntegrityError

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import (
    QuotaExceededError,
    UnauthenticatedError,
    UnavailableError,
    ValidationFailedError,
)
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
from storage.base import Storage

logger = logging.getLogger("media.uploads")

_ATTEMPTS: Final = 3
_UNLIMITED: Final = 2**62


class _ContentWentError(Exception):
    """The content that a transaction meant to share was deleted just before it began."""


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
            UnauthenticatedError: Nobody is signed in, or the account is gone.
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

        Raises:
            As ``claim_all``.
        """
        return (await self.claim_all([received], draft))[0]

    async def claim_all(self, bodies: Sequence[Received], draft: Draft) -> list[StoredFile]:
        """Make a file of each body, or of none; durable and visible when this returns.

        Content that the owner already has is stored once and charged in full.

        Raises:
            ValidationFailedError: A body has been used already.
            QuotaExceededError: The files would take their owner over the quota.
            ConflictError: An upload took longer than the grace period and was cleared up.
            StorageFullError: There is no room.
            UnavailableError: Storage or database does not answer.
        """
        async with self._cleared_on_failure(*(body.reservation for body in bodies)):
            _require_unused(bodies)
            files = await self._record(bodies, [_file(body, draft) for body in bodies])
        for body, file in zip(bodies, files, strict=True):
            body.reservation.settled = file.blob_id == body.reservation.key
        await self._clear_up_safely(*(body.reservation for body in bodies))
        return files

    async def discard(self, received: Received) -> None:
        """Drop a received body that nothing claimed. A claimed one stays what it is."""
        await self._clear_up_safely(received.reservation)

    async def close(self) -> None:
        """Wait until the leftovers of failed uploads are cleared up."""
        await asyncio.gather(*self._clearing)

    async def _reserve(self, reservation: Reservation) -> None:
        try:
            async with self._database.transaction() as transaction:
                await Upload.create(
                    id=reservation.id,
                    owner_id=reservation.owner_id,
                    key=reservation.key,
                    using_db=transaction.client,
                )
        except IntegrityError as error:
            raise UnauthenticatedError("The account of this access token is gone.") from error

    async def _record(
        self, bodies: Sequence[Received], files: Sequence[StoredFile]
    ) -> list[StoredFile]:
        published: set[str] = set()
        for _ in range(_ATTEMPTS):
            await self._publish_new(bodies, published)
            try:
                async with self._database.transaction() as transaction:
                    recorded = [
                        await self._insert(transaction, body, file, published)
                        for body, file in zip(bodies, files, strict=True)
                    ]
            except (IntegrityError, _ContentWentError):
                continue  # the same content was recorded, or deleted, elsewhere: look again
            return recorded
        raise UnavailableError("The same content is being changed elsewhere; try again.")

    async def _publish_new(self, bodies: Sequence[Received], published: set[str]) -> None:
        for body in bodies:
            key = body.reservation.key
            if key not in published and not await self._has_content(body):
                await self._publish(body.reservation)
                published.add(key)

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

    async def _insert(
        self, transaction: Transaction, body: Received, file: StoredFile, published: set[str]
    ) -> StoredFile:
        own_key = body.reservation.key
        # Account before blob, as in deletion: no two transactions wait for each other in a circle.
        await self._charge(transaction, file)
        shared_key = await share_blob(transaction, body)
        if shared_key is None and own_key not in published:
            raise _ContentWentError
        await settle_reservation(transaction, body.reservation, shared=shared_key is not None)
        if shared_key is None:
            await insert_blob(transaction, body)
        recorded = replace(file, blob_id=shared_key or own_key)
        await insert_file(transaction, recorded)
        return recorded

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
    async def _cleared_on_failure(self, *reservations: Reservation) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            await self._clear_up_safely(*reservations)
            raise

    async def _clear_up_safely(self, *reservations: Reservation) -> None:
        # In a task of its own: a cancelled request must not leave its clearing half done.
        task = asyncio.create_task(self._clear_up_all(reservations))
        self._clearing.add(task)
        task.add_done_callback(self._clearing.discard)
        await asyncio.shield(task)

    async def _clear_up_all(self, reservations: Sequence[Reservation]) -> None:
        for reservation in reservations:
            if not reservation.settled:
                reservation.settled = True
                await self._clear_up(reservation)

    async def _clear_up(self, reservation: Reservation) -> None:
        try:
            if reservation.staged is not None:
                await reservation.staged.discard()
            await self._sweeper.abandon(reservation.id, reservation.key)
        except Exception:  # the sweeper does the rest; what has happened to the upload stands
            logger.exception("upload %s is left to the sweeper", reservation.id)


def _require_unused(bodies: Sequence[Received]) -> None:
    keys = {body.reservation.key for body in bodies}
    if len(keys) < len(bodies) or any(body.reservation.settled for body in bodies):
        raise ValidationFailedError("A file can be used once; send it again for each further use.")


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
