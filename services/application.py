"""The composition root: every service, put together from settings, once for every transport."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from auth.administrators import Administrators
from auth.policy import Policy
from auth.refresh_tokens import RefreshTokens
from auth.sealing import Sealer
from auth.secret import load_or_create_secret, load_secret
from auth.signing import LinkSigner
from auth.tokens import TokenSigner
from core.settings import Settings
from models.database import Database
from models.derivative import DerivativeKind
from processing.workers import Workers
from services.access.access import Access
from services.access.audit import Audit
from services.accounts.accounts import Accounts
from services.accounts.api_keys import ApiKeys
from services.accounts.attempts import FailedAttempts
from services.accounts.identities import Identities
from services.accounts.recovery_codes import RecoveryCodes
from services.accounts.sessions import Sessions
from services.derivatives.analyses import Analyses
from services.derivatives.derivatives import Derivatives
from services.derivatives.previews import Previews
from services.derivatives.probing import Prober
from services.derivatives.processor import Processor
from services.derivatives.reprocessing import Maker, Reprocessor
from services.derivatives.retyping import Retyping
from services.derivatives.texts import Texts
from services.files.files import Files
from services.files.listing import Listing
from services.files.purge import Purger
from services.files.tagging import Tagging
from services.files.visibilities import Visibilities
from services.library import database_url
from services.limits.counters import Counters
from services.limits.rate_limits import RateLimits
from services.maintenance.sweeper import Sweeper
from services.readiness import Readiness
from services.sharing.links import Links
from services.sharing.shares import Shares
from services.storages import storage_of
from services.uploads.idempotency import IdempotencyKeys
from services.uploads.quotas import Quotas
from services.uploads.reservations import Reservations
from services.uploads.uploads import Uploads

if TYPE_CHECKING:
    from services.derivatives.queue import Jobs


class Application:
    """What transports call. What holds resources is made at once, the rest when it is wanted.

    Folders and the secret are made only with ``create``.

    Raises:
        SettingsError: The secret on disk, or the storage, cannot be used.
    """

    def __init__(self, settings: Settings, *, create: bool = True) -> None:
        self.settings = settings
        # What can fail comes first and last, so that nothing is held yet when it does.
        if create and not settings.secret_key:
            load_or_create_secret(settings.data_dir)
        self._former_secrets = settings.previous_secret_keys
        self.database = Database(database_url(settings))
        self.jobs = _jobs(settings)
        self.counters = Counters(settings.redis_url)
        self.workers = Workers(
            size=settings.worker_count,
            queue=settings.worker_queue,
            required=settings.require_isolation,
        )
        self.storage = storage_of(settings, create=create)

    async def check(self) -> None:
        """Return if database and storage can serve now.

        Raises:
            UnavailableError: The database does not answer.
            StorageError: The storage does not take or give bytes.
        """
        await self.database.check()
        await self.storage.check()

    @cached_property
    def readiness(self) -> Readiness:
        return Readiness(self.check)

    @cached_property
    def _secret(self) -> str:
        return self.settings.secret_key or load_secret(self.settings.data_dir)

    # Who may do what, and how much

    @cached_property
    def policy(self) -> Policy:
        return Policy(guests_read_shared=self.settings.guests_read_shared)

    @cached_property
    def audit(self) -> Audit:
        return Audit(self.database, self.policy)

    @cached_property
    def _access(self) -> Access:
        return Access(self.policy, self.audit)

    @cached_property
    def quotas(self) -> Quotas:
        return Quotas(self.database, self.settings)

    @cached_property
    def rate_limits(self) -> RateLimits:
        return RateLimits(self.settings, self.counters)

    # Signing in

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(
            self.database,
            self._token_signer,
            self._sessions,
            self.api_keys,
            self._administrators,
            attempts=self.attempts,
            guest_login=self.settings.guest_login,
        )

    @cached_property
    def api_keys(self) -> ApiKeys:
        return ApiKeys(self.database, self._administrators)

    @cached_property
    def attempts(self) -> FailedAttempts:
        return FailedAttempts(self.counters)

    @cached_property
    def identities(self) -> Identities:
        return Identities(self.database, self._sessions)

    @cached_property
    def recovery_codes(self) -> RecoveryCodes:
        return RecoveryCodes(self.database, self._sessions, self.attempts)

    @cached_property
    def sealer(self) -> Sealer:
        return Sealer(self._secret, self._former_secrets)

    @cached_property
    def _administrators(self) -> Administrators:
        return Administrators.of(self.settings.oidc_issuer, self.settings.administrators)

    @cached_property
    def _token_signer(self) -> TokenSigner:
        lifetime = self.settings.token_lifetime_seconds
        return TokenSigner(self._secret, lifetime, self._former_secrets)

    @cached_property
    def _sessions(self) -> Sessions:
        return Sessions(
            self.database,
            self._token_signer,
            RefreshTokens(self._secret, self._former_secrets),
            self._administrators,
            access_seconds=self.settings.access_lifetime_seconds,
            refresh_seconds=self.settings.refresh_lifetime_seconds,
        )

    # Files

    @cached_property
    def files(self) -> Files:
        return Files(self.database, self.storage, self.purger, self._access)

    @cached_property
    def listing(self) -> Listing:
        return Listing(self.database, self._access)

    @cached_property
    def links(self) -> Links:
        return Links(self.files, self._access, self._link_signer)

    @cached_property
    def shares(self) -> Shares:
        return Shares(self.database, self.files, self._access, self.settings.oidc_issuer)

    @cached_property
    def visibilities(self) -> Visibilities:
        return Visibilities(self.database, self._access)

    @cached_property
    def tagging(self) -> Tagging:
        return Tagging(self.database, self._access)

    @cached_property
    def uploads(self) -> Uploads:
        return Uploads(
            self.database,
            self.storage,
            self.reservations,
            quotas=self.quotas,
            keys=self.keys,
            on_stored=self.prober.wake,
            max_bytes=self.settings.max_upload_bytes,
        )

    @cached_property
    def keys(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.database)

    @cached_property
    def purger(self) -> Purger:
        return Purger(self.database, self.storage)

    @cached_property
    def sweeper(self) -> Sweeper:
        return Sweeper(
            self.database,
            self.storage,
            self.reservations,
            self.purger,
            grace=timedelta(seconds=self.settings.upload_grace_seconds),
            audit_kept=timedelta(days=self.settings.audit_days) or None,
        )

    @cached_property
    def _link_signer(self) -> LinkSigner:
        return LinkSigner(self._secret, self._former_secrets)

    @cached_property
    def reservations(self) -> Reservations:
        return Reservations(self.database, self.storage, self.quotas)

    # What is computed from files

    @cached_property
    def previews(self) -> Previews:
        return Previews(self.files, self.derivatives, self._processor, self._link_signer)

    @cached_property
    def texts(self) -> Texts:
        return Texts(self.files, self.derivatives, self._processor)

    @cached_property
    def analyses(self) -> Analyses:
        return Analyses(self.files, self.derivatives, self._processor, self.prober)

    @cached_property
    def prober(self) -> Prober:
        return Prober(self.database, self._processor, self.jobs)

    @cached_property
    def makers(self) -> Mapping[DerivativeKind, Maker]:
        return {
            DerivativeKind.PREVIEW: self.previews.maker,
            DerivativeKind.TEXT: self.texts.maker,
            DerivativeKind.ANALYSIS: self.analyses.maker,
        }

    @cached_property
    def reprocessor(self) -> Reprocessor:
        return Reprocessor(
            self.database,
            Retyping(self.database, self.storage, self.reservations),
            self.prober,
            self.derivatives,
            self.makers,
            abreast=max(1, self.workers.size - 1),  # one worker is free for people
        )

    @cached_property
    def derivatives(self) -> Derivatives:
        seconds = self.settings.processing_timeout_seconds
        return Derivatives(
            self.database, self.storage, self.reservations, self.jobs, seconds=seconds
        )

    @cached_property
    def _processor(self) -> Processor:
        return Processor(self.storage, self.workers)


def _jobs(settings: Settings) -> "Jobs | None":
    if settings.processing == "local":
        return None
    # Its libraries take a tenth of a second to load, which a server by itself need not wait.
    from services.derivatives.queue import Jobs  # noqa: PLC0415

    return Jobs(settings.database_url, limit=settings.worker_queue)
