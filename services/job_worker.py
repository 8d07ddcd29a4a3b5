"""The other end of the queue: a process that makes what servers ask for, ``media worker``."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from procrastinate import RetryStrategy

from core.errors import (
    BusyError,
    ConflictError,
    MediaError,
    UnavailableError,
)
from models.derivative import DerivativeKind
from models.file import StoredFile
from services.application import Application
from services.derivative_records import Specification
from services.derivatives import Producer
from services.jobs import JobName, Jobs

Maker = Callable[[StoredFile, Mapping[str, Any]], Producer]

_HEARTBEAT_SECONDS: Final = 5
_STALLED_SECONDS: Final = 15
"""A worker that has not been heard of for as long is dead, and its jobs are somebody else's."""

_RECOVERY: Final = "* * * * * */10"  # every ten seconds: the sixth field counts them
_TEMPORARY: Final = (BusyError, ConflictError, UnavailableError)
_RETRY: Final = RetryStrategy(
    max_attempts=5, wait=1, exponential_wait=2, retry_exceptions=_TEMPORARY
)


class JobWorker:
    """Makes what is asked for with an application of its own."""

    def __init__(self, application: Application, jobs: Jobs) -> None:
        self._application = application
        self._jobs = jobs
        self._makers: Mapping[DerivativeKind, Maker] = {
            DerivativeKind.PREVIEW: application.previews.maker,
            DerivativeKind.TEXT: application.texts.maker,
            DerivativeKind.ANALYSIS: application.analyses.maker,
        }

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT; jobs that run then have the drain time to end."""
        app, settings = self._jobs.app, self._application.settings
        app.task(name=JobName.DERIVE.value, retry=_RETRY)(self._derive)
        app.task(name=JobName.PROBE.value, lock=JobName.PROBE.value, retry=_RETRY)(self._probe)
        recover = app.task(name="recover", queueing_lock="recover", pass_context=False)(
            self._recover
        )
        app.periodic(cron=_RECOVERY)(recover)
        await app.run_worker_async(
            concurrency=settings.worker_count + 1,
            delete_jobs="always",
            shutdown_graceful_timeout=settings.drain_seconds,
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_STALLED_SECONDS,
        )

    async def _derive(self, file_id: str, kind: str, parameters: dict[str, Any]) -> None:
        file = await self._application.files.find(file_id)
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

    async def _probe(self) -> None:
        left = await self._application.prober.probe_all()
        if left:
            raise UnavailableError(f"{left} files could not be looked at.")

    async def _recover(self, timestamp: int) -> None:
        """Let the jobs of dead workers be done by others."""
        del timestamp
        manager = self._jobs.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
            await manager.retry_job(job)
