"""Probing: width, height, duration and BlurHash of what was uploaded, found right afterwards.

What is still to be looked at stands in the database, so a restart forgets nothing; an upload
waits for none of it.
"""

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.errors import MediaError
from models.blob import FACTS
from models.database import Database
from models.file import StoredFile
from processing.kinds import PROBED, kind_of
from processing.task import ProcessingError, TaskName
from services.derivatives.processor import Processor, Subject, is_lost

if TYPE_CHECKING:
    from services.derivatives.queue import Jobs

logger = logging.getLogger("media.probing")

BATCH: Final = 20
"""How many blobs are probed side by side, and recorded together."""

_BEGINNING: Final = (datetime.min.replace(tzinfo=UTC), "")
_UNPROBED: Final = (
    "SELECT blob.created_at, blob.key, MIN(file.mime_type) FROM blob"
    " JOIN file ON file.blob_id = blob.key"
    " WHERE NOT blob.probed AND (blob.created_at, blob.key) > (?, ?)"
    f" GROUP BY blob.created_at, blob.key ORDER BY blob.created_at, blob.key LIMIT {BATCH}"
)
_RETRY_SECONDS: Final = 30
_MAX_RETRY_SECONDS: Final = 3600
_MAX_PIXELS: Final = 2**31 - 1
_MAX_BLURHASH: Final = 64


@dataclass(frozen=True, slots=True)
class _Found:
    """Width and height in pixels, duration in seconds; None for what a file does not have."""

    width: int | None = None
    height: int | None = None
    duration: float | None = None
    blurhash: str | None = None


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
            left += await self._probe_some([Subject(key, kind, "file") for _, key, kind in rows])
            after = (rows[-1][0], rows[-1][1])
        return left

    async def probe_again(self, subjects: Sequence[Subject]) -> None:
        """Find and record anew what blobs are like; what is not found now stays as it was.

        Raises:
            UnavailableError: The storage or the database does not answer.
            StorageFullError: There is no room for a temporary copy.
        """
        probes = (self._probe(subject) for subject in subjects)
        found = await asyncio.gather(*probes, return_exceptions=True)
        pairs = zip(subjects, found, strict=True)
        await self._record({one.blob_id: each for one, each in pairs if isinstance(each, _Found)})
        for each in found:
            if isinstance(each, BaseException) and not is_lost(each):
                raise each

    async def settle(self, file: StoredFile) -> None:
        """Probe a file now that waits for it, so that who has analysed it finds its size too.

        Where another process probes, or the file cannot be probed now, it goes on waiting.
        """
        if self._jobs is not None or kind_of(file.mime_type) not in PROBED:
            return
        waits = "SELECT 1 FROM blob WHERE key = ? AND NOT probed"
        if await self._database.read(waits, file.blob_id):
            await self._probe_some([Subject(file.blob_id, file.mime_type, "file")])

    async def _probe_some(self, subjects: Sequence[Subject]) -> int:
        """Probe and record blobs side by side; return how many were out of reach."""
        found = await asyncio.gather(*(self._probed(subject) for subject in subjects))
        known = {one.blob_id: facts for one, facts in zip(subjects, found, strict=True) if facts}
        await self._record(known)
        return len(subjects) - len(known)

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
        # What cannot be decoded, or takes a worker too long, may still have a header.
        for pictured in (True, False):
            spec = {"blurhash": pictured}
            try:
                made = await self._processor.run(TaskName.PROBE, subject, spec, patient=True)
            except ProcessingError as error:
                logger.info("%s cannot be probed: %s", subject.blob_id, error.message)
                continue
            made.output.close()
            return _found(made.result)
        return _Found()

    async def _record(self, found: Mapping[str, _Found]) -> None:
        if not found:
            return
        async with self._database.transaction() as transaction:
            # Files before blobs, each in order, as everybody locks them: else this and a deletion
            # wait in a ring.
            condition, among = transaction.one_of("blob_id", list(found))
            await transaction.rows(
                f"SELECT id FROM file WHERE {condition} ORDER BY id{transaction.for_update}", among
            )
            condition, among = transaction.one_of("key", list(found))
            in_order = f"WHERE {condition} ORDER BY key{transaction.for_no_key_update}"
            await transaction.rows(f"SELECT key FROM blob {in_order}", among)
            given, value = transaction.table(
                {"blob_id": "text", **FACTS}, [(key, *astuple(one)) for key, one in found.items()]
            )
            await transaction.execute(
                f"UPDATE blob SET probed = ?, {_known('blob')} FROM {given}"
                " WHERE blob.key = given.blob_id",
                True,
                value,
            )
            # After the blobs: an upload that shares one meanwhile has waited, or is seen here.
            await transaction.execute(
                f"UPDATE file SET {_known('file')} FROM {given} WHERE file.blob_id = given.blob_id",
                value,
            )


def _known(table: str) -> str:
    """Return assignments of what was found; what was not found now stays as it was."""
    return ", ".join(f"{name} = COALESCE(given.{name}, {table}.{name})" for name in FACTS)


def _found(result: Mapping[str, Any]) -> _Found:
    """Return what a worker told, without what cannot be."""
    return _Found(
        _pixels(result.get("width")),
        _pixels(result.get("height")),
        _seconds(result.get("duration")),
        _blurhash(result.get("blurhash")),
    )


def _blurhash(value: Any) -> str | None:
    usable = isinstance(value, str) and value.isascii() and value.isprintable()
    return value if usable and len(value) <= _MAX_BLURHASH else None


def _pixels(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 < value <= _MAX_PIXELS else None


def _seconds(value: Any) -> float | None:
    usable = isinstance(value, int | float) and math.isfinite(value) and value >= 0
    return float(value) if usable else None
