"""The backfill of what probes find today, for files that were probed before they did.

How far it has come stands in the database, so it goes on there after a restart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.database import Database
from processing.kinds import PICTURED, kind_of
from services.derivatives.processor import Subject

_NAME: Final = "blurhash"
_BLOBS: Final = 100


@dataclass(frozen=True, slots=True)
class Window:
    """The blobs after ``start`` up to ``end``, and those of them to probe again."""

    start: str
    end: str
    subjects: Sequence[Subject]


class Backfill:
    """Walks through all blobs by key, some at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_over = False

    async def window(self) -> Window | None:
        """Return what to probe next, or None once all is done."""
        start = await self._position()
        if start is None:
            return None
        rows = await self._database.read(
            f"SELECT key FROM blob WHERE key > ? ORDER BY key LIMIT {_BLOBS}", start
        )
        keys = [row[0] for row in rows]
        if not keys:
            await self._end()
            return None
        condition, among = self._database.one_of("blob_id", keys)
        found = await self._database.read(
            "SELECT blob_id, MIN(mime_type) FROM file"
            f" WHERE {condition} AND blurhash IS NULL GROUP BY blob_id",
            among,
        )
        subjects = [Subject(key, kind, "file") for key, kind in found if kind_of(kind) in PICTURED]
        return Window(start, keys[-1], subjects)

    async def advance(self, done: Window) -> None:
        """Go on behind ``done`` from now on, also after a restart."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "UPDATE backfill SET position = ? WHERE name = ? AND position = ?",
                done.end,
                _NAME,
                done.start,
            )

    async def _position(self) -> str | None:
        if self._is_over:
            return None
        rows = await self._database.read("SELECT position FROM backfill WHERE name = ?", _NAME)
        self._is_over = not rows
        return rows[0][0] if rows else None

    async def _end(self) -> None:
        async with self._database.transaction() as transaction:
            await transaction.execute("DELETE FROM backfill WHERE name = ?", _NAME)
