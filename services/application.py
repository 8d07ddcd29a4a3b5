"""The running application: every service, put together from settings, once for every transport."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from auth.policy import Policy
from auth.secret import load_or_create_secret
from auth.tokens import TokenSigner
from core.settings import Settings
from models.database import Database
from services.accounts import Accounts
from services.files import Files
from services.listing import Listing
from services.sweep import Sweeper
from services.uploads import Uploads
from storage.base import Storage
from storage.filesystem import FilesystemStorage
from storage.memory import MemoryStorage


@dataclass(frozen=True, slots=True)
class Application:
    """What transports call."""

    settings: Settings
    database: Database
    storage: Storage
    policy: Policy
    sweeper: Sweeper
    accounts: Accounts
    uploads: Uploads
    files: Files
    listing: Listing

    async def check(self) -> None:
        """Return if database and storage can serve now.

        Raises:
            UnavailableError: The database does not answer.
            StorageError: The storage does not take or give bytes.
        """
        await self.database.check()
        await self.storage.check()


@asynccontextmanager
async def running(settings: Settings, *, sweeping: bool = False) -> AsyncIterator[Application]:
    """Connect, migrate and serve the application for the block; with ``sweeping``, sweep as well.

    Raises:
        UnavailableError: The database does not answer.
        SettingsError: The secret on disk cannot be used.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    application = _assemble(settings)
    try:
        await application.database.connect()
        await application.database.migrate()
        async with _sweeping(application, enabled=sweeping):
            yield application
        await application.uploads.close()
    finally:
        await application.storage.close()
        await application.database.close()


@asynccontextmanager
async def _sweeping(application: Application, *, enabled: bool) -> AsyncIterator[None]:
    if not enabled:
        yield
        return
    interval = application.settings.sweep_interval_seconds
    task = asyncio.create_task(application.sweeper.run_every(interval))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _assemble(settings: Settings) -> Application:
    database = Database(settings.database_url or f"sqlite://{settings.data_dir.resolve()}/media.db")
    storage = _storage(settings)
    policy = Policy(guests_read_shared=settings.guests_read_shared)
    signer = TokenSigner(
        settings.secret_key or load_or_create_secret(settings.data_dir),
        settings.token_lifetime_seconds,
    )
    sweeper = Sweeper(database, storage, grace=timedelta(seconds=settings.upload_grace_seconds))
    return Application(
        settings=settings,
        database=database,
        storage=storage,
        policy=policy,
        sweeper=sweeper,
        accounts=Accounts(database, signer, guest_login=settings.guest_login),
        uploads=Uploads(
            database,
            storage,
            sweeper,
            max_bytes=settings.max_upload_bytes,
            quota_bytes=settings.quota_bytes,
        ),
        files=Files(database, storage, sweeper, policy),
        listing=Listing(database, policy),
    )


def _storage(settings: Settings) -> Storage:
    if settings.storage_url.startswith("memory:"):
        return MemoryStorage()
    path = unquote(settings.storage_url.removeprefix("file://"))
    return FilesystemStorage(Path(path) if path else settings.data_dir)
