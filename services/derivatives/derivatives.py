"""Derivatives: what is computed from a blob, made once however many ask, and kept with it.

A result is claimed through the unique row of its blob and specification, made outside any
transaction, published like an upload, and recorded only if the claim still holds and a file still
shows the blob. A failure that lies in the file is recorded too; one that does not (a full queue, a
lost database) leaves nothing, so that the next call tries again.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Final

from core.background import meanwhile
from core.errors import (
    BusyError,
    ConflictError,
    FileEncryptedError,
    FileTooComplexError,
    MediaError,
    NotFoundError,
    ProcessingFailedError,
    ProcessingTimedOutError,
    UnavailableError,
    UnsupportedFileTypeError,
)
from core.ids import new_key
from models.database import Database
from models.derivative import DerivativeKind, DerivativeState
from models.file import StoredFile
from processing.task import MIB, Failure, ProcessingError
from services.derivatives.changes import DerivativeChanges
from services.derivatives.deadlines import in_time
from services.derivatives.rows import (
    CLAIM_SECONDS,
    COLUMNS,
    Kept,
    Specification,
    StoredDerivative,
    claim_derivative,
    drop_claim,
    drop_surplus,
    record_failure,
    record_result,
    renew_claim,
    stored_derivative,
)
from services.storage_errors import storage_errors
from services.uploads.blob_rows import settle_reservation
from services.uploads.reservations import Reservations
from services.uploads.types import Reservation
from storage.base import ObjectNotFoundError, Storage, StoredObject

if TYPE_CHECKING:
    from services.derivatives.queue import Jobs

_PATIENCE_SECONDS: Final = 60
"""How long a result may lie in the queue of other processes before its caller gives up."""

_NEWS_SECONDS: Final = 5
"""How long the news that another process has given up may take."""

_NOT_YET: Final = "It is still being made; ask again later."
_GONE: Final = "The file was deleted meanwhile."
_ERRORS: Final[Mapping[Failure, type[MediaError]]] = {
    Failure.UNSUPPORTED: UnsupportedFileTypeError,
    Failure.TOO_LARGE: FileTooComplexError,
    Failure.ENCRYPTED: FileEncryptedError,
    Failure.FAILED: ProcessingFailedError,
    Failure.TIMED_OUT: ProcessingTimedOutError,
}


@dataclass(frozen=True, slots=True)
class Product:
    """A fresh result: its bytes from position 0 of ``output``, and what they are."""

    output: BinaryIO
    mime_type: str
    width: int | None = None
    height: int | None = None


Producer = Callable[[], Awaitable[Product]]
"""Makes the result; raises ``ProcessingError`` for a failure that lies in the file."""


class Derivatives:
    """The results of every blob, made by this process, or by others through ``jobs``.

    Each may take ``seconds``. What has not been made by then is given up: a failure that lies in
    the file if the workers were at it, else for another time.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        reservations: Reservations,
        jobs: "Jobs | None" = None,
        *,
        seconds: float,
    ) -> None:
        self._seconds = seconds
        self._jobs = jobs
        self._database = database
        self._storage = storage
        self._reservations = reservations
        self._changes = DerivativeChanges(database.notices)
        self._making: dict[tuple[str, str], asyncio.Task[StoredDerivative]] = {}

    async def obtain(
        self, file: StoredFile, wanted: Specification, produce: Producer, *, retry: bool = False
    ) -> StoredDerivative:
        """Return the result for ``file``, made by ``produce`` unless it is there already.

        With ``retry`` a recorded failure is tried again.

        Raises:
            UnsupportedFileTypeError, FileTooComplexError, FileEncryptedError,
            ProcessingFailedError, ProcessingTimedOutError: A failure that lies in the file, found
                now or recorded before.
            NotFoundError: The file went away meanwhile.
            BusyError, UnavailableError, StorageFullError: Another time it may succeed.
        """
        settled = await self._settled(file.blob_id, wanted, retry=retry)
        if settled is not None:
            return settled
        place = (file.blob_id, wanted.digest)
        making = self._making.get(place)
        if making is None:
            making = asyncio.create_task(
                self._make(file, wanted, produce, retry=retry)
                if self._jobs is None
                else self._order(self._jobs, file, wanted, retry=retry)
            )
            self._making[place] = making
            making.add_done_callback(lambda done: self._made(place, done))
        return await asyncio.shield(making)  # one caller that goes away must not take it along

    async def ready(
        self, blob_ids: Iterable[str], kind: DerivativeKind
    ) -> dict[str, list[StoredDerivative]]:
        """Return what there is of ``kind`` for each blob, oldest first, in one statement."""
        wanted = list(dict.fromkeys(blob_ids))
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM derivative WHERE kind = ? AND state = ?"
            f" AND blob_id IN ({', '.join('?' * len(wanted))}) ORDER BY created_at, id",
            kind.value,
            DerivativeState.READY.value,
            *wanted,
        )
        found: dict[str, list[StoredDerivative]] = {blob_id: [] for blob_id in wanted}
        for row in rows:
            found[row[0]].append(stored_derivative(row))
        return found

    async def open(self, derivative: StoredDerivative) -> StoredObject:
        """Return the opened bytes of a result; close them.

        Raises:
            UnavailableError: The storage does not answer, or has lost the bytes; in that case the
                result is forgotten, so that it is made anew when it is asked for again.
        """
        with storage_errors():
            try:
                return await self._storage.open(derivative.key)
            except ObjectNotFoundError:
                async with self._database.transaction() as transaction:
                    await transaction.execute(
                        "DELETE FROM derivative WHERE key = ?", derivative.key
                    )
                raise

    async def read(self, derivative: StoredDerivative) -> bytes:
        """Return the bytes of a result; errors as ``open``."""
        async with await self.open(derivative) as stored:
            with storage_errors():
                return b"".join([chunk async for chunk in stored.read()])

    async def drop_claims(self) -> None:
        """Drop every claim: for the start of the only server, to which they can mean nothing."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM derivative WHERE state = ?", DerivativeState.PENDING.value
            )

    async def close(self) -> None:
        """End what is being made; nothing is recorded of it."""
        making = list(self._making.values())
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    def _made(self, place: tuple[str, str], done: asyncio.Task[StoredDerivative]) -> None:
        del self._making[place]
        if not done.cancelled():
            done.exception()  # seen, even if everybody who waited has gone

    async def _settled(
        self, blob_id: str, wanted: Specification, *, retry: bool
    ) -> StoredDerivative | None:
        rows = await self._database.read(
            f"SELECT {COLUMNS}, state, failure, message FROM derivative"
            " WHERE blob_id = ? AND spec = ?",
            blob_id,
            wanted.digest,
        )
        if not rows:
            return None
        state, failure, message = tuple(rows[0])[-3:]
        if state == DerivativeState.FAILED and not retry:
            raise _ERRORS[Failure(failure)](message)
        return stored_derivative(rows[0]) if state == DerivativeState.READY else None

    async def _make(
        self, file: StoredFile, wanted: Specification, produce: Producer, *, retry: bool
    ) -> StoredDerivative:
        claim, given_up = new_key(), time.monotonic() + self._seconds
        with self._changes.watched(file.blob_id) as change:
            while not await self._claimed(file.blob_id, wanted, claim, retry=retry):
                if time.monotonic() > given_up:
                    raise BusyError(_NOT_YET)
                await change.wait()  # another process is making it
                settled = await self._settled(file.blob_id, wanted, retry=False)
                if settled is not None:
                    return settled
                if not await self._is_shown(file.blob_id):
                    raise NotFoundError(_GONE)
        async with self._held(file.blob_id, claim):
            product = await in_time(produce, given_up - time.monotonic())
            return await self._keep(file, claim, product)

    async def _order(
        self, jobs: "Jobs", file: StoredFile, wanted: Specification, *, retry: bool
    ) -> StoredDerivative:
        """Have another process make it, and wait until it is there."""
        if retry:
            await self._drop_failure(file.blob_id, wanted)
        with self._changes.watched(file.blob_id) as change:
            await jobs.derive(file, wanted)
            late = time.monotonic() + self._seconds + _NEWS_SECONDS
            given_up = time.monotonic() + _PATIENCE_SECONDS
            while (settled := await self._settled(file.blob_id, wanted, retry=False)) is None:
                if time.monotonic() > late:
                    raise BusyError(_NOT_YET)
                if await self._is_claimed(file.blob_id, wanted):
                    given_up = time.monotonic() + _PATIENCE_SECONDS
                elif time.monotonic() > given_up:
                    raise UnavailableError("No worker has taken it up yet; ask again later.")
                elif not await self._is_shown(file.blob_id):
                    raise NotFoundError(_GONE)
                await change.wait()
            return settled

    async def _drop_failure(self, blob_id: str, wanted: Specification) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM derivative WHERE blob_id = ? AND spec = ? AND state = ?",
                blob_id,
                wanted.digest,
                DerivativeState.FAILED.value,
            )

    async def _is_claimed(self, blob_id: str, wanted: Specification) -> bool:
        claimed = (
            "SELECT 1 FROM derivative"
            " WHERE blob_id = ? AND spec = ? AND state = ? AND claimed_until > ?"
        )
        state, now = DerivativeState.PENDING.value, datetime.now(UTC)
        return bool(await self._database.read(claimed, blob_id, wanted.digest, state, now))

    async def _claimed(
        self, blob_id: str, wanted: Specification, claim: str, *, retry: bool
    ) -> bool:
        async with self._database.transaction() as transaction:
            return await claim_derivative(transaction, blob_id, wanted, claim, retry=retry)

    async def _is_shown(self, blob_id: str) -> bool:
        shown = "SELECT 1 FROM blob WHERE key = ? AND refs > 0"
        return bool(await self._database.read(shown, blob_id))

    @asynccontextmanager
    async def _held(self, blob_id: str, claim: str) -> AsyncIterator[None]:
        """Hold the claim for the block, and settle it if the block fails."""
        try:
            async with meanwhile(self._renew(claim)):
                yield
        except ProcessingError as error:
            async with self._database.transaction() as transaction:
                await record_failure(transaction, claim, error)
                await self._changes.tell(transaction, blob_id)
            raise _ERRORS[error.failure](error.message) from error
        except BaseException as error:
            await asyncio.shield(self._let_go(blob_id, claim))
            lost = isinstance(error.__cause__, ObjectNotFoundError)  # before there was a worker
            if (lost or isinstance(error, ConflictError)) and not await self._is_shown(blob_id):
                raise NotFoundError(_GONE) from error
            raise

    async def _renew(self, claim: str) -> None:
        while True:
            await asyncio.sleep(CLAIM_SECONDS / 3)
            with suppress(MediaError):  # the next time, or the claim runs out
                async with self._database.transaction() as transaction:
                    await renew_claim(transaction, claim)

    async def _let_go(self, blob_id: str, claim: str) -> None:
        with suppress(MediaError):  # the claim runs out by itself
            async with self._database.transaction() as transaction:
                await drop_claim(transaction, claim)
                await self._changes.tell(transaction, blob_id)

    async def _keep(self, file: StoredFile, claim: str, product: Product) -> StoredDerivative:
        with product.output:
            async with self._reservations.reserved(file.owner_id) as reservation:
                kept = await self._publish(reservation, product)
                async with self._database.transaction() as transaction:
                    await settle_reservation(transaction, reservation, shared=False)
                    recorded = await record_result(transaction, file.blob_id, claim, kept)
                    if recorded is None:
                        raise ConflictError("It was made elsewhere meanwhile; ask again.")
                    await self._changes.tell(transaction, file.blob_id)
                    surplus = await drop_surplus(transaction, file.blob_id)
                    released = await self._reservations.release(transaction, file.owner_id, surplus)
                reservation.settled = True
        await self._reservations.clear_up(*released)
        return recorded

    async def _publish(self, reservation: Reservation, product: Product) -> Kept:
        hasher, size = hashlib.sha256(), 0
        with storage_errors():
            reservation.staged = await self._storage.stage(reservation.key)
            while chunk := await asyncio.to_thread(product.output.read, MIB):
                hasher.update(chunk)
                size += len(chunk)
                await reservation.staged.write(chunk)
        await self._reservations.publish(reservation)
        return Kept(
            key=reservation.key,
            checksum=hasher.hexdigest(),
            mime_type=product.mime_type,
            size=size,
            width=product.width,
            height=product.height,
        )
