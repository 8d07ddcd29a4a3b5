"""Uploads: bytes become a file, or leave nothing behind.

The order that makes an acknowledged upload survive a killed process and a power cut:

1. reserve: a row that no reader of files sees names the key that the bytes will have, and holds
   their place in the quota
2. stage: bytes stream into the storage's staging area, hashed and counted as they pass
3. publish: the storage flushes them and gives them their key
4. record: one transaction turns the reservation into a file, a blob, tags and totals
5. answer

Cut off anywhere before 4 ends, the reservation is still there, and the sweeper clears up by it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tortoise.exceptions import IntegrityError

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import (
    ConflictError,
    PayloadTooLargeError,
    UnavailableError,
    ValidationFailedError,
)
from core.ids import IdPrefix, new_id
from core.metrics import UPLOADS
from models.database import Database, Transaction
from models.file import StoredFile
from processing.identify import identify_sample
from services.files.metadata import UNNAMED, Draft, clean_filename, clean_media_type
from services.files.rows import insert_file
from services.storage_errors import storage_errors
from services.uploads.blob_rows import SharedBlob, insert_blob, settle_reservation, share_blob
from services.uploads.body import Body
from services.uploads.idempotency import Attempt, IdempotencyKeys, Unstored, fingerprint
from services.uploads.quotas import Hold, Quotas
from services.uploads.reservations import Reservations
from services.uploads.types import ANY_LENGTH, Expected, Received, Reservation
from storage.base import Storage

_ATTEMPTS: Final = 3
_GONE: Final = "The bytes of this file are gone; send it again."

_Completion = Callable[[Transaction, Sequence[StoredFile]], Awaitable[None]]


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
        quotas: Quotas,
        keys: IdempotencyKeys,
        on_stored: Callable[[], None],
        max_bytes: int,
    ) -> None:
        self.max_bytes = max_bytes
        self._database = database
        self._storage = storage
        self._reservations = reservations
        self._on_stored = on_stored
        self._quotas = quotas
        self._keys = keys

    def attempt(
        self, viewer: Viewer, key: str | None
    ) -> AbstractAsyncContextManager[Attempt | None]:
        """Hold an idempotency key for the block; as ``IdempotencyKeys.attempt``."""
        return self._keys.attempt(viewer, key)

    async def require_possible(
        self, viewer: Viewer, size: int, attempt: Attempt | None = None, files: int = 1
    ) -> None:
        """Refuse a request that cannot succeed, before any of its body is read.

        ``size`` is the least number of bytes that its files have together, ``files`` the most
        files it can have. A retry of what succeeded before, as ``attempt`` tells, needs no quota.

        Raises:
            UnauthenticatedError: Nobody is signed in, or the account is gone.
            InsufficientScopeError: The caller's API key may only read.
            PayloadTooLargeError: The files would pass the limit of a file, or of one request.
            QuotaExceededError: They would pass the quota.
            TooManyUploadsError: They would pass what one account may have under way.
        """
        owner_id = Policy.require_writer(viewer)
        if size > files * self.max_bytes:
            raise PayloadTooLargeError(f"A file may be at most {self.max_bytes} bytes long.")
        if size > self._quotas.may_hold:
            raise PayloadTooLargeError(
                f"The files of one request may have at most {self._quotas.may_hold} bytes together."
            )
        if size > 0 and (attempt is None or attempt.first is None):
            await self._quotas.require_room(owner_id, size)

    async def receive(  # noqa: PLR0913, PLR0917 - what a part of a form is
        self,
        viewer: Viewer,
        chunks: AsyncIterator[bytes],
        filename: str | None,
        declared_type: str | None = None,
        expected: Expected = ANY_LENGTH,
        attempt: Attempt | None = None,
        uses: int = 1,
    ) -> Received:
        """Stage a body as it arrives, in constant memory; ``claim`` or ``discard`` it afterwards.

        ``declared_type`` is what the client calls it: an analysis compares it, and it chooses
        among types that the content cannot tell apart. What ``expected`` says of its length is
        refused before it is read. The body of a retry, as ``attempt`` tells, is read to be compared
        and not stored. With ``uses`` the bytes, staged once, become that many files: claim each of
        ``Received.for_each_use``.

        Raises:
            UnauthenticatedError: Nobody is signed in, or the account is gone.
            ValidationFailedError: The file name cannot be used.
            PayloadTooLargeError: The body passes the limit; raised in mid-stream or before.
            QuotaExceededError: It passes the quota; the same.
            TooManyUploadsError: It passes what one account may have under way; the same.
            StorageFullError: There is no room.
            UnavailableError: Storage or database does not answer.
        """
        owner_id = Policy.require_writer(viewer)
        name = clean_filename(filename or UNNAMED)
        if attempt is not None and attempt.first is not None:
            return await self._compared(owner_id, chunks, name, uses)
        expected = self._bounded(expected)
        async with self._reservations.reserved(owner_id, expected, uses) as reservation:
            with storage_errors():
                staged = reservation.staged = await self._storage.stage(reservation.key)
                hold = Hold(self._quotas, reservation)
                body = Body(staged, self.max_bytes, hold)
                with UPLOADS.track_inprogress():
                    await body.take(chunks)
                    await staged.seal()
            if expected.most is None:  # what was held ahead may be what the next file needs
                await hold.end(body.size)
            declared = clean_media_type(declared_type)
            sample = body.sample(name, declared)
            mime_type = await asyncio.to_thread(identify_sample, sample)
        return Received(reservation, name, body.size, body.sha256, mime_type, declared)

    async def _compared(
        self, owner_id: str, chunks: AsyncIterator[bytes], name: str, uses: int
    ) -> Received:
        body = Body(Unstored(), self.max_bytes)
        await body.take(chunks)
        nothing = Reservation("", owner_id, "", uses, settled=True)
        return Received(nothing, name, body.size, body.sha256, "")

    def _bounded(self, expected: Expected) -> Expected:
        if expected.least > self.max_bytes:
            raise PayloadTooLargeError(f"A file may be at most {self.max_bytes} bytes long.")
        if expected.most is None:
            return expected
        return replace(expected, most=min(expected.most, self.max_bytes))

    async def claim(
        self, received: Received, draft: Draft, attempt: Attempt | None = None
    ) -> StoredFile:
        """Make a file of a received body; durable and visible when this returns.

        Raises:
            As ``claim_all``.
        """
        return (await self.claim_all([received], draft, attempt))[0]

    async def claim_all(
        self, bodies: Sequence[Received], draft: Draft, attempt: Attempt | None = None
    ) -> list[StoredFile]:
        """Make a file of each body, or of none; durable and visible when this returns.

        Content that the owner already has is stored once and charged in full. A retry, as
        ``attempt`` tells, answers the files that the first request made.

        Raises:
            ValidationFailedError: A body, or the idempotency key, has been used already.
            KeyReusedError: The key made something else before.
            NotFoundError: It made this before, which has been deleted since.
            QuotaExceededError: The files would take their owner over the quota.
            UnauthenticatedError: Their owner was disabled since the upload began.
            ConflictError: An upload took longer than the grace period and was cleared up, or its
                bytes are gone because another use of them failed, or was deleted meanwhile.
            StorageFullError: There is no room.
            UnavailableError: Storage or database does not answer.
        """
        if attempt is not None:
            attempt.use()
            if attempt.first is not None:
                return await self._keys.again(attempt.first, fingerprint(bodies, draft))
        async with self._reservations.cleared_on_failure(*(body.reservation for body in bodies)):
            _spend(bodies)
            files = [_file(body, draft) for body in bodies]
            complete = self._completion(attempt, bodies, draft)
            files = await self._record(bodies, files, complete)
        if attempt is not None:
            attempt.completed = True
        for body, file in zip(bodies, files, strict=True):
            body.reservation.settled |= file.blob_id == body.reservation.key
        self._on_stored()
        await self._reservations.clear_up(*(body.reservation for body in bodies))
        return files

    async def discard(self, received: Received) -> None:
        """Drop a received body that nothing claimed, and with it every other use of its bytes.

        What has been made of them stays what it is.
        """
        received.spent = True
        await self._reservations.clear_up(received.reservation)

    async def close(self) -> None:
        """Wait until the leftovers of failed uploads are cleared up."""
        await self._reservations.close()

    def _completion(
        self, attempt: Attempt | None, bodies: Sequence[Received], draft: Draft
    ) -> _Completion | None:
        if attempt is None:
            return None
        made = fingerprint(bodies, draft)

        async def complete(transaction: Transaction, files: Sequence[StoredFile]) -> None:
            await self._keys.complete(transaction, attempt, made, [file.id for file in files])

        return complete

    async def _record(
        self,
        bodies: Sequence[Received],
        files: Sequence[StoredFile],
        complete: _Completion | None = None,
    ) -> list[StoredFile]:
        published: set[str] = set()
        for _ in range(_ATTEMPTS):
            await self._publish_new(bodies, published)
            try:
                async with self._database.transaction() as transaction:
                    recorded = await self._insert_all(transaction, bodies, files, published)
                    if complete is not None:
                        await complete(transaction, recorded)
            except (IntegrityError, _ContentWentError):
                continue  # the same content was recorded, or deleted, elsewhere: look again
            return recorded
        raise UnavailableError("The same content is being changed elsewhere; try again.")

    async def _publish_new(self, bodies: Sequence[Received], published: set[str]) -> None:
        for body in bodies:
            key = body.reservation.key
            if key not in published and not await self._has_content(body):
                if body.reservation.settled:
                    raise ConflictError(_GONE)
                await self._reservations.publish(body.reservation)
                published.add(key)

    async def _has_content(self, received: Received) -> bool:
        rows = await self._database.read(
            "SELECT 1 FROM blob WHERE owner_id = ? AND sha256 = ? AND refs > 0",
            received.reservation.owner_id,
            received.sha256,
        )
        return bool(rows)

    async def _insert_all(
        self,
        transaction: Transaction,
        bodies: Sequence[Received],
        files: Sequence[StoredFile],
        published: set[str],
    ) -> list[StoredFile]:
        recorded, settled = [], set[str]()
        for body, file in zip(bodies, files, strict=True):
            first = body.reservation.id not in settled and not body.reservation.settled
            recorded.append(await self._insert(transaction, body, file, published, first=first))
            settled.add(body.reservation.id)
        return recorded

    async def _insert(
        self,
        transaction: Transaction,
        body: Received,
        file: StoredFile,
        published: set[str],
        *,
        first: bool,
    ) -> StoredFile:
        """Record a file; the ``first`` of a reservation ends it."""
        own_key = body.reservation.key
        # Account before blob, as in deletion: no two transactions wait for each other in a circle.
        await self._quotas.charge(transaction, file.owner_id, file.size)
        shared = await share_blob(transaction, body)
        if shared is None and own_key not in published:
            raise _ContentWentError
        if first:
            await settle_reservation(transaction, body.reservation, shared=shared is not None)
        if shared is None:
            await insert_blob(transaction, body)
        recorded = _showing(file, shared)
        await insert_file(transaction, recorded)
        return recorded


def _spend(bodies: Sequence[Received]) -> None:
    for body in bodies:
        if body.spent:
            raise ValidationFailedError(
                "A variable's file can be used once; give each use a variable of its own."
            )
        body.spent = True


def _showing(file: StoredFile, shared: SharedBlob | None) -> StoredFile:
    if shared is None:
        return file
    return replace(
        file,
        blob_id=shared.key,
        width=shared.width,
        height=shared.height,
        duration=shared.duration,
        blurhash=shared.blurhash,
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
