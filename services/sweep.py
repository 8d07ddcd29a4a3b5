"""The sweeper: what no file needs any more goes, and nothing else.

Every removal is two steps that can be cut off anywhere: first a row is marked so that nothing can
come back to it (an upload ``abandoned``, a blob at 0 references), then bytes go, then the row.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.errors import MediaError
from models.database import Database
from services.idempotency import expire_keys
from storage.base import Storage, StorageError

logger = logging.getLogger("media.sweep")

_BATCH = 500
_SESSIONS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each one sweep removed."""

    uploads: int
    blobs: int
    staged: int


class Sweeper:
    """Removes abandoned uploads, dead blobs and old staging files."""

    def __init__(self, database: Database, storage: Storage, *, grace: timedelta) -> None:
        self._database = database
        self._storage = storage
        self._grace = grace

    async def run_every(self, seconds: float) -> None:
        """Sweep now and again every ``seconds``, until cancelled; a failure waits for the next.

        Of several processes one sweeps at a time, and the others leave it to that one.
        """
        while True:
            await self._sweep_logged()
            await asyncio.sleep(seconds)

    async def sweep(self) -> Swept:
        """Remove all that is due, and return the counts; sessions and keys that ended uncounted."""
        await expire_keys(self._database)
        cutoff = datetime.now(UTC) - self._grace
        await self._sweep_sessions()
        return Swept(
            uploads=await self._sweep_uploads(cutoff),
            blobs=await self._sweep_blobs(),
            staged=await self._storage.sweep_staging(self._grace),
        )

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
            await self.forget(upload_id, key)
        elif not recorded:  # given up before; its bytes may have been published after that
            await self._storage.delete(key)
        return bool(marked)

    async def forget(self, upload_id: str, key: str) -> None:
        """Remove the bytes and the row of an upload that is marked abandoned."""
        await self._storage.delete(key)
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "DELETE FROM upload WHERE id = ? AND abandoned = ?", upload_id, True
            )

    async def purge(self, keys: Iterable[str]) -> int:
        """Remove the blobs among ``keys`` that no file shows; return how many."""
        return sum([await self._purged(key) for key in keys])

    async def _purged(self, key: str) -> bool:
        try:
            return await self._purge_one(key)
        except StorageError as error:  # one object that cannot go must not keep all others
            logger.error("object %s is left to the sweeper: %s", key, error)  # noqa: TRY400 - the sentence is enough
            return False

    async def _purge_one(self, key: str) -> bool:
        rows = await self._database.read("SELECT 1 FROM blob WHERE key = ? AND refs = 0", key)
        if not rows:
            return False
        # A dead blob gets no new derivatives, so these are all that it will ever have.
        derived = await self._database.read("SELECT key FROM derivative WHERE blob_id = ?", key)
        for object_key in [*(one for (one,) in derived if one), key]:
            await self._storage.delete(object_key)
        async with self._database.transaction() as transaction:
            await transaction.execute("DELETE FROM derivative WHERE blob_id = ?", key)
            await transaction.execute("DELETE FROM blob WHERE key = ? AND refs = 0", key)
        return True

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
            return await self.abandon(upload_id, key)
        except StorageError as error:
            logger.error("upload %s cannot be cleared up: %s", upload_id, error)  # noqa: TRY400 - the same
            return False

    async def _sweep_blobs(self) -> int:
        dead = f"SELECT key FROM blob WHERE refs = 0 AND key > ? ORDER BY key LIMIT {_BATCH}"
        removed, after = 0, ""
        while rows := await self._database.read(dead, after):
            removed += await self.purge([key for (key,) in rows])
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
        if swept != Swept(0, 0, 0):
            logger.info("swept %s", swept)
