"""How far reprocessing is: which files each kind of work has been through, kept in the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from models.columns import as_utc
from models.database import Database
from models.file import COLUMNS, StoredFile, stored_file
from processing import analyses, identify, previews, texts
from processing.analyses import probe

_FILES: Final = 100
_AFTER_ALL_IDS: Final = "~"


class Work(StrEnum):
    """What is made anew, in this order: the later ones build on what the earlier ones find."""

    TYPES = "types"
    SIZES = "sizes"
    PREVIEWS = "previews"
    ANALYSES = "analyses"
    TEXTS = "texts"


VERSIONS: Final = {
    Work.TYPES: identify.VERSION,
    Work.SIZES: probe.VERSION,
    Work.PREVIEWS: previews.VERSION,
    Work.ANALYSES: analyses.VERSION,
    Work.TEXTS: texts.VERSION,
}
"""The version of the code that does each work. They grow, and never shrink."""


@dataclass(frozen=True, slots=True)
class Window:
    """Some files to look at, between two positions.

    ``blobs`` holds all files of each blob, the newest first, blobs in the order of their newest
    files. ``before`` is set where everything that was made before is to be made anew.
    """

    work: Work
    start: str
    end: str | None
    started_at: Any
    blobs: Sequence[Sequence[StoredFile]]
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one kind of work is: the files that are left to look at, and whether it is paused."""

    work: Work
    files_left: int
    is_paused: bool


class Reprocessings:
    """The rows that say how far each kind of work is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self) -> None:
        """Begin the work for which this version of the code has changed; the rest goes on."""
        async with self._database.transaction() as transaction:
            for work, version in VERSIONS.items():
                await transaction.execute(
                    "INSERT INTO reprocessing (name, version, position, started_at)"
                    " VALUES (?, ?, '', ?) ON CONFLICT (name) DO UPDATE SET"
                    " version = excluded.version, position = '', started_at = excluded.started_at"
                    " WHERE reprocessing.version < excluded.version",
                    work.value,
                    version,
                    datetime.now(UTC),
                )

    async def start(self, works: Collection[Work]) -> None:
        """Make everything anew, also what this version of the code has made."""
        async with self._database.transaction() as transaction:
            for work in works:
                await transaction.execute(
                    "UPDATE reprocessing SET position = '', everything = ?, is_paused = ?,"
                    " started_at = ? WHERE name = ?",
                    True,
                    False,
                    datetime.now(UTC),
                    work.value,
                )

    async def pause(self, works: Collection[Work], *, paused: bool = True) -> None:
        """Stop after the file that is being looked at, or go on from there."""
        async with self._database.transaction() as transaction:
            for work in works:
                await transaction.execute(
                    "UPDATE reprocessing SET is_paused = ? WHERE name = ?", paused, work.value
                )

    async def all(self) -> list[Progress]:
        """Return how far each kind of work is; it reads an index of all files that are left."""
        rows = await self._database.read("SELECT name, position, is_paused FROM reprocessing")
        found = {row[0]: (row[1], bool(row[2])) for row in rows}
        return [
            Progress(work, await self._files_left(found[work][0]), found[work][1])
            for work in Work
            if work in found
        ]

    async def window(self) -> Window | None:
        """Return what to look at next, None if nothing is left or all of it is paused."""
        rows = await self._database.read(
            "SELECT name, version, position, everything, started_at FROM reprocessing"
            " WHERE position IS NOT NULL AND NOT is_paused"
        )
        left = {(row[0], row[1]): row for row in rows}
        for work in Work:
            # A newer server may have begun work that the code of this one cannot do.
            if row := left.get((work.value, VERSIONS[work])):
                return await self._window(work, row)
        return None

    async def is_at(self, window: Window) -> bool:
        """Return whether the work is still at ``window``: neither paused nor begun anew."""
        return bool(
            await self._database.read(
                "SELECT 1 FROM reprocessing WHERE name = ? AND position = ? AND started_at = ?"
                " AND NOT is_paused",
                window.work.value,
                window.start,
                window.started_at,
            )
        )

    async def advance(self, done: Window) -> None:
        """Go on behind ``done`` from now on, also after a restart."""
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "UPDATE reprocessing SET position = ?, everything = ?"
                " WHERE name = ? AND position = ? AND started_at = ?",
                done.end,
                done.before is not None and done.end is not None,
                done.work.value,
                done.start,
                done.started_at,
            )

    async def _window(self, work: Work, found: Sequence[Any]) -> Window:
        _, _, start, everything, started_at = found
        bound, since = start or _AFTER_ALL_IDS, as_utc(started_at)
        rows = await self._database.read(
            f"SELECT id, blob_id FROM file WHERE id < ? ORDER BY id DESC LIMIT {_FILES}", bound
        )
        blobs: dict[str, list[StoredFile]] = {row[1]: [] for row in rows}
        condition, among = self._database.one_of("blob_id", list(blobs))
        for row in await self._database.read(
            f"SELECT {COLUMNS} FROM file WHERE {condition} ORDER BY id DESC", among
        ):
            blobs[row[2]].append(stored_file(row))
        return Window(
            work,
            start,
            rows[-1][0] if rows else None,
            started_at,
            [files for files in blobs.values() if files and not _was_seen(files, bound, since)],
            since if everything else None,
        )

    async def _files_left(self, position: str | None) -> int:
        if position is None:
            return 0
        rows = await self._database.read(
            "SELECT COUNT(*) FROM file WHERE id < ?", position or _AFTER_ALL_IDS
        )
        return int(rows[0][0])


def _was_seen(files: Sequence[StoredFile], bound: str, since: datetime) -> bool:
    """Tell whether an earlier window of the same walk had the blob, by a newer file of it."""
    return any(file.id >= bound and file.created_at < since for file in files)
