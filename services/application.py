"""The running application: it connects, migrates, works in the background, and ends."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from core.background import meanwhile
from core.closing import Closing
from core.settings import Settings, SettingsError
from processing.sandbox import STRONGEST
from services.composition import Application
from storage.base import StorageError, StorageRefusedError

__all__ = ["Application", "running"]

logger = logging.getLogger("media.workers")


@asynccontextmanager
async def running(settings: Settings, *, background: bool = False) -> AsyncIterator[Application]:
    """Connect, migrate and serve the application for the block.

    With ``background``, sweep and look at new files meanwhile.

    Raises:
        UnavailableError: The database does not answer.
        SettingsError: The secret on disk cannot be used; or, with ``background``, the storage.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    application = Application(settings)
    async with Closing() as closing:
        closing.add("the database", application.database.close)
        closing.add("the storage", application.storage.close)
        closing.add("the workers", application.workers.close)
        closing.add("the counters", application.counters.close)
        await application.database.connect()
        await application.database.migrate()
        closing.add("the clearing up after uploads", application.uploads.close)
        closing.add("the making of derivatives", application.derivatives.close)
        if background:
            await _require_usable(application)
            await _forget_the_killed(application)
            _tell_isolation(application.workers.isolation)
        if application.jobs is not None:
            await closing.enter("the job queue", application.jobs.opened(application.database))
        if background:
            await closing.enter("the background work", _background(application))
        yield application


async def _require_usable(application: Application) -> None:
    """Refuse to start on a storage that says that it cannot be used as it is configured.

    One that is only away now may be back soon: meanwhile the server says that it is not ready.
    """
    try:
        await application.storage.check()
    except StorageRefusedError as error:
        place = application.settings.storage_url
        raise SettingsError(f"MEDIA_STORAGE_URL={place} cannot be used: {error}") from error
    except StorageError as error:
        logger.warning("the storage does not answer yet: %s", error)


async def _forget_the_killed(application: Application) -> None:
    """Drop what a server had under way that was killed, if this is the only one."""
    if application.database.is_embedded:
        await application.derivatives.drop_claims()
        await application.quotas.drop_holds()
        await application.keys.drop_held()


def _tell_isolation(isolation: str) -> None:
    if isolation == STRONGEST:
        logger.info("workers are isolated by %s", isolation)
        return
    logger.warning(
        "workers are isolated by: %s; with bubblewrap installed and allowed, a file that takes a"
        " worker over reaches nothing else",
        isolation,
    )


def _background(application: Application) -> AbstractAsyncContextManager[None]:
    interval = application.settings.sweep_interval_seconds
    return meanwhile(application.sweeper.run_every(interval), application.prober.run())
