"""Probing: width, height and duration of what was uploaded, found right afterwards.

What is still to be looked at stands in the database, so a restart forgets nothing; an upload
waits for none of it.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.errors import MediaError
from models.database import Database
from processing.kinds import PROBED, kind_of
from processing.task import ProcessingError, TaskName
from services.processor import Processor, Subject

if TYPE_CHECKING:
    from services.jobs import Jobs

logger = logging.getLogger("media.probing")

_BATCH: Final = 20
_BEGINNING: Final = (datetime.min.replace(tzinfo=UTC), "")
_UNPROBED: Final = (
    "SELECT blob.created_at, blob.key, MIN(file.mime_type) FROM blob"
    " JOIN file ON file.blob_id = blob.key"
    " WHERE NOT blob.probed AND (blob.created_at, blob.key) > (?, ?)"
    f" GROUP BY blob.created_at, blob.key ORDER BY blob.created_at, blob.key LIMIT {_BATCH}"
)
_RETRY_SECONDS: Final = 30
_MAX_RETRY_SECONDS: Final = 3600
_MAX_PIXELS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Found:
    """Width and height in pixels, duration in seconds; None for what a file does not have."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None


class Prober:
    """Looks at new blobs in the background, a few at a time, behind all other work.

    With ``jobs`` another process does, and this one only asks it to.
    """

    def __init__(
        self, database: Database, processor: Processor, jobs: "Jobs | None" = None
    ) -> None:
        self._jobs = jobs
        self._database = database
        self._processor = processor
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Tell that something was uploaded."""
        self._wake.set()

    async def run(self) -> None:
        """Look at what there is, and at what comes, until cancelled."""
        pause = _RETRY_SECONDS
        while True:
            self._wake.clear()
            done = await self.try_all()
            pause = _RETRY_SECONDS if done else min(2 * pause, _MAX_RETRY_SECONDS)
            try:
                async with asyncio.timeout(None if done else pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def probe_all(self) -> int:
        """Look at every blob that was not looked at yet; return how many were out of reach.

        Raises:
            UnavailableError: The database does not answer.
        """
        left, after = 0, _BEGINNING
        while rows := await self._database.read(_UNPROBED, *after):
            subjects = [Subject(key, mime_type, "file") for _, key, mime_type in rows]
            found = await asyncio.gather(*(self._probed(subject) for subject in subjects))
            known = {key: one for (_, key, _), one in zip(rows, found, strict=True) if one}
            await self._record(known)
            left += len(rows) - len(known)
            after = (rows[-1][0], rows[-1][1])
        return left

    async def try_all(self) -> bool:
        """Look at all that is new, or ask for it; False if some is left for another time."""
        try:
            if self._jobs is not None:
                await self._jobs.probe()
                return True
            left = await self.probe_all()
        except MediaError as error:
            logger.warning("new files will be looked at later: %s", error)
            return False
        except Exception:  # whatever it is, files to come need a prober
            logger.exception("new files will be looked at later")
            return False
        if left:
            logger.warning("%s files could not be looked at, and will be later", left)
        return not left

    async def _probed(self, subject: Subject) -> _Found | None:
        if kind_of(subject.content_type) not in PROBED:
            return _Found()
        try:
            return await self._probe(subject)
        except MediaError as error:  # not the file's fault: another time
            logger.debug("%s will be looked at later: %s", subject.blob_id, error)
            return None

    async def _probe(self, subject: Subject) -> _Found:
        try:
            made = await self._processor.run(TaskName.PROBE, subject, {}, patient=True)
        except ProcessingError as error:
            logger.info("%s has no dimensions: %s", subject.blob_id, error.message)
            return _Found()
        made.output.close()
        return _found(made.result)

    async def _record(self, found: Mapping[str, _Found]) -> None:
        if not found:
            return
        async with self._database.transaction() as transaction:
            # Files before blobs, as everybody locks them: else this and a deletion wait in a ring.
            condition, among = transaction.one_of("blob_id", list(found))
            await transaction.rows(
                f"SELECT id FROM file WHERE {condition} ORDER BY id{transaction.for_update}", among
            )
            for key, one in sorted(found.items()):
                facts = (one.width, one.height, one.duration)
                await transaction.execute(
                    "UPDATE blob SET probed = ?, width = ?, height = ?, duration = ? WHERE key = ?",
                    True,
                    *facts,
                    key,
                )
                # After the blob: an upload that shares it meanwhile has waited, or is seen here.
                await transaction.execute(
                    "UPDATE file SET width = ?, height = ?, duration = ? WHERE blob_id = ?",
                    *facts,
                    key,
                )


def _found(result: Mapping[str, Any]) -> _Found:
    """Return what a worker told, without what cannot be."""
    return _Found(
        _pixels(result.get("width")),
        _pixels(result.get("height")),
        _seconds(result.get("duration")),
    )


def _pixels(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value <= _MAX_PIXELS else None


def _seconds(value: Any) -> float | None:
    usable = isinstance(value, int | float) and math.isfinite(value) and value >= 0
    return float(value) if usable else None
