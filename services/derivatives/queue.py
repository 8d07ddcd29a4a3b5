"""Jobs: what ``media worker`` processes make, handed over through a queue in PostgreSQL.

The queue only says what is wanted. Who makes it, whether it is made already, and what became of it
stand in the rows of the derivatives: a job that runs twice, or is lost, costs time and no result.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from core.background import meanwhile
from core.errors import BusyError, UnavailableError
from core.metrics import QUEUED
from models.database import Database
from models.file import StoredFile
from models.versions import SchemaVersionError
from services.derivatives.rows import Specification

_POOL_SIZE: Final = 4
_CONNECTION_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 5
_OF_LIBPQ: Final = ("ssl", "application_name", "connect_timeout", "target_session_attrs")
_USUAL: Final = {
    "application_name": "media",
    "connect_timeout": "5",
    # A server whose machine is gone sends nothing, not even that it is gone.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}

_FOREGROUND: Final = 0
_BACKGROUND: Final = -1
"""Priorities of jobs: of two that wait, the one with the higher number goes first."""

WATCH_SECONDS: Final = 10
"""How often the queue is counted for Prometheus."""


class JobName(StrEnum):
    """What a worker may be asked for."""

    DERIVE = "derive"
    PROBE = "probe"


class Jobs:
    """Hands jobs over. ``limit`` results may wait to be made. Belongs to one event loop."""

    def __init__(self, url: str, *, limit: int) -> None:
        self.app = App(
            connector=PsycopgConnector(
                conninfo=_conninfo(url),
                min_size=1,
                max_size=_POOL_SIZE,
                timeout=_CONNECTION_SECONDS,
            )
        )
        self.app.job_manager = _JobManager(self.app.connector)
        self._limit = limit

    @asynccontextmanager
    async def opened(self, database: Database, *, create: bool = True) -> AsyncIterator["Jobs"]:
        """Connect for the block; ``create`` the queue's tables if ``database`` lacks them.

        Raises:
            SchemaVersionError: It lacks them, without ``create``.
            UnavailableError: The database does not answer.
        """
        with _translated():
            await self.app.open_async()
        try:
            async with database.alone():
                await self._prepare(create=create)
            async with meanwhile(self._watch()):
                yield self
        finally:
            await self.app.close_async()

    async def derive(
        self, file: StoredFile, wanted: Specification, *, in_background: bool = False
    ) -> None:
        """Ask for a result for ``file``; what waits already for the same bytes is asked for once.

        What is asked for ``in_background`` is taken up when nothing else waits, and takes the place
        of nothing else.

        Raises:
            BusyError: As many wait as may.
            UnavailableError: The queue does not answer.
        """
        priority = _BACKGROUND if in_background else _FOREGROUND
        async with _answered():
            if await self._waiting(priority) >= self._limit:
                raise BusyError("Too many previews, texts and analyses wait to be made.")
            await self._ask(
                JobName.DERIVE,
                f"{file.blob_id}:{wanted.digest}",
                priority,
                blob_id=file.blob_id,
                kind=wanted.kind.value,
                parameters=dict(wanted.parameters),
            )

    async def probe(self) -> None:
        """Ask that new files be looked at; ``UnavailableError`` if the queue does not answer."""
        async with _answered():
            await self._ask(JobName.PROBE, JobName.PROBE.value, _FOREGROUND)

    async def _ask(self, name: JobName, once: str, priority: int, **arguments: Any) -> None:
        job = self.app.configure_task(
            name.value, queue=name.value, lock=once, queueing_lock=once, priority=priority
        )
        with suppress(AlreadyEnqueued):
            await job.defer_async(**arguments)

    async def _waiting(self, priority: int = _FOREGROUND) -> int:
        row = await self.app.connector.execute_query_one_async(
            "SELECT COUNT(*) AS waiting FROM procrastinate_jobs"
            " WHERE queue_name = %(queue)s AND status = 'todo' AND priority = %(priority)s",
            queue=JobName.DERIVE.value,
            priority=priority,
        )
        return int(row["waiting"])

    async def _watch(self) -> None:
        while True:
            with suppress(UnavailableError):
                async with _answered():
                    QUEUED.set(await self._waiting())
            await asyncio.sleep(WATCH_SECONDS)

    async def _prepare(self, *, create: bool) -> None:
        row = await self.app.connector.execute_query_one_async(
            "SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS prepared"
        )
        if row["prepared"]:
            return
        if not create:
            raise SchemaVersionError(
                "The database lacks the queue of jobs: start `media serve`,"
                " or run `media migrate`, with MEDIA_PROCESSING=queue."
            )
        await self.app.schema_manager.apply_schema_async()


class _JobManager(JobManager):
    """Drops a job that cannot go back into the queue because the same is asked for again there.

    Left as running it would keep its lock, and the one that waits would never run.
    """

    async def retry_job(self, job: Job, *args: Any, **kwargs: Any) -> None:
        try:
            await super().retry_job(job, *args, **kwargs)
        except UniqueViolation:
            await self.finish_job(job, Status.FAILED, delete_job=True)


def _conninfo(url: str) -> str:
    """Return the URL for libpq: what the ORM alone understands of its query is left out."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    known = {name: value for name, value in given.items() if name.startswith(_OF_LIBPQ)}
    known.pop("ssl", None)
    return urlunsplit(parts._replace(query=urlencode(_USUAL | known)))


@asynccontextmanager
async def _answered() -> AsyncIterator[None]:
    """Give the queue some seconds to answer the block."""
    with _translated():
        async with asyncio.timeout(_ANSWER_SECONDS):
            yield


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (ConnectorException, TimeoutError) as error:
        raise UnavailableError("The job queue does not answer; try again soon.") from error
