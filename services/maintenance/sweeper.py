"""The sweeper: what no file needs any more goes, and nothing else.

Every removal is two steps that can be cut off anywhere: first a row is marked so that nothing can
come back to it (an upload ``abandoned``, a blob at 0 references), then bytes go, then the row.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tortoise.exceptions import IntegrityError

from core.errors import MediaError
from models.database import Database
from services.access.audit import expire_records
from services.uploads.idempotency import expire_keys
from storage.base import Storage, StorageError

logger = logging.getLogger("media.sweep")

_BATCH = 1000  # all blobs of the largest bulk deletion
_AT_ONCE = 8  # objects that are removed side by side
_SESSIONS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Swept:
    """How many of each one sweep removed."""

    uploads: int
    blobs: int
    staged: int


class Sweeper:
    """Removes abandoned uploads, dead blobs, old staging files, and rows whose time is over."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        *,
        grace: timedelta,
        audit_kept: timedelta | None = None,
    ) -> None:
        self._database = database
        self._storage = storage
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
        wanted = list(keys)
        batches = [wanted[place : place + _BATCH] for place in range(0, len(wanted), _BATCH)]
        return sum([await self._purge(batch) for batch in batches])

    async def _purge(self, keys: list[str]) -> int:
        # A dead blob gets no new claims; what is on its way to a commit waits for the next time.
        condition, among = self._database.one_of("b.key", keys)
        rows = await self._database.read(
            "SELECT b.key, d.key FROM blob b LEFT JOIN derivative d ON d.blob_id = b.key"
            f" WHERE refs = 0 AND {condition}",
            among,
        )
        dead: dict[str, list[str]] = {}
        for key, derived in rows:
            dead.setdefault(key, []).extend([derived] if derived else [])
        gone = await self._without_bytes(dead)
        return await self._forgotten(gone) if gone else 0

    async def _forgotten(self, gone: list[str]) -> int:
        try:
            await self._forget_blobs(gone)
        except IntegrityError:  # a claim made before the end was committed after it: the next time
            logger.info("%s blobs are left to the next sweep", len(gone))
            return 0
        return len(gone)

    async def _forget_blobs(self, gone: list[str]) -> None:
        async with self._database.transaction() as transaction:
            of_blobs, among = transaction.one_of("blob_id", gone)
            await transaction.execute(f"DELETE FROM derivative WHERE {of_blobs}", among)
            blobs, among = transaction.one_of("key", gone)
            await transaction.execute(f"DELETE FROM blob WHERE refs = 0 AND {blobs}", among)

    async def _without_bytes(self, dead: Mapping[str, list[str]]) -> list[str]:
        """Remove objects with what was derived from them, and return those that are gone."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def remove(key: str) -> bool:
            async with turn:
                return await self._removed([*dead[key], key])

        removed = await asyncio.gather(*map(remove, dead))
        return [key for key, is_gone in zip(dead, removed, strict=True) if is_gone]

    async def _removed(self, keys: Iterable[str]) -> bool:
        try:
            for key in keys:
                await self._storage.delete(key)
        except StorageError as error:  # one object that cannot go must not keep all others
            logger.error("object %s is left to the sweeper: %s", key, error)  # noqa: TRY400 - the sentence is enough
            return False
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
        except Exception:  # whatever it is, what is left behind from now on needs a sweeper
            logger.exception("the sweep failed and will be tried again")
        if swept != Swept(0, 0, 0):
            logger.info("swept %s", swept)
