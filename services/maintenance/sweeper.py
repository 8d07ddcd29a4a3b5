"""The sweeper: what no file needs any more goes, and nothing else.

Every removal is two steps that can be cut off anywhere: first a row is marked so that nothing can
come back to it (an upload ``abandoned``, a blob at 0 references), then bytes go, then the row.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import MediaError
from models.database import Database
from services.access.audit import expire_records
from services.files.purge import Purger
from services.uploads.idempotency import expire_keys
from services.uploads.reservations import Reservations
from storage.base import Storage, StorageError

logger = logging.getLogger("media.sweep")

_BATCH = 1000  # all blobs of the largest bulk deletion
_SESSIONS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each one sweep removed."""

    uploads: int
    blobs: int
    staged: int


class Sweeper:
    """Removes abandoned uploads, dead blobs, old staging files, and rows whose time is over."""

    def __init__(  # noqa: PLR0913 - what it is put together from
        self,
        database: Database,
        storage: Storage,
        reservations: Reservations,
        purger: Purger,
        *,
        grace: timedelta,
        audit_kept: timedelta | None = None,
    ) -> None:
        self._database = database
        self._storage = storage
        self._reservations = reservations
        self._purger = purger
        self._grace = grace
        self._audit_kept = audit_kept

    async def run_every(self, seconds: float) -> None:
        """Sweep now and again every ``seconds``, until cancelled; a failure waits for the next.

        Of several processes one sweeps at a time, and the others leave it to that one.
        """
        while True:
            await self._sweep_logged()
            await asyncio.sleep(seconds)

    async def sweep(self) -> Swept:
        """Remove all that is due, and return the counts; of other rows that ended, none."""
        await expire_keys(self._database)
        if self._audit_kept:
            await expire_records(self._database, self._audit_kept)
        cutoff = datetime.now(UTC) - self._grace
        await self._sweep_sessions()
        return Swept(
            uploads=await self._sweep_uploads(cutoff),
            blobs=await self._sweep_blobs(),
            staged=await self._storage.sweep_staging(self._grace),
        )

    async def _sweep_sessions(self) -> None:
        ended = datetime.now(UTC) - _SESSIONS_KEPT
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM login_session WHERE expires_at < ? OR revoked_at < ?", ended, ended
            )

    async def _sweep_uploads(self, cutoff: datetime) -> int:
        due = (
            "SELECT id, key FROM upload WHERE (created_at <= ? OR abandoned = ?) AND id > ?"
            f" ORDER BY id LIMIT {_BATCH}"
        )
        removed, after = 0, ""
        while rows := await self._database.read(due, cutoff, True, after):
            removed += sum([await self._abandoned(upload_id, key) for upload_id, key in rows])
            after = rows[-1][0]
        return removed

    async def _abandoned(self, upload_id: str, key: str) -> bool:
        try:
            return await self._reservations.abandon(upload_id, key)
        except StorageError as error:
            logger.error("upload %s cannot be cleared up: %s", upload_id, error)  # noqa: TRY400 - the same
            return False

    async def _sweep_blobs(self) -> int:
        dead = f"SELECT key FROM blob WHERE refs = 0 AND key > ? ORDER BY key LIMIT {_BATCH}"
        removed, after = 0, ""
        while rows := await self._database.read(dead, after):
            removed += await self._purger.purge([key for (key,) in rows])
            after = rows[-1][0]
        return removed

    async def _sweep_logged(self) -> None:
        swept = Swept(0, 0, 0)
        try:
            async with self._database.turn_to_sweep() as ours:
                if ours:
                    swept = await self.sweep()
        except (MediaError, StorageError) as error:
            logger.warning("the sweep failed and will be tried again: %s", error)
        except Exception:  # whatever it is, what is left behind from now on needs a sweeper
            logger.exception("the sweep failed and will be tried again")
        if swept != Swept(0, 0, 0):
            logger.info("swept %s", swept)
