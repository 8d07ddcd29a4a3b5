"""What a failure of the database means: it is away, too slow, busy or full.

Drivers say so by numbers: SQLite by its result code, PostgreSQL by its SQLSTATE. What they say in
words is for people. A statement that is wrong in itself is a fault of this program and stays what
it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from tortoise.exceptions import (
    DBConnectionError,
    IntegrityError,
    OperationalError,
    TransactionManagementError,
)

from core.errors import MediaError, StorageFullError, UnavailableError
from core.metrics import DATABASE_ERRORS
from core.settings import SettingsError


class NoConnectionError(Exception):
    """Raised when no connection of the pool came free in time."""


class NoAnswerError(OperationalError):
    """Raised by an engine when the server cannot be reached, or does not answer in time."""


_FAILURES: Final = (
    NoConnectionError,
    OperationalError,
    DBConnectionError,
    TransactionManagementError,  # among others, that the server takes no changes
    sqlite3.OperationalError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that the server ended while nobody used it
)
"""What nothing but a database raises, so that it is never taken for somebody else's failure."""

_SQLITE_FAULTS: Final = frozenset(
    {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG}
)
_SQLITE_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PRIMARY_CODE: Final = 0xFF
"""The bits of a result code that its extended codes share (SQLite, "Result and Error Codes")."""

_POSTGRES_FAULTS: Final = (
    asyncpg.exceptions.DataError,
    asyncpg.exceptions.IntegrityConstraintViolationError,
    asyncpg.exceptions.SyntaxOrAccessError,
)


@contextmanager
def answered() -> Iterator[None]:
    """Raise ``NoAnswerError`` for the system's errors: for the calls of a driver, and those alone.

    To be used where nothing but the connection can be why: drivers raise ``OSError`` and
    ``TimeoutError`` as everything else does.
    """
    try:
        yield
    except OSError as error:  # TimeoutError is one
        raise NoAnswerError(error) from error


@contextmanager
def translated() -> Iterator[None]:
    """Raise the domain's error for what an engine raises; the failures of others pass.

    Broken constraints pass too: the database did answer.
    """
    try:
        yield
    except IntegrityError:
        raise  # an OperationalError to Tortoise
    except _FAILURES as error:
        cause = _cause(error)
        if _is_fault(cause):
            raise
        kind, meaning = _meaning(cause)
        DATABASE_ERRORS.labels(kind).inc()
        raise meaning from error


@contextmanager
def migrating() -> Iterator[None]:
    """Raise the domain's error if rights or room lack for new tables; faults stay what they are."""
    try:
        yield
    except _FAILURES as error:
        cause = _cause(error)
        kind, meaning = _meaning(cause)
        if kind == "full":
            raise meaning from error
        if isinstance(cause, asyncpg.InsufficientPrivilegeError):
            raise SettingsError(
                f"MEDIA_DATABASE_URL: {error}; the account must be able to make tables"
            ) from error
        raise


def _cause(error: BaseException) -> BaseException:
    """Return the driver's own error: Tortoise wraps some of them."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    return error


def _sqlite_code(error: BaseException) -> int | None:
    """Return the primary result code; None without one, as when the module itself refuses."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY_CODE


def _is_fault(error: BaseException) -> bool:
    """Whether the statement or a value of it is wrong, which no later try makes right."""
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return False  # whoever runs the database has taken a right away
    if isinstance(error, asyncpg.InterfaceError):
        return isinstance(error, ValueError)  # a value that has no place in its parameter
    return isinstance(error, _POSTGRES_FAULTS) or _sqlite_code(error) in _SQLITE_FAULTS


def _meaning(error: BaseException) -> tuple[str, MediaError]:
    """Return the kind of a failure for the metrics, and the error that callers get."""
    code = _sqlite_code(error)
    if code == sqlite3.SQLITE_FULL or isinstance(error, asyncpg.DiskFullError):
        return "full", StorageFullError("The database has no room left.")
    if isinstance(error, asyncpg.QueryCanceledError):
        return "slow", UnavailableError(
            "The database took too long over this and was stopped; ask for less, or try again."
        )
    if code in _SQLITE_BUSY or isinstance(
        error, NoConnectionError | asyncpg.TooManyConnectionsError
    ):
        return "busy", UnavailableError("The database is too busy; try again soon.")
    return "unavailable", UnavailableError("The database does not answer; try again soon.")
