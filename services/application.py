"""The running application: it connects, migrates, works in the background, and ends."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.settings import Settings
from models.versions import require_current
from processing.workers import Workers
from services.composition import Application
from services.library import make_data_folder, require_library

__all__ = ["Application", "running"]

logger = logging.getLogger("media.workers")


@asynccontextmanager
async def running(
    settings: Settings, *, background: bool = False, create: bool = True
) -> AsyncIterator[Application]:
    """Connect, migrate and serve the application for the block.

    With ``background``, sweep and look at new files meanwhile. Without ``create``, neither make a
    library nor migrate one.

    Raises:
        SchemaVersionError: A newer version has migrated the database, or, without ``create``, it
            lacks migrations of this one.
        SettingsError: There is no library (without ``create``), the secret on disk cannot be used,
            or the workers of a server lack the isolation that is required.
        UnavailableError: The database does not answer.
    """
    (make_data_folder if create else require_library)(settings)
    application = Application(settings, create=create)
    try:
        if background:
            application.workers.require_isolation()
            _log_isolation(application.workers)
        await application.database.connect()
        if create:
            await application.database.migrate()
        else:
            await require_current(application.database)
        if background:
            await _forget_the_killed(application)
        async with _queue(application, create=create), _background(application, enabled=background):
            yield application
        await application.derivatives.close()
        await application.uploads.close()
    finally:
        await application.counters.close()
        await application.workers.close()
        await application.storage.close()
        await application.database.close()


async def _forget_the_killed(application: Application) -> None:
    """Drop what a server had under way that was killed, if this is the only one."""
    if application.database.is_embedded:
        await application.derivatives.drop_claims()
        await application.quotas.drop_holds()
        await application.keys.drop_held()


@asynccontextmanager
async def _queue(application: Application, *, create: bool) -> AsyncIterator[None]:
    if application.jobs is None or not create:  # commands ask for nothing
        yield
        return
    async with application.jobs.opened(application.database):
        yield


def _log_isolation(workers: Workers) -> None:
    lacking = [layer for layer, holds in workers.layers.items() if not holds]
    if lacking:
        logger.warning(
            "workers are isolated by: %s, without %s; docs/deployment.md says what each is for",
            workers.isolation,
            ", ".join(lacking),
        )
    else:
        logger.info("workers are isolated by %s", workers.isolation)


@asynccontextmanager
async def _background(application: Application, *, enabled: bool) -> AsyncIterator[None]:
    interval = application.settings.sweep_interval_seconds
    work = [application.sweeper.run_every(interval), application.prober.run()] if enabled else []
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
