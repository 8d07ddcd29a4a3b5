"""Reserved keys: what makes bytes on their way findable for the sweeper, whatever happens.

A row names the key before the first byte is stored and goes in the transaction that records what
the key holds; until then, and after a failure, the sweeper clears up by it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tortoise.exceptions import IntegrityError

from core.errors import MediaError, UnauthenticatedError, UnavailableError
from core.ids import IdPrefix, new_id, new_key
from models.database import Database, Transaction
from models.upload import Upload
from services.storage_errors import storage_errors
from services.uploads.quotas import Quotas, held_until
from services.uploads.types import Expected, Reservation
from storage.base import Storage, StorageError

logger = logging.getLogger("media.reservations")


class Reservations:
    """Makes reservations and clears up those that come to nothing."""

    def __init__(self, database: Database, storage: Storage, quotas: Quotas) -> None:
        self._database = database
        self._quotas = quotas
        self._storage = storage
        self._clearing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def reserved(
        self, owner_id: str, expected: Expected | None = None, uses: int = 1
    ) -> AsyncIterator[Reservation]:
        """Reserve a key for the block; what it left is cleared up if the block raises.

        With ``expected``, which uploads of clients have, a place in the quota is held too.
        ``uses`` is how many files are to be made of the bytes.

        Raises:
            UnauthenticatedError: The account is gone.
            QuotaExceededError: What is expected at the least would pass the quota.
            TooManyUploadsError: It would pass what may be under way at once.
        """
        reservation = Reservation(new_id(IdPrefix.UPLOAD), owner_id, new_key(), uses)
        async with self.cleared_on_failure(reservation):
            await self.record(reservation, expected)
            yield reservation

    async def record(self, reservation: Reservation, expected: Expected | None = None) -> None:
        """Write the row of a reservation, or raise as ``reserved``."""
        try:
            async with self._database.transaction() as transaction:
                if expected is not None:
                    await self._quotas.hold(transaction, reservation, expected)
                await Upload.create(
                    id=reservation.id,
                    owner_id=reservation.owner_id,
                    key=reservation.key,
                    reserved_bytes=reservation.held_bytes,
                    reserved_until=None if expected is None else held_until(),
                    using_db=transaction.client,
                )
        except IntegrityError as error:
            raise UnauthenticatedError("The account of this access token is gone.") from error

    @staticmethod
    async def release(
        transaction: Transaction, owner_id: str, keys: Sequence[str]
    ) -> list[Reservation]:
        """Hand objects that nothing shows after ``transaction`` to the sweeper, or ``clear_up``."""
        released = [Reservation(new_id(IdPrefix.UPLOAD), owner_id, key) for key in keys]
        for one in released:
            await Upload.create(
                id=one.id,
                owner_id=owner_id,
                key=one.key,
                abandoned=True,
                using_db=transaction.client,
            )
        return released

    @staticmethod
    async def publish(reservation: Reservation) -> None:
        """Make the staged bytes durable under the reserved key."""
        assert reservation.staged is not None  # noqa: S101 - staged before
        with storage_errors():
            await reservation.staged.commit()

    @asynccontextmanager
    async def cleared_on_failure(self, *reservations: Reservation) -> AsyncIterator[None]:
        """Clear up if the block raises or is cancelled.

        Nobody waits for that if an engine does not answer: it would keep them waiting once more.
        """
        try:
            yield
        except UnavailableError:
            self._begin_to_clear_up(reservations)
            raise
        except BaseException:
            await self.clear_up(*reservations)
            raise

    async def abandon(self, upload_id: str, key: str) -> bool:
        """Give up an upload whatever its age; False if it is a file, or was given up before."""
        async with self._database.transaction() as transaction:
            marked = await transaction.execute(
                "UPDATE upload SET abandoned = ? WHERE id = ?", True, upload_id
            )
            recorded = await transaction.rows(
                "SELECT 1 FROM blob WHERE key = ? UNION ALL SELECT 1 FROM derivative WHERE key = ?",
                key,
                key,
            )
        if marked:
            await self._forget(upload_id, key)
        elif not recorded:  # given up before; its bytes may have been published after that
            await self._storage.delete(key)
        return bool(marked)

    async def _forget(self, upload_id: str, key: str) -> None:
        """Remove the bytes and the row of an upload that is marked abandoned."""
        await self._storage.delete(key)
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM upload WHERE id = ? AND abandoned = ?", upload_id, True
            )

    async def clear_up(self, *reservations: Reservation) -> None:
        """Remove bytes and rows of reservations that are not settled; errors go to the log."""
        # In a task of its own: a cancelled request must not leave its clearing half done.
        await asyncio.shield(self._begin_to_clear_up(reservations))

    def _begin_to_clear_up(self, reservations: Sequence[Reservation]) -> asyncio.Task[None]:
        pending = []
        for one in reservations:  # marked before anything is awaited: nothing claims them from now
            if not one.settled:
                one.settled = True
                pending.append(one)
        task = asyncio.create_task(self._clear_up_all(pending))
        self._clearing.add(task)
        task.add_done_callback(self._clearing.discard)
        return task

    async def close(self) -> None:
        """Wait until the leftovers of what failed are cleared up."""
        await asyncio.gather(*self._clearing)

    async def _clear_up_all(self, reservations: Sequence[Reservation]) -> None:
        for reservation in reservations:
            await self._clear_up_one(reservation)

    async def _clear_up_one(self, reservation: Reservation) -> None:
        try:
            if reservation.staged is not None:
                await reservation.staged.discard()
            await self.abandon(reservation.id, reservation.key)
        # The sweeper does the rest; what has happened to the upload stands.
        except (MediaError, StorageError) as error:
            logger.warning("upload %s is left to the sweeper: %s", reservation.id, error)
        except Exception:
            logger.exception("upload %s is left to the sweeper", reservation.id)
