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
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tortoise.exceptions import IntegrityError

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import (
    QuotaExceededError,
    UnavailableError,
    ValidationFailedError,
)
from core.ids import IdPrefix, new_id
from models.database import Database, Transaction
from models.file import StoredFile
from processing.identify import identify
from services.body import Body
from services.metadata import UNNAMED, Draft, clean_filename, clean_media_type
from services.received import Received
from services.records import (
    SharedBlob,
    insert_blob,
    insert_file,
    require_enabled,
    settle_reservation,
    share_blob,
)
from services.reservations import Reservations
from services.storage_errors import storage_errors
from storage.base import Storage

_ATTEMPTS: Final = 3
_UNLIMITED: Final = 2**62


class _ContentWentError(Exception):
    """The content that a transaction meant to share was deleted just before it began."""


class Uploads:
    """Receives bodies and makes files of them."""

    def __init__(  # noqa: PLR0913 - what it is put together from
        self,
        database: Database,
        storage: Storage,
        reservations: Reservations,
        *,
        on_stored: Callable[[], None],
        max_bytes: int,
        quota_bytes: int = 0,
    ) -> None:
        self.max_bytes = max_bytes
        self._database = database
        self._storage = storage
        self._reservations = reservations
        self._on_stored = on_stored
        self._quota_bytes = quota_bytes or _UNLIMITED

    async def receive(
        self,
        viewer: Viewer,
        chunks: AsyncIterator[bytes],
        filename: str | None,
        declared_type: str | None = None,
    ) -> Received:
        """Stage a body as it arrives, in constant memory; ``claim`` or ``discard`` it afterwards.

        ``declared_type`` is what the client calls it, for an analysis to compare; nothing else
        goes by it.

        Raises:
            UnauthenticatedError: Nobody is signed in, or the account is gone.
            ValidationFailedError: The file name cannot be used.
            PayloadTooLargeError: The body passed the limit; raised in mid-stream.
            StorageFullError: There is no room.
            UnavailableError: Storage or database does not answer.
        """
        owner_id = Policy.require_writer(viewer)
        name = clean_filename(filename or UNNAMED)
        async with self._reservations.reserved(owner_id) as reservation:
            with storage_errors():
                reservation.staged = await self._storage.stage()
                body = Body(reservation.staged, self.max_bytes)
                await body.take(chunks)
            mime_type = await asyncio.to_thread(identify, body.head, name)
        declared = clean_media_type(declared_type)
        return Received(reservation, name, body.size, body.sha256, mime_type, declared)

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
            UnauthenticatedError: Their owner was disabled since the upload began.
            ConflictError: An upload took longer than the grace period and was cleared up.
            StorageFullError: There is no room.
            UnavailableError: Storage or database does not answer.
        """
        async with self._reservations.cleared_on_failure(*(body.reservation for body in bodies)):
            _require_unused(bodies)
            files = await self._record(bodies, [_file(body, draft) for body in bodies])
        for body, file in zip(bodies, files, strict=True):
            body.reservation.settled = file.blob_id == body.reservation.key
        self._on_stored()
        await self._reservations.clear_up(*(body.reservation for body in bodies))
        return files

    async def discard(self, received: Received) -> None:
        """Drop a received body that nothing claimed. A claimed one stays what it is."""
        await self._reservations.clear_up(received.reservation)

    async def close(self) -> None:
        """Wait until the leftovers of failed uploads are cleared up."""
        await self._reservations.close()

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
                await self._reservations.publish(body.reservation)
                published.add(key)

    async def _has_content(self, received: Received) -> bool:
        rows = await self._database.read(
            "SELECT 1 FROM blob WHERE owner_id = ? AND sha256 = ? AND refs > 0",
            received.reservation.owner_id,
            received.sha256,
        )
        return bool(rows)

    async def _insert(
        self, transaction: Transaction, body: Received, file: StoredFile, published: set[str]
    ) -> StoredFile:
        own_key = body.reservation.key
        # Account before blob, as in deletion: no two transactions wait for each other in a circle.
        await self._charge(transaction, file)
        await require_enabled(transaction, file.owner_id)
        shared = await share_blob(transaction, body)
        if shared is None and own_key not in published:
            raise _ContentWentError
        await settle_reservation(transaction, body.reservation, shared=shared is not None)
        if shared is None:
            await insert_blob(transaction, body)
        recorded = _showing(file, shared)
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


def _require_unused(bodies: Sequence[Received]) -> None:
    keys = {body.reservation.key for body in bodies}
    if len(keys) < len(bodies) or any(body.reservation.settled for body in bodies):
        raise ValidationFailedError("A file can be used once; send it again for each further use.")


def _showing(file: StoredFile, shared: SharedBlob | None) -> StoredFile:
    if shared is None:
        return file
    return replace(
        file,
        blob_id=shared.key,
        width=shared.width,
        height=shared.height,
        duration=shared.duration,
    )


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
        declared_type=received.declared_type,
        created_at=now,
        updated_at=now,
    )
