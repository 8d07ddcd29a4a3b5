"""Reprocessing: results of earlier versions of the code are made anew in the background.

It goes through all files, the newest first, once for each kind of work. How far it is stands in the
database, so it goes on there after a restart. One process does it at a time, and its tasks let all
others go first.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson

from core.errors import BusyError, MediaError, StorageFullError, UnavailableError
from core.metrics import REPROCESSING_LEFT
from models.database import Database
from models.derivative import DerivativeKind, DerivativeState
from models.file import StoredFile
from processing.kinds import PROBED, kind_of
from services.derivatives.derivatives import Derivatives
from services.derivatives.making import Producer
from services.derivatives.probing import BATCH, Prober
from services.derivatives.processor import Subject, is_lost
from services.derivatives.progress import Reprocessings, Window, Work
from services.derivatives.retyping import Retyping
from services.derivatives.rows import Specification

logger = logging.getLogger("media.reprocessing")

Maker = Callable[[StoredFile, Mapping[str, Any]], Producer]
"""Returns what makes the result that a specification's parameters name."""

_Task = Callable[[], Awaitable[object]]

_KINDS: Final = {
    Work.PREVIEWS: DerivativeKind.PREVIEW,
    Work.ANALYSES: DerivativeKind.ANALYSIS,
    Work.TEXTS: DerivativeKind.TEXT,
}
_TEMPORARY: Final = (BusyError, UnavailableError, StorageFullError)
_LOOK_SECONDS: Final = 60
"""How long what the command line changes goes unnoticed."""

_RETRY_SECONDS: Final = 30
_MAX_RETRY_SECONDS: Final = 3600
_BUSY_TRIES: Final = 3
"""How often some files are tried that others are always before."""


