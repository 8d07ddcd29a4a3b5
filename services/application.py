"""The running application: every service, put together from settings, once for every transport."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

from auth.administrators import Administrators
from auth.policy import Policy
from auth.refresh_tokens import RefreshTokens
from auth.sealing import Sealer
from auth.secret import load_or_create_secret
from auth.signing import LinkSigner
from auth.tokens import TokenSigner
from core.settings import Settings, SettingsError
from models.database import Database
from processing.sandbox import STRONGEST
from processing.workers import Workers
from services.access import Access
from services.accounts import Accounts
from services.administration import Administration
from services.analyses import Analyses
from services.api_keys import ApiKeys
from services.attempts import FailedAttempts
from services.audit import Audit
from services.derivatives import Derivatives
from services.files import Files
from services.idempotency import IdempotencyKeys
from services.identities import Identities
from services.jobs import Jobs
from services.links import Links
from services.listing import Listing
from services.previews import Previews
from services.probing import Prober
from services.processor import Processor
from services.quotas import Quotas
from services.rate_limits import RateLimits
from services.reservations import Reservations
from services.sessions import Sessions
from services.shares import Shares
from services.sweep import Sweeper
from services.texts import Texts
from services.uploads import Uploads
from services.visibilities import Visibilities
from storage.base import Storage, StorageError
from storage.filesystem import FilesystemStorage
from storage.memory import MemoryStorage

logger = logging.getLogger("media.workers")


@dataclass(frozen=True, slots=True)
class Application:
    """What transports call."""

    settings: Settings
    database: Database
    storage: Storage
    policy: Policy
    audit: Audit
    sweeper: Sweeper
    accounts: Accounts
    api_keys: ApiKeys
    quotas: Quotas
    keys: IdempotencyKeys
    rate_limits: RateLimits
    identities: Identities
    sealer: Sealer
    attempts: FailedAttempts
    administration: Administration
    uploads: Uploads
    files: Files
    links: Links
    shares: Shares
    visibilities: Visibilities
    listing: Listing
    derivatives: Derivatives
    workers: Workers
    jobs: Jobs | None
    prober: Prober
    previews: Previews
    texts: Texts
    analyses: Analyses

    async def check(self) -> None:
        """Return if database and storage can serve now.

        Raises:
            UnavailableError: The database does not answer.
            StorageError: The storage does not take or give bytes.
        """
        await self.database.check()
        await self.storage.check()


@asynccontextmanager
async def running(settings: Settings, *, background: bool = False) -> AsyncIterator[Application]:
    """Connect, migrate and serve the application for the block.

    With ``background``, sweep and look at new files meanwhile.

    Raises:
        UnavailableError: The database does not answer.
        SettingsError: The secret on disk cannot be used.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    application = _assemble(settings)
    try:
        await application.database.connect()
        await application.database.migrate()
        if background and application.database.is_embedded:
            await application.derivatives.drop_claims()  # of a server that was killed
            await application.quotas.drop_holds()  # the same
            await application.keys.drop_held()
        if background:
            _tell_isolation(application.workers.isolation)
        async with _queue(application), _background(application, enabled=background):
            yield application
        await application.derivatives.close()
        await application.uploads.close()
    finally:
        await application.rate_limits.close()
        await application.workers.close()
        await application.storage.close()
        await application.database.close()


@asynccontextmanager
async def _queue(application: Application) -> AsyncIterator[None]:
    if application.jobs is None:
        yield
        return
    async with application.jobs.opened(application.database):
        yield


def _tell_isolation(isolation: str) -> None:
    if isolation == STRONGEST:
        logger.info("workers are isolated by %s", isolation)
        return
    logger.warning(
        "workers are isolated by: %s; with bubblewrap installed and allowed, a file that takes a"
        " worker over reaches nothing else",
        isolation,
    )


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


