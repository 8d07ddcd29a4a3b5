"""The values that settings take: a parser for each, which says what is wrong with a text."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from core.rates import parse_rate

MIN_SECRET_BYTES: Final = 32
_MAX_PORT: Final = 65535
_CENTURY: Final = 36525  # days
_CENTURY_SECONDS: Final = _CENTURY * 24 * 3600
_MOST: Final = 2**62  # what the databases count with has 63 bits
_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


def _integer(low: int, high: int = _MOST) -> Callable[[str], int]:
    def parse(value: str) -> int:
        digits = value.strip()
        if not digits.isascii() or not digits.isdecimal():
            raise ValueError("must be a whole number in the digits 0 to 9")
        if not _DIGITS.fullmatch(digits) or not low <= int(digits) <= high:
            raise ValueError(f"must be at least {low} and at most {high}")
        return int(digits)

    return parse


def _seconds(low: int, high: int = _CENTURY_SECONDS) -> Callable[[str], int]:
    return _integer(low, high)


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
        if text and _split(text).scheme not in schemes:
            raise ValueError("must begin with " + " or ".join(f"{scheme}://" for scheme in schemes))
        return text

    return parse


def _split(url: str) -> SplitResult:
    """Return the parts of a URL, or raise an error that quotes nothing: it may hold a password."""
    if not url.isprintable():
        raise ValueError("must be a URL without line breaks and other control characters")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        if "port" in str(error).lower():
            raise ValueError(
                "its port is not a number up to 65535; in a password write / ? # @ as"
                " %2F %3F %23 %40"
            ) from None
        raise ValueError("is not a URL such as scheme://host/path") from None
    return parts


def _web_url(value: str) -> str:
    text = _url("http", "https")(value)
    parts = _split(text)
    if text and not parts.hostname:
        raise ValueError("must name a host, as in https://media.example.com")
    if not text.isascii() or " " in text:
        raise ValueError("must be in ASCII: a host as xn--…, other characters as %…")
    if parts.query or parts.fragment:
        raise ValueError("must end before ? and #")
    return text.rstrip("/")


def _database_url(value: str) -> str:
    text = _url("sqlite", "postgres", "postgresql")(value)
    if text.startswith("sqlite"):
        _require_path(text, "sqlite:///srv/media.db")
    return text


def _storage_url(value: str) -> str:
    text = _url("file", "memory", "s3")(value)
    parts = _split(text)
    if parts.scheme == "file":
        _require_path(text, "file:///srv/media")
    if parts.scheme == "s3" and not (parts.hostname and parts.netloc == parts.hostname):
        raise ValueError("must name a bucket, as in s3://bucket/prefix; credentials are AWS_*")
    if parts.scheme == "s3" and (parts.query or parts.fragment or not text.isascii()):
        raise ValueError("takes ASCII without ? and #: endpoint, region and credentials are AWS_*")
    return text


def _require_path(url: str, example: str) -> None:
    scheme, separator, path = url.partition("://")
    if not separator or not path.strip("/") or (scheme == "file" and not path.startswith("/")):
        raise ValueError(f"must name a path, as in {example}")
    if "\0" in unquote(path):
        raise ValueError("must not hold %00")


def _host(value: str) -> str:
    text = value.strip()
    if not text.isprintable() or {" ", "/"}.intersection(text) or not text:
        raise ValueError("must be an address or the name of a host; 0.0.0.0 is every interface")
    return _encodable(text)


def _encodable(host: str) -> str:
    try:
        host.encode("idna")
    except UnicodeError:
        raise ValueError("is not the name of a host: a part of it is empty or too long") from None
    return host


def _address(value: str) -> str:
    text = value.strip()
    host, _, port = text.rpartition(":")
    if text and not (host and _DIGITS.fullmatch(port) and 0 < int(port) <= _MAX_PORT):
        raise ValueError("must be a host and a port such as 127.0.0.1:9100")
    return _encodable(text) if not text else f"{_host(host)}:{port}"


def _path(value: str) -> Path:
    if not value.strip():
        raise ValueError("must name a folder")
    try:
        return Path(value).expanduser()
    except RuntimeError:  # of pathlib, which knows no home directory of that name
        raise ValueError("~ must be followed by / or the name of a user of this machine") from None


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
        parts = _split(origin)
        named = parts.scheme in {"http", "https"} and parts.hostname and origin.isascii()
        if origin != "*" and (not named or parts.path or parts.query or parts.fragment):
            raise ValueError(f"{origin!r} is not an origin such as https://app.example.com")
    return origins


def _networks(value: str) -> tuple[str, ...]:
    networks = tuple(part.strip() for part in value.split(",") if part.strip())
    for network in networks:
        ipaddress.ip_network(network)  # its ValueError says what is wrong with it
    return networks


PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "host": _host,
    "port": _integer(0, _MAX_PORT),
    "data_dir": _path,
    "database_url": _database_url,
    "storage_url": _storage_url,
    "s3_public_endpoint": _web_url,
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
    "public_url": _web_url,
    "cors_origins": _origins,
    "shared_audience": _one_of("everyone", "users"),
    "guest_login": _switch,
    "introspection": _switch,
    "token_lifetime_seconds": _seconds(60),
    "access_lifetime_seconds": _seconds(60, 24 * 3600),
    "refresh_lifetime_seconds": _seconds(600),
    "administrators": _listed,
    "oidc_issuer": _web_url,
    "oidc_scopes": _scopes,
    "upload_grace_seconds": _seconds(0),
    "sweep_interval_seconds": _seconds(1),
    "audit_days": _integer(0, _CENTURY),
    "processing": _one_of("local", "queue"),
    "workers": _integer(0, 256),
    "worker_queue": _integer(1, 1_000_000),
    "require_isolation": _one_of("none", "namespaces", "bubblewrap"),
    "processing_timeout_seconds": _seconds(1),
    "idle_timeout_seconds": _seconds(1),
    "drain_seconds": _seconds(0),
    "log_level": _one_of("debug", "info", "warning", "error"),
    "log_format": _one_of("text", "json"),
    "metrics_address": _address,
    "tracing": _switch,
}
"""By the name of the setting; what is not here is any text."""