class Reprocessor:
    """Makes types, sizes, previews, analyses and texts anew where they are outdated."""

    def __init__(  # noqa: PLR0913 - what it is put together from
        self,
        database: Database,
        retyping: Retyping,
        prober: Prober,
        derivatives: Derivatives,
        makers: Mapping[DerivativeKind, Maker],
        *,
        abreast: int,
    ) -> None:
        self.progress = Reprocessings(database)
        self._database = database
        self._retyping = retyping
        self._prober = prober
        self._derivatives = derivatives
        self._makers = makers
        self._abreast = abreast
        self._busy_tries = 0
        self._count_next = 0.0

    async def run(self) -> None:
        """Do what is left, and what becomes outdated later, until cancelled."""
        pause, is_prepared = _RETRY_SECONDS, False
        while True:
            try:
                if not is_prepared:
                    await self.progress.prepare()
                    is_prepared = True
                while await self.step():
                    pause = _RETRY_SECONDS
                pause, wait = _RETRY_SECONDS, _LOOK_SECONDS
            except MediaError as error:
                logger.info("older files will be reprocessed later: %s", error)
                wait, pause = pause, min(2 * pause, _MAX_RETRY_SECONDS)
            except Exception:  # whatever it is, the files that follow are to be looked at
                logger.exception("older files will be reprocessed later")
                wait, pause = pause, min(2 * pause, _MAX_RETRY_SECONDS)
            await asyncio.sleep(wait)

    async def step(self) -> bool:
        """Reprocess some files; False if nothing is left, or another process does it.

        Raises:
            UnavailableError: The storage or the database does not answer.
            BusyError: Others were always before one of the files.
            StorageFullError: The storage has no room for a new result.
        """
        await self._count()
        async with self._database.turn_to_backfill() as ours:
            window = await self.progress.window() if ours else None
            if window is None:
                return False
            await self._reprocess(window)
            return True

    async def _reprocess(self, window: Window) -> None:
        try:
            await self._do_all(window, await self._tasks(window))
        except BusyError:
            self._busy_tries += 1
            if self._busy_tries < _BUSY_TRIES:
                raise
            logger.warning("some %s stay outdated: other work was always before", window.work)
        self._busy_tries = 0
        if await self.progress.is_at(window):
            await self.progress.advance(window)

    async def _do_all(self, window: Window, tasks: Sequence[_Task]) -> None:
        """Do the tasks, some at once, until the work is paused or cannot go on."""
        left, errors = iter(tasks), list[MediaError]()

        async def do_some() -> None:
            for task in left:  # which all of these share
                if any(not isinstance(error, BusyError) for error in errors):
                    return
                if not await self.progress.is_at(window):
                    return
                if error := await _done(task):
                    errors.append(error)

        await asyncio.gather(*(do_some() for _ in range(self._abreast)))
        if errors:
            raise min(errors, key=lambda error: isinstance(error, BusyError))

    async def _tasks(self, window: Window) -> list[_Task]:
        if window.work is Work.TYPES:
            return [partial(self._retype, files) for files in window.blobs]
        if window.work is Work.SIZES:
            return self._measuring([files[0] for files in window.blobs])
        return await self._remaking(window, _KINDS[window.work])

    async def _retype(self, files: Sequence[StoredFile]) -> None:
        if await self._retyping.retype(files):
            self._prober.wake()

    def _measuring(self, files: Sequence[StoredFile]) -> list[_Task]:
        subjects = [
            Subject(file.blob_id, file.mime_type, "file")
            for file in files
            if kind_of(file.mime_type) in PROBED
        ]
        batches = [subjects[start : start + BATCH] for start in range(0, len(subjects), BATCH)]
        return [partial(self._prober.probe_again, batch) for batch in batches]

    async def _remaking(self, window: Window, kind: DerivativeKind) -> list[_Task]:
        """Return what makes the outdated results of these files anew."""
        files = {blob[0].blob_id: blob for blob in window.blobs}
        if window.before is not None:
            await self._make_outdated(window, kind, list(files))
        condition, among = self._database.one_of("blob_id", list(files))
        rows = await self._database.read(
            "SELECT blob_id, parameters, version FROM derivative"
            f" WHERE {condition} AND kind = ? AND state <> ?",
            among,
            kind.value,
            DerivativeState.PENDING.value,
        )
        outdated = [
            (files[blob_id], wanted)
            for blob_id, parameters, version in rows
            if (wanted := Specification(kind, orjson.loads(parameters))).version > version
        ]
        return [
            self._remake(file, wanted)
            for every, wanted in outdated
            if (file := _shown_as(every, wanted)) is not None
        ]

    async def _make_outdated(
        self, window: Window, kind: DerivativeKind, blob_ids: Sequence[str]
    ) -> None:
        async with self._database.transaction() as transaction:
            condition, among = transaction.one_of("blob_id", blob_ids)
            await transaction.execute(
                "UPDATE derivative SET version = 0"
                f" WHERE {condition} AND kind = ? AND state <> ? AND created_at < ?",
                among,
                kind.value,
                DerivativeState.PENDING.value,
                window.before,
            )

    def _remake(self, file: StoredFile, wanted: Specification) -> _Task:
        produce = self._makers[wanted.kind](file, wanted.parameters)
        return partial(self._derivatives.refresh, file, wanted, produce)

    async def _count(self) -> None:
        """Tell Prometheus what is left, once in a while: it takes reading an index of all files."""
        now = time.monotonic()
        if now < self._count_next:
            return
        self._count_next = now + _LOOK_SECONDS
        for progress in await self.progress.all():
            REPROCESSING_LEFT.labels(progress.work.value).set(progress.files_left)


async def _done(task: _Task) -> MediaError | None:
    """Do a task; return the error for which it is to be tried again another time."""
    try:
        await task()
    except _TEMPORARY as error:
        if not is_lost(error):
            return error
        logger.warning("the bytes of a file are lost: `media fsck` says which")
    except MediaError as error:  # it lies in the file, or the file went away
        logger.debug("a file has no new result: %s", error)
    except Exception:  # one file must not keep all others
        logger.exception("a file could not be reprocessed")
    return None


def _shown_as(files: Sequence[StoredFile], wanted: Specification) -> StoredFile | None:
    """Return a file of the type and extension that a result is for; None if none is any more."""
    source = wanted.parameters["source"]
    for file in files:
        subject = Subject.of(file)
        if source in (subject.content_type, [subject.content_type, subject.name]):
            return file
    return None
