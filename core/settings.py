"""Settings: read from ``MEDIA_*`` in the environment once, validated, frozen, passed in."""

import difflib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from core.rates import Rate
from core.setting_values import PARSERS

logger = logging.getLogger("media.settings")

PREFIX: Final = "MEDIA_"
MIB: Final = 1024 * 1024
_CONFIDENTIAL: Final = (
    "SECRET_KEY",
    "SECRET_KEYS",
    "CLIENT_SECRET",
    "DATABASE_URL",  # URLs may hold a password
    "REDIS_URL",
)


class SettingsError(ValueError):
    """Raised when a setting's value cannot be used; the message is one line naming it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may change. ``docs/settings.md`` lists every field, held by a test."""

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path("data")
    database_url: str = field(default="", repr=False)
    storage_url: str = ""
    s3_public_endpoint: str = ""
    downloads: str = "proxy"
    secret_key: str = field(default="", repr=False)
    previous_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    max_upload_bytes: int = 100 * MIB
    quota_bytes: int = 0
    quota_files: int = 0
    guest_quota_bytes: int = 1024 * MIB
    guest_quota_files: int = 10_000
    staged_bytes: int = 1024 * MIB
    rate_limits: bool = True
    rate_read: Rate | None = Rate(1200, 60)
    rate_write: Rate | None = Rate(600, 60)
    rate_upload: Rate | None = Rate(600, 60)
    rate_processing: Rate | None = Rate(300, 60)
    rate_download: Rate | None = Rate(6000, 60)
    rate_sign_in: Rate | None = Rate(60, 60)
    rate_lookup: Rate | None = Rate(200, 3600)
    redis_url: str = field(default="", repr=False)
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    public_url: str = ""
    cors_origins: tuple[str, ...] = ("*",)
    shared_audience: str = "everyone"
    guest_login: bool = True
    introspection: bool = True
    token_lifetime_seconds: int = 30 * 24 * 3600
    access_lifetime_seconds: int = 15 * 60
    refresh_lifetime_seconds: int = 30 * 24 * 3600
    administrators: tuple[str, ...] = ()
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_name: str = "OpenID Connect"
    oidc_scopes: str = "openid email profile"
    upload_grace_seconds: int = 24 * 3600
    sweep_interval_seconds: int = 600
    audit_days: int = 0
    processing: str = "local"
    workers: int = 0
    worker_queue: int = 256
    require_isolation: str = "none"
    processing_timeout_seconds: int = 90
    idle_timeout_seconds: int = 30
    drain_seconds: int = 30
    log_level: str = "info"
    log_format: str = "text"
    metrics_address: str = ""
    tracing: bool = False

    @property
    def worker_count(self) -> int:
        """How many worker processes there may be: one for each core unless set."""
        return self.workers or len(os.sched_getaffinity(0))

    @property
    def metrics_listener(self) -> tuple[str, int] | None:
        """Host and port that figures for Prometheus are served at; None for nowhere."""
        host, _, port = self.metrics_address.rpartition(":")
        return (host.strip("[]"), int(port)) if port else None

    @property
    def guests_read_shared(self) -> bool:
        """Whether guests belong to the audience of ``shared`` files."""
        return self.shared_audience == "everyone"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that ``environ`` asks for.

    Raises:
        SettingsError: A value is not usable; one line, naming variable and remedy.
    """
    given = _read_files({name: v for name, v in environ.items() if name.startswith(PREFIX)})
    known = {PREFIX + each.name.upper(): each.name for each in fields(Settings)}
    _warn_of_unknown(given, known)
    values = {known[name]: _parse(name, value) for name, value in given.items() if name in known}
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    storage = settings.storage_url
    if settings.processing == "queue" and not settings.database_url.startswith("postgres"):
        raise SettingsError("MEDIA_PROCESSING=queue: needs MEDIA_DATABASE_URL=postgres://…")
    if settings.downloads == "redirect" and not storage.startswith("s3:"):
        raise SettingsError("MEDIA_DOWNLOADS=redirect: needs MEDIA_STORAGE_URL=s3://…")
    if settings.downloads == "nginx" and storage and not storage.startswith("file:"):
        raise SettingsError("MEDIA_DOWNLOADS=nginx: needs MEDIA_STORAGE_URL=file://…")
    if settings.oidc_issuer and not settings.oidc_client_id:
        raise SettingsError("MEDIA_OIDC_ISSUER: needs MEDIA_OIDC_CLIENT_ID as well")


def _read_files(given: Mapping[str, str]) -> dict[str, str]:
    """Return ``given`` with what ``…_FILE`` variables name in place of their paths."""
    read = dict(given)
    for name, path in given.items():
        meant = name.removesuffix("_FILE")
        if meant != name and meant.endswith(_CONFIDENTIAL):
            if meant in given:
                raise SettingsError(f"{name}: {meant} is given as well; keep one of them")
            del read[name]
            read[meant] = _content(name, path)
    return read


def _content(name: str, path: str) -> str:
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name}={path!r}: cannot be read ({error})") from None
    if not content:  # else the default would be used in place of what was meant
        raise SettingsError(f"{name}={path!r}: the file is empty")
    return content


def _warn_of_unknown(given: Mapping[str, str], known: Mapping[str, str]) -> None:
    for name in sorted(given.keys() - known.keys()):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        logger.warning("%s is not a setting and is ignored%s", name, hint)


def _parse(name: str, value: str) -> Any:
    parse = PARSERS.get(name.removeprefix(PREFIX).lower(), str.strip)
    try:
        _require_text(value)
        return parse(value)
    except ValueError as error:
        shown = "" if name.endswith(_CONFIDENTIAL) else f"={value!r}"
        raise SettingsError(f"{name}{shown}: {error}") from None


def _require_text(value: str) -> None:
    # Python keeps bytes that are no UTF-8 as surrogates (PEP 383), which nothing here can write.
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("must be UTF-8")
