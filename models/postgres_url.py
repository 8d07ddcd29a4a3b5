"""What a ``postgres://`` URL asks for: the place, the pool, and how long anything may take.

A database that hangs must cost a request some seconds, never all of them. Each wait has its bound:
for a connection to come free, to be made, for a statement on the server, and for its answer here,
should the server not be able to stop it.
"""

import difflib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tortoise.backends.base.config_generator import expand_db_url

from core.settings import SettingsError

_SECONDS: Final[Mapping[str, float]] = {
    "connect_timeout": 5,
    "pool_timeout": 5,
    "statement_timeout": 10,
    "idle_in_transaction_session_timeout": 30,
}
"""By their names in the URL. 0 stands for no limit, and is not sent to the server."""

_COMMAND: Final = "command_timeout"
_BEYOND_SERVER_SECONDS: Final = 2
"""So much longer than the server may take over a statement its answer is waited for."""

_MOST_DIGITS: Final = 4
_MOST: Final = 2**31
_POOL: Final[Mapping[str, int]] = {"minsize": 0, "maxsize": 10}
_APPLICATION_NAME: Final = "media"
_SENT: Final = ("statement_timeout", "idle_in_transaction_session_timeout")
_HANDED_ON: Final = frozenset(
    {
        "application_name",
        "direct_tls",
        "host",
        "max_cacheable_statement_size",
        "max_cached_statement_lifetime",
        "max_inactive_connection_lifetime",
        "max_queries",
        "passfile",
        "schema",
        "ssl",
        "statement_cache_size",
        "target_session_attrs",
    }
)
"""What asyncpg and the ORM understand themselves."""

_KNOWN: Final = _HANDED_ON | _SECONDS.keys() | _POOL.keys() | {_COMMAND}


def postgres_credentials(url: str, *, limited: bool = True) -> dict[str, Any]:
    """Return what the engine's client is made of; sizes and times stand in it in any case.

    Without ``limited``, statements and waiting take as long as they take: for migrations, and for
    waiting until another process has migrated.

    Raises:
        SettingsError: A parameter is unknown, or its value cannot be used.
    """
    _require_known(url)
    try:
        given = expand_db_url(url.replace("postgresql://", "postgres://", 1))["credentials"]
    except ValueError as error:
        raise SettingsError(f"MEDIA_DATABASE_URL: {error}") from None
    for name, value in given.items():
        if isinstance(value, int | float) and not 0 <= value < _MOST:
            raise SettingsError(f"MEDIA_DATABASE_URL: {name}={value} is out of range")
    return {
        "application_name": _APPLICATION_NAME,
        **{name: value for name, value in given.items() if name not in _KNOWN - _HANDED_ON},
        **_pool(given),
        **_limits(given, limited=limited),
    }


def _pool(given: Mapping[str, Any]) -> dict[str, int]:
    sizes = {name: _number(name, given.get(name, size)) for name, size in _POOL.items()}
    if not 0 <= sizes["minsize"] <= sizes["maxsize"] or not sizes["maxsize"]:
        raise SettingsError("MEDIA_DATABASE_URL: maxsize must be at least 1 and at least minsize")
    return sizes


def _limits(given: Mapping[str, Any], *, limited: bool) -> dict[str, Any]:
    seconds = {name: _seconds(name, given.get(name, usual)) for name, usual in _SECONDS.items()}
    connect = seconds["connect_timeout"] or None
    if not limited:
        return {"timeout": connect, "command_timeout": None, "pool_timeout": None}
    on_server = seconds["statement_timeout"] or _SECONDS["statement_timeout"]
    command = _seconds(_COMMAND, given.get(_COMMAND, on_server + _BEYOND_SERVER_SECONDS))
    return {
        "timeout": connect,
        "command_timeout": command or None,
        "pool_timeout": seconds["pool_timeout"] or None,
        "server_settings": {
            name: f"{round(seconds[name] * 1000)}ms" for name in _SENT if seconds[name]
        },
    }


def _require_known(url: str) -> None:
    for name in parse_qs(urlsplit(url).query):
        if name not in _KNOWN:
            near = difflib.get_close_matches(name, _KNOWN, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"MEDIA_DATABASE_URL: there is no parameter {name!r}{hint}")


def _seconds(name: str, value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise SettingsError(
            f"MEDIA_DATABASE_URL: {name}={value!r} must be a number of seconds, 0 for no limit"
        )
    return seconds


def _number(name: str, value: object) -> int:
    if not str(value).isdecimal() or len(str(value)) > _MOST_DIGITS:
        raise SettingsError(
            f"MEDIA_DATABASE_URL: {name}={value!r} must be a whole number below 10000"
        )
    return int(str(value))
