"""Derivatives: what is computed from a blob, made once however many ask, and kept with it.

A result is claimed through the unique row of its blob and specification. A failure that lies in the
file is recorded too; one that does not (a full queue, a lost database) leaves nothing, so that the
next call tries again.

A row holds the version of what made it. A result of an earlier version is served while it is made
anew in the background; a failure of an earlier version is tried again by the next call.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.errors import BusyError, MediaError, NotFoundError, UnavailableError
from core.ids import new_key
from models.database import Database
from models.derivative import DerivativeKind, DerivativeState
from models.file import StoredFile
from processing.task import Failure
from services.derivatives.changes import DerivativeChanges
from services.derivatives.making import GONE, Making, Producer, failure_of
from services.derivatives.processor import in_background
from services.derivatives.rows import COLUMNS, Specification, StoredDerivative, stored_derivative
from services.storage_errors import storage_errors
from services.uploads.reservations import Reservations
from storage.base import ObjectNotFoundError, Storage, StoredObject

if TYPE_CHECKING:
    from services.derivatives.queue import Jobs

logger = logging.getLogger("media.derivatives")

_PATIENCE_SECONDS: Final = 60
"""How long a result may lie in the queue of other processes before its caller gives up."""

_NEWS_SECONDS: Final = 5
"""How long the news that another process has given up may take."""

_MAX_REFRESHING: Final = 1000
"""How many outdated results that were asked for wait at most; the others wait for their turn."""

_VERSION: Final = COLUMNS.split(", ").index("version")
_NOT_YET: Final = "It is still being made; ask again later."

Place = tuple[str, str]
"""A blob and the digest of a specification."""


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
        self._changes = DerivativeChanges(database.notices)
        self._maker = Making(database, storage, reservations, self._changes)
        self._making: dict[Place, asyncio.Task[StoredDerivative]] = {}
        self._refreshing: dict[Place, asyncio.Task[None]] = {}
        self._refresh_turn = asyncio.Semaphore()

    async def obtain(
        self, file: StoredFile, wanted: Specification, produce: Producer, *, retry: bool = False
    ) -> StoredDerivative:
        """Return the result for ``file``, made by ``produce`` unless it is there already.

        An outdated result is returned as it is, and made anew in the background. An outdated
        failure is tried again, and with ``retry`` any recorded failure.

        Raises:
            UnsupportedFileTypeError, FileTooComplexError, FileEncryptedError,
            ProcessingFailedError, ProcessingTimedOutError: A failure that lies in the file, found
                now or recorded before.
            NotFoundError: The file went away meanwhile.
            BusyError, UnavailableError, StorageFullError: Another time it may succeed.
        """
        settled = await self._settled(file.blob_id, wanted, least=None if retry else wanted.version)
        if settled is not None:
            if settled.version < wanted.version:
                self._refresh_soon(file, wanted, produce)
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

    async def refresh(self, file: StoredFile, wanted: Specification, produce: Producer) -> None:
        """Make a result anew if it, or the failure to make it, is outdated.

        All other work of the workers goes first. What another process works on is left to it, and
        an outdated result is kept if a new one cannot be made. Raises as ``obtain``.
        """
        claim = new_key()
        if not await self._maker.claimed(file.blob_id, wanted, claim):
            return
        with in_background():
            await self._maker.make(file, wanted, claim, produce, seconds=self._seconds)

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

    async def open(self, derivative: StoredDerivative) -> tuple[StoredDerivative, StoredObject]:
        """Return a result and its opened bytes; close them.

        It is a newer result if the one that is asked for was made anew meanwhile.

        Raises:
            UnavailableError: The storage does not answer, or has lost the bytes; in that case the
                result is forgotten, so that it is made anew when it is asked for again.
        """
        with storage_errors():
            try:
                return derivative, await self._storage.open(derivative.key)
            except ObjectNotFoundError:
                newer = await self._newer(derivative)
                if newer is None:
                    await self._forget(derivative)
                    raise
                return newer, await self._storage.open(newer.key)

    async def read(self, derivative: StoredDerivative) -> bytes:
        """Return the bytes of a result; errors as ``open``."""
        _, opened = await self.open(derivative)
        async with opened as stored:
            with storage_errors():
                return b"".join([chunk async for chunk in stored.read()])

    async def _newer(self, derivative: StoredDerivative) -> StoredDerivative | None:
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM derivative"
            " WHERE blob_id = ? AND spec = ? AND state = ? AND key <> ?",
            derivative.blob_id,
            derivative.spec,
            DerivativeState.READY.value,
            derivative.key,
        )
        return stored_derivative(rows[0]) if rows else None

    async def _forget(self, derivative: StoredDerivative) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute("DELETE FROM derivative WHERE key = ?", derivative.key)

    async def drop_claims(self) -> None:
        """Drop every claim: for the start of the only server, to which they can mean nothing."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM derivative WHERE state = ?", DerivativeState.PENDING.value
            )

    async def close(self) -> None:
        """End what is being made; nothing is recorded of it."""
        making = [*self._making.values(), *self._refreshing.values()]
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    def _refresh_soon(self, file: StoredFile, wanted: Specification, produce: Producer) -> None:
        """Have an outdated result made anew in the background, one at a time in this process."""
        place = (file.blob_id, wanted.digest)
        if place in self._refreshing or len(self._refreshing) >= _MAX_REFRESHING:
            return
        task = asyncio.create_task(self._refresh(file, wanted, produce))
        self._refreshing[place] = task
        task.add_done_callback(lambda _: self._refreshing.pop(place))

    async def _refresh(self, file: StoredFile, wanted: Specification, produce: Producer) -> None:
        try:
            async with self._refresh_turn:
                if self._jobs is None:
                    await self.refresh(file, wanted, produce)
                else:
                    await self._jobs.derive(file, wanted, in_background=True)
        except MediaError as error:
            logger.info("an outdated result of %s stays for now: %s", file.blob_id, error)
        except Exception:
            logger.exception("an outdated result of %s stays for now", file.blob_id)

    def _made(self, place: Place, done: asyncio.Task[StoredDerivative]) -> None:
        del self._making[place]
        if not done.cancelled():
            done.exception()  # seen, even if everybody who waited has gone

    async def _settled(
        self, blob_id: str, wanted: Specification, *, least: int | None = 0
    ) -> StoredDerivative | None:
        """Return the result if there is one, outdated or not.

        A recorded failure of version ``least`` or later is raised; None for no failure.
        """
        rows = await self._database.read(
            f"SELECT {COLUMNS}, state, failure, message FROM derivative"
            " WHERE blob_id = ? AND spec = ?",
            blob_id,
            wanted.digest,
        )
        if not rows:
            return None
        version, (state, failure, message) = rows[0][_VERSION], tuple(rows[0])[-3:]
        if state == DerivativeState.FAILED and least is not None and version >= least:
            raise failure_of(Failure(failure), message)
        return stored_derivative(rows[0]) if state == DerivativeState.READY else None

    async def _make(
        self, file: StoredFile, wanted: Specification, produce: Producer, *, retry: bool
    ) -> StoredDerivative:
        claim, given_up = new_key(), time.monotonic() + self._seconds
        with self._changes.watched(file.blob_id) as change:
            while not await self._maker.claimed(file.blob_id, wanted, claim, retry=retry):
                if time.monotonic() > given_up:
                    raise BusyError(_NOT_YET)
                await change.wait()  # another process is making it
                settled = await self._settled(file.blob_id, wanted)
                if settled is not None:
                    return settled
                if not await self._maker.is_shown(file.blob_id):
                    raise NotFoundError(GONE)
        left = given_up - time.monotonic()
        return await self._maker.make(file, wanted, claim, produce, seconds=left)

    async def _order(
        self, jobs: "Jobs", file: StoredFile, wanted: Specification, *, retry: bool
    ) -> StoredDerivative:
        """Have another process make it, and wait until it is there."""
        await self._drop_failure(file.blob_id, wanted, retry=retry)
        with self._changes.watched(file.blob_id) as change:
            await jobs.derive(file, wanted)
            late = time.monotonic() + self._seconds + _NEWS_SECONDS
            given_up = time.monotonic() + _PATIENCE_SECONDS
            while (settled := await self._settled(file.blob_id, wanted)) is None:
                if time.monotonic() > late:
                    raise BusyError(_NOT_YET)
                if await self._is_claimed(file.blob_id, wanted):
                    given_up = time.monotonic() + _PATIENCE_SECONDS
                elif time.monotonic() > given_up:
                    raise UnavailableError("No worker has taken it up yet; ask again later.")
                elif not await self._maker.is_shown(file.blob_id):
                    raise NotFoundError(GONE)
                await change.wait()
            return settled

    async def _drop_failure(self, blob_id: str, wanted: Specification, *, retry: bool) -> None:
        """Drop an outdated failure, with ``retry`` any, so that a worker tries again."""
        failed = "blob_id = ? AND spec = ? AND state = ? AND (version < ? OR ?)"
        values = (blob_id, wanted.digest, DerivativeState.FAILED.value, wanted.version, retry)
        if await self._database.read(f"SELECT 1 FROM derivative WHERE {failed}", *values):
            async with self._database.transaction() as transaction:
                await transaction.execute(f"DELETE FROM derivative WHERE {failed}", *values)

    async def _is_claimed(self, blob_id: str, wanted: Specification) -> bool:
        claimed = (
            "SELECT 1 FROM derivative"
            " WHERE blob_id = ? AND spec = ? AND state = ? AND claimed_until > ?"
        )
        state, now = DerivativeState.PENDING.value, datetime.now(UTC)
        return bool(await self._database.read(claimed, blob_id, wanted.digest, state, now))
