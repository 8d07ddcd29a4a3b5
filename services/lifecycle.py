"""The running application: it connects, migrates, works in the background, and ends."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from core.background import meanwhile
from core.closing import Closing
from core.settings import Settings, SettingsError
from models.versions import require_current
from processing.workers import Workers
from services.application import Application
from services.library import make_data_folder, require_library
from storage.base import StorageError, StorageRefusedError

logger = logging.getLogger("media.workers")


@asynccontextmanager
async def running(
    settings: Settings, *, background: bool = False, create: bool = True
) -> AsyncIterator[Application]:
    """Connect, migrate and serve the application for the block.

    With ``background``, sweep, look at new files and reprocess older ones meanwhile. Without
    ``create``, neither make a library nor migrate one.

    Raises:
        SchemaVersionError: A newer version has migrated the database, or, without ``create``, it
            lacks migrations of this one.
        UnavailableError: The database does not answer.
        SettingsError: There is no library (without ``create``); the secret on disk, or with
            ``background`` the storage, cannot be used; the workers lack the required isolation.
    """
    (make_data_folder if create else require_library)(settings)
    application = Application(settings, create=create)
    async with Closing() as closing:
        closing.add("the database", application.database.close)
        closing.add("the storage", application.storage.close)
        closing.add("the workers", application.workers.close)
        closing.add("the counters", application.counters.close)
        if background:
            application.workers.require_isolation()
            _log_isolation(application.workers)
        await application.database.connect()
        if create:
            await application.database.migrate()
        else:
            await require_current(application.database)
        closing.add("the clearing up after uploads", application.uploads.close)
        closing.add("the making of derivatives", application.derivatives.close)
        if background:
            await _require_usable(application)
            await _forget_the_killed(application)
        if create and application.jobs is not None:  # other commands ask for nothing
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


def _background(application: Application) -> AbstractAsyncContextManager[None]:
    interval = application.settings.sweep_interval_seconds
    work = [application.sweeper.run_every(interval), application.prober.run()]
    if application.jobs is None:  # else `media worker` processes have the workers for it
        work.append(application.reprocessor.run())
    return meanwhile(*work)
