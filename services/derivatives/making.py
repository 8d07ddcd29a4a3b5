"""Making a result: claimed, made outside any transaction, published like an upload, recorded."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Final

from core.background import meanwhile
from core.errors import (
    ConflictError,
    FileEncryptedError,
    FileTooComplexError,
    MediaError,
    NotFoundError,
    ProcessingFailedError,
    ProcessingTimedOutError,
    UnsupportedFileTypeError,
)
from models.database import Database
from models.file import StoredFile
from processing.task import MIB, Failure, ProcessingError
from services.derivatives.changes import DerivativeChanges
from services.derivatives.deadlines import in_time
from services.derivatives.rows import (
    CLAIM_SECONDS,
    Kept,
    Specification,
    StoredDerivative,
    claim_derivative,
    drop_claim,
    drop_surplus,
    record_failure,
    record_result,
    renew_claim,
)
from services.storage_errors import storage_errors
from services.uploads.blob_rows import settle_reservation
from services.uploads.reservations import Reservations
from services.uploads.types import Reservation
from storage.base import ObjectNotFoundError, Storage

GONE: Final = "The file was deleted meanwhile."
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


def failure_of(failure: Failure, message: str) -> MediaError:
    """Return the error that tells a caller of a failure that lies in the file."""
    return _ERRORS[failure](message)


class Making:
    """Makes results under claims, so that of all processes one makes each."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        reservations: Reservations,
        changes: DerivativeChanges,
    ) -> None:
        self._database = database
        self._storage = storage
        self._reservations = reservations
        self._changes = changes

    async def claimed(
        self, blob_id: str, wanted: Specification, claim: str, *, retry: bool = False
    ) -> bool:
        """Return whether the work on ``wanted`` is this claim's now; as ``claim_derivative``."""
        async with self._database.transaction() as transaction:
            return await claim_derivative(transaction, blob_id, wanted, claim, retry=retry)

    async def make(
        self,
        file: StoredFile,
        wanted: Specification,
        claim: str,
        produce: Producer,
        *,
        seconds: float,
    ) -> StoredDerivative:
        """Return the recorded result of ``produce``, made under ``claim`` within ``seconds``.

        Raises as ``Derivatives.obtain``.
        """
        async with self._held(file.blob_id, claim, wanted.version):
            product = await in_time(produce, seconds)
            return await self._keep(file, claim, wanted.version, product)

    async def is_shown(self, blob_id: str) -> bool:
        """Return whether any file shows the blob."""
        shown = "SELECT 1 FROM blob WHERE key = ? AND refs > 0"
        return bool(await self._database.read(shown, blob_id))

    @asynccontextmanager
    async def _held(self, blob_id: str, claim: str, version: int) -> AsyncIterator[None]:
        """Hold the claim for the block, and settle it if the block fails."""
        try:
            async with meanwhile(self._renew(blob_id, claim)):
                yield
        except ProcessingError as error:
            async with self._database.transaction() as transaction:
                await record_failure(transaction, blob_id, claim, version, error)
                await self._changes.tell(transaction, blob_id)
            raise failure_of(error.failure, error.message) from error
        except BaseException as error:
            await asyncio.shield(self._let_go(blob_id, claim))
            lost = isinstance(error.__cause__, ObjectNotFoundError)  # before there was a worker
            if (lost or isinstance(error, ConflictError)) and not await self.is_shown(blob_id):
                raise NotFoundError(GONE) from error
            raise

    async def _renew(self, blob_id: str, claim: str) -> None:
        while True:
            await asyncio.sleep(CLAIM_SECONDS / 3)
            with suppress(MediaError):  # the next time, or the claim runs out
                async with self._database.transaction() as transaction:
                    await renew_claim(transaction, blob_id, claim)

    async def _let_go(self, blob_id: str, claim: str) -> None:
        with suppress(MediaError):  # the claim runs out by itself
            async with self._database.transaction() as transaction:
                await drop_claim(transaction, blob_id, claim)
                await self._changes.tell(transaction, blob_id)

    async def _keep(
        self, file: StoredFile, claim: str, version: int, product: Product
    ) -> StoredDerivative:
        with product.output:
            async with self._reservations.reserved(file.owner_id) as reservation:
                kept = await self._publish(reservation, version, product)
                async with self._database.transaction() as transaction:
                    await settle_reservation(transaction, reservation, shared=False)
                    recorded = await record_result(transaction, file.blob_id, claim, kept)
                    if recorded is None:
                        raise ConflictError("It was made elsewhere meanwhile; ask again.")
                    await self._changes.tell(transaction, file.blob_id)
                    surplus = await drop_surplus(transaction, file.blob_id)
                    if recorded.replaced:
                        surplus.append(recorded.replaced)
                    released = await self._reservations.release(transaction, file.owner_id, surplus)
                reservation.settled = True
        await self._reservations.clear_up(*released)
        return recorded.derivative

    async def _publish(self, reservation: Reservation, version: int, product: Product) -> Kept:
        hasher, size = hashlib.sha256(), 0
        with storage_errors():
            reservation.staged = await self._storage.stage(reservation.key)
            while chunk := await asyncio.to_thread(product.output.read, MIB):
                hasher.update(chunk)
                size += len(chunk)
                await reservation.staged.write(chunk)
        await self._reservations.publish(reservation)
        return Kept(
            version=version,
            key=reservation.key,
            checksum=hasher.hexdigest(),
            mime_type=product.mime_type,
            size=size,
            width=product.width,
            height=product.height,
        )
