"""The other end of the queue: a process that makes what servers ask for, ``media worker``."""

import asyncio
import logging
from typing import Any, Final

from procrastinate import RetryDecision, RetryStrategy
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from core.errors import (
    BusyError,
    ConflictError,
    MediaError,
    StorageFullError,
    UnavailableError,
)
from models.derivative import DerivativeKind
from services.application import Application
from services.derivatives.queue import JobName, Jobs
from services.derivatives.rows import Specification
from services.files.rows import file_of_blob

logger = logging.getLogger("media.workers")

_RECONNECT_SECONDS: Final = 1
_POLL_SECONDS: Final = 1
"""How long a job may wait after the end of the one like it, of which no notice tells."""

_HEARTBEAT_SECONDS: Final = 5
_STALLED_SECONDS: Final = 15
"""A worker that has not been heard of for as long is dead, and its jobs are somebody else's."""

_RECOVERY: Final = "* * * * * */10"  # every ten seconds: the sixth field counts them
_PROBING: Final = "* * * * * */30"
_TEMPORARY: Final = (BusyError, ConflictError, OSError, StorageFullError, UnavailableError)


class _Retry(RetryStrategy):
    """Tries again later what failed for a time, and at once what the end of a worker cut off."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Return when the job goes back to the queue; None if it is over."""
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        return super().get_retry_decision(exception=exception, job=job)


_RETRY: Final = _Retry(max_attempts=5, wait=1, exponential_wait=2, retry_exceptions=_TEMPORARY)


class JobWorker:
    """Makes what is asked for with an application of its own."""

    def __init__(self, application: Application, jobs: Jobs) -> None:
        self._application = application
        self._jobs = jobs
        self._makers = application.makers

    async def run(self, asked: asyncio.Event) -> None:
        """Work until ``asked`` to end; jobs that run then have the drain time to end.

        What has not ended by then goes back to the queue. While the database does not answer this
        waits for it.
        """
        self._register()
        stopping = asyncio.create_task(asked.wait())
        try:
            while not asked.is_set():
                await self._work_until(stopping)
                await asyncio.wait({stopping}, timeout=_RECONNECT_SECONDS)
        finally:
            stopping.cancel()

    async def _work_until(self, stopping: asyncio.Task[Any]) -> None:
        working = asyncio.create_task(self._work())
        try:
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()  # which lets it end what it does
            await asyncio.wait({working})
        if not working.cancelled():
            working.result()

    def _register(self) -> None:
        app = self._jobs.app
        app.task(name=JobName.DERIVE.value, retry=_RETRY)(self._derive)
        probing = JobName.PROBE.value
        probe = app.task(
            name=probing, queue=probing, lock=probing, queueing_lock=probing, pass_context=False
        )(self._probe)
        app.periodic(cron=_PROBING)(probe)
        recover = app.task(name="recover", queueing_lock="recover", pass_context=False)(
            self._recover
        )
        app.periodic(cron=_RECOVERY)(recover)

    async def _work(self) -> None:
        """Work until cancelled, or until the queue is out of reach."""
        settings = self._application.settings
        try:
            await self._jobs.app.run_worker_async(
                concurrency=settings.worker_count + 1,
                delete_jobs="always",
                fetch_job_polling_interval=_POLL_SECONDS,
                shutdown_graceful_timeout=settings.drain_seconds,
                update_heartbeat_interval=_HEARTBEAT_SECONDS,
                stalled_worker_timeout=_STALLED_SECONDS,
                install_signal_handlers=False,
            )
        except ConnectorException as error:
            logger.warning("the job queue does not answer: %s", error.__cause__ or error)
        else:
            logger.warning("the job queue does not answer any more")

    async def _derive(self, blob_id: str, kind: str, parameters: dict[str, Any]) -> None:
        file = await file_of_blob(self._application.database, blob_id)
        if file is None:
            return  # deleted meanwhile
        wanted = Specification(DerivativeKind(kind), parameters)
        produce = self._makers[wanted.kind](file, parameters)
        try:
            await self._application.derivatives.obtain(file, wanted, produce)
        except _TEMPORARY:
            raise
        except MediaError:
            return  # it lies in the file, and is recorded

    async def _probe(self, timestamp: int = 0) -> None:
        """Look at new files: when a server asks for it, and at what is left from time to time."""
        del timestamp
        await self._application.prober.try_all()

    async def _recover(self, timestamp: int) -> None:
        """Let the jobs of dead workers be done by others."""
        del timestamp
        manager = self._jobs.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
            await manager.retry_job(job)
