"""What a failure of the database means: it is away, too slow, busy or full."""

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


_FAILURES: Final = (
    NoConnectionError,
    OperationalError,
    DBConnectionError,
    TransactionManagementError,  # among others, that the server takes no changes
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that the server ended while nobody used it
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.PostgresSystemError,
    asyncpg.exceptions.TransactionRollbackError,
)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the domain's error for what an engine raises, but for broken constraints."""
    try:
        yield
    except IntegrityError:
        raise  # an OperationalError to Tortoise, but the database did answer
    except _FAILURES as error:
        kind, meaning = _meaning(error)
        DATABASE_ERRORS.labels(kind).inc()
        raise meaning from error


@contextmanager
def migrating() -> Iterator[None]:
    """Raise the domain's error if rights or room lack for new tables; faults stay what they are."""
    try:
        yield
    except OperationalError as error:
        kind, meaning = _meaning(error)
        if kind == "full":
            raise meaning from error
        if isinstance(error.__cause__, asyncpg.InsufficientPrivilegeError):
            raise SettingsError(
                f"MEDIA_DATABASE_URL: {error}; the account must be able to make tables"
            ) from error
        raise


def _meaning(error: Exception) -> tuple[str, MediaError]:
    """Return the kind of a failure for the figures, and what a caller is told."""
    if "full" in str(error) or isinstance(error, asyncpg.DiskFullError):
        return "full", StorageFullError("The database has no room left.")
    if isinstance(error, asyncpg.QueryCanceledError):
        return "slow", UnavailableError(
            "The database took too long over this and was stopped; ask for less, or try again."
        )
    if isinstance(error, NoConnectionError):
        return "busy", UnavailableError("The database is too busy; try again soon.")
    return "unavailable", UnavailableError("The database does not answer; try again soon.")
