"""Settings: read from ``MEDIA_*`` in the environment once, validated, frozen, passed in."""

import difflib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

logger = logging.getLogger("media.settings")

PREFIX: Final = "MEDIA_"
MIB: Final = 1024 * 1024
MIN_SECRET_BYTES: Final = 32
_MAX_PORT: Final = 65535
_CONFIDENTIAL: Final = (
    "SECRET_KEY",
    "SECRET_KEYS",
    "CLIENT_SECRET",
    "DATABASE_URL",  # it may hold a password
)
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


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
    secret_key: str = field(default="", repr=False)
    previous_secret_keys: tuple[str, ...] = field(default=(), repr=False)
    max_upload_bytes: int = 100 * MIB
    quota_bytes: int = 0
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
    processing: str = "local"
    workers: int = 0
    worker_queue: int = 256
    idle_timeout_seconds: int = 30
    drain_seconds: int = 30
    log_level: str = "info"

    @property
    def worker_count(self) -> int:
        """How many worker processes there may be: one for each core unless set."""
        return self.workers or len(os.sched_getaffinity(0))

    @property
    def guests_read_shared(self) -> bool:
        """Whether guests belong to the audience of ``shared`` files."""
        return self.shared_audience == "everyone"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings that ``environ`` asks for.

    Raises:
        SettingsError: A value is not usable; one line, naming variable and remedy.
    """
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    known = {PREFIX + each.name.upper(): each.name for each in fields(Settings)}
    _warn_of_unknown(given, known)
    values = {known[name]: _parse(name, value) for name, value in given.items() if name in known}
    settings = Settings(**values)
    if settings.processing == "queue" and not settings.database_url.startswith("postgres"):
        raise SettingsError("MEDIA_PROCESSING=queue: needs MEDIA_DATABASE_URL=postgres://…")
    if settings.oidc_issuer and not settings.oidc_client_id:
        raise SettingsError("MEDIA_OIDC_ISSUER: needs MEDIA_OIDC_CLIENT_ID as well")
    return settings


def _warn_of_unknown(given: Mapping[str, str], known: Mapping[str, str]) -> None:
    for name in sorted(given.keys() - known.keys()):
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        logger.warning("%s is not a setting and is ignored%s", name, hint)


def _parse(name: str, value: str) -> Any:
    parse = _PARSERS.get(name.removeprefix(PREFIX).lower(), str.strip)
    try:
        return parse(value)
    except ValueError as error:
        shown = "" if name.endswith(_CONFIDENTIAL) else f"={value!r}"
        raise SettingsError(f"{name}{shown}: {error}") from None


def _integer(low: int, high: int | None = None) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not value.strip().isdecimal():
            raise ValueError("must be a whole number")
        number = int(value)
        if number < low or (high is not None and number > high):
            raise ValueError(f"must be at least {low}" + (f" and at most {high}" if high else ""))
        return number

    return parse


def _switch(value: str) -> bool:
    word = value.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("must be on or off")
    return word in _TRUE


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        word = value.strip().lower()
        if word not in choices:
            raise ValueError("must be one of " + ", ".join(choices))
        return word

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        text = value.strip()
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError("must begin with " + " or ".join(f"{scheme}://" for scheme in schemes))
        return text.rstrip("/") if "http" in schemes else text

    return parse


def _path(value: str) -> Path:
    if not value.strip():
        raise ValueError("must name a folder")
    return Path(value).expanduser()


def _secret(value: str) -> str:
    if len(value.encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"must be at least {MIN_SECRET_BYTES} bytes long")
    return value


def _secrets(value: str) -> tuple[str, ...]:
    return tuple(_secret(part) for part in _listed(value))


def _listed(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _scopes(value: str) -> str:
    words = value.split()
    if "openid" not in words:
        raise ValueError("must hold openid among its words")
    return " ".join(words)


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if origin != "*" and (parts.scheme not in {"http", "https"} or parts.path):
            raise ValueError(f"{origin!r} is not an origin such as https://app.example.com")
    return origins


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "port": _integer(0, _MAX_PORT),
    "data_dir": _path,
    "database_url": _url("sqlite", "postgres", "postgresql"),
    "storage_url": _url("file", "memory"),
    "secret_key": _secret,
    "previous_secret_keys": _secrets,
    "max_upload_bytes": _integer(1),
    "quota_bytes": _integer(0),
    "public_url": _url("http", "https"),
    "cors_origins": _origins,
    "shared_audience": _one_of("everyone", "users"),
    "guest_login": _switch,
    "introspection": _switch,
    "token_lifetime_seconds": _integer(60),
    "access_lifetime_seconds": _integer(60, 24 * 3600),
    "refresh_lifetime_seconds": _integer(600),
    "administrators": _listed,
    "oidc_issuer": _url("http", "https"),
    "oidc_scopes": _scopes,
    "upload_grace_seconds": _integer(0),
    "sweep_interval_seconds": _integer(1),
    "processing": _one_of("local", "queue"),
    "workers": _integer(0, 256),
    "worker_queue": _integer(1),
    "idle_timeout_seconds": _integer(1),
    "drain_seconds": _integer(0),
    "log_level": _one_of("debug", "info", "warning", "error"),
}
