"""Purging: the bytes of what no file shows any more go, then their rows."""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from tortoise.exceptions import IntegrityError

from models.database import Database
from storage.base import Storage, StorageError

logger = logging.getLogger("media.sweep")

_BATCH = 500
_AT_ONCE = 8  # objects that are removed side by side


class Purger:
    """Removes blobs that no file shows, with what was derived from them."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

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