def _assemble(settings: Settings) -> Application:
    database = Database(settings.database_url or f"sqlite://{settings.data_dir.resolve()}/media.db")
    storage = _storage(settings)
    policy = Policy(guests_read_shared=settings.guests_read_shared)
    secret = settings.secret_key or load_or_create_secret(settings.data_dir)
    link_signer = LinkSigner(secret, settings.previous_secret_keys)
    sweeper = Sweeper(database, storage, grace=timedelta(seconds=settings.upload_grace_seconds))
    quotas = Quotas(database, settings)
    keys = IdempotencyKeys(database)
    reservations = Reservations(database, sweeper, quotas)
    workers = Workers(size=settings.worker_count, queue=settings.worker_queue)
    processor = Processor(storage, workers)
    jobs = _jobs(settings)
    prober = Prober(database, processor, jobs)
    audit = Audit(database, policy)
    access = Access(policy, audit)
    files = Files(database, storage, sweeper, access)
    derivatives = Derivatives(database, storage, reservations, jobs)
    api_keys = ApiKeys(database, _administrators(settings))
    signer = TokenSigner(secret, settings.token_lifetime_seconds, settings.previous_secret_keys)
    sessions = _sessions(settings, database, signer, secret)
    attempts = FailedAttempts()
    accounts = Accounts(
        database,
        signer,
        sessions,
        api_keys,
        _administrators(settings),
        attempts=attempts,
        guest_login=settings.guest_login,
    )
    return Application(
        settings=settings,
        database=database,
        storage=storage,
        policy=policy,
        audit=audit,
        sweeper=sweeper,
        accounts=accounts,
        api_keys=api_keys,
        quotas=quotas,
        keys=keys,
        rate_limits=RateLimits(settings),
        identities=Identities(database, sessions, accounts),
        sealer=Sealer(secret, settings.previous_secret_keys),
        attempts=attempts,
        administration=Administration(database, _administrators(settings)),
        uploads=Uploads(
            database,
            storage,
            reservations,
            quotas=quotas,
            keys=keys,
            on_stored=prober.wake,
            max_bytes=settings.max_upload_bytes,
        ),
        files=files,
        links=Links(files, access, link_signer),
        shares=Shares(database, files, access, settings.oidc_issuer),
        visibilities=Visibilities(database, access),
        listing=Listing(database, access),
        derivatives=derivatives,
        workers=workers,
        jobs=jobs,
        prober=prober,
        previews=Previews(files, derivatives, processor, link_signer),
        texts=Texts(files, derivatives, processor),
        analyses=Analyses(files, derivatives, processor),
    )


def _administrators(settings: Settings) -> Administrators:
    return Administrators.of(settings.oidc_issuer, settings.administrators)


def _sessions(settings: Settings, database: Database, signer: TokenSigner, secret: str) -> Sessions:
    return Sessions(
        database,
        signer,
        RefreshTokens(secret, settings.previous_secret_keys),
        _administrators(settings),
        access_seconds=settings.access_lifetime_seconds,
        refresh_seconds=settings.refresh_lifetime_seconds,
    )


def _jobs(settings: Settings) -> Jobs | None:
    if settings.processing == "local":
        return None
    return Jobs(settings.database_url, limit=settings.worker_queue)


def _storage(settings: Settings) -> Storage:
    if settings.storage_url.startswith("s3:"):
        # Its libraries take half a second to load, which a server with a folder need not wait.
        from storage.object_store import ObjectStorage  # noqa: PLC0415

        try:
            return ObjectStorage(
                settings.storage_url,
                max_bytes=settings.max_upload_bytes,
                public_endpoint=settings.s3_public_endpoint,
            )
        except StorageError as error:
            raise SettingsError(f"MEDIA_STORAGE_URL={settings.storage_url}: {error}") from error
    if settings.storage_url.startswith("memory:"):
        return MemoryStorage()
    path = unquote(settings.storage_url.removeprefix("file://"))
    return FilesystemStorage(Path(path) if path else settings.data_dir)
