"""The values that settings take: a parser for each, which says what is wrong with a text."""

import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from core.rates import parse_rate

MIN_SECRET_BYTES: Final = 32
_MAX_PORT: Final = 65535
_CENTURY: Final = 36525  # days
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


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
        _require_port(text)
        return text.rstrip("/") if "http" in schemes else text

    return parse


def _require_port(url: str) -> None:
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError(  # of the library's words one may be a part of the password
            "its port is not a number up to 65535; in a password write / ? # @ as %2F %3F %23 %40"
        ) from None


def _storage_url(value: str) -> str:
    text = _url("file", "memory", "s3")(value)
    parts = urlsplit(text)
    if parts.scheme == "s3" and not (parts.hostname and parts.netloc == parts.hostname):
        raise ValueError("must name a bucket, as in s3://bucket/prefix; credentials are AWS_*")
    if parts.scheme == "s3" and (parts.query or parts.fragment):
        raise ValueError("takes no ? or #: endpoint, region and credentials are AWS_*")
    return text


def _address(value: str) -> str:
    text = value.strip()
    host, _, port = text.rpartition(":")
    if text and not (host and port.isdecimal() and 0 < int(port) <= _MAX_PORT):
        raise ValueError("must be a host and a port such as 127.0.0.1:9100")
    return text


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


def _networks(value: str) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in value.split(",") if part.strip())
    for network in networks:
        ipaddress.ip_network(network)  # its ValueError says what is wrong with it
    return networks


PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "port": _integer(0, _MAX_PORT),
    "data_dir": _path,
    "database_url": _url("sqlite", "postgres", "postgresql"),
    "storage_url": _storage_url,
    "s3_public_endpoint": _url("http", "https"),
    "downloads": _one_of("proxy", "redirect", "nginx"),
    "secret_key": _secret,
    "previous_secret_keys": _secrets,
    "max_upload_bytes": _integer(1),
    "quota_bytes": _integer(0),
    "quota_files": _integer(0),
    "guest_quota_bytes": _integer(0),
    "guest_quota_files": _integer(0),
    "staged_bytes": _integer(1),
    "rate_limits": _switch,
    "rate_read": parse_rate,
    "rate_write": parse_rate,
    "rate_upload": parse_rate,
    "rate_processing": parse_rate,
    "rate_download": parse_rate,
    "rate_sign_in": parse_rate,
    "rate_lookup": parse_rate,
    "redis_url": _url("redis", "rediss"),
    "trusted_proxies": _networks,
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
    "audit_days": _integer(0, _CENTURY),
    "processing": _one_of("local", "queue"),
    "workers": _integer(0, 256),
    "worker_queue": _integer(1),
    "processing_timeout_seconds": _integer(1),
    "idle_timeout_seconds": _integer(1),
    "drain_seconds": _integer(0),
    "log_level": _one_of("debug", "info", "warning", "error"),
    "log_format": _one_of("text", "json"),
    "metrics_address": _address,
    "tracing": _switch,
}
"""By the name of the setting; what is not here is any text."""
