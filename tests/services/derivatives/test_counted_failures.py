"""Failures of database and storage are counted for Prometheus, by what is wrong."""

import sqlite3

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from core.errors import StorageFullError, UnavailableError
from core.metrics import REGISTRY
from models.database import Database
from models.failures import NoAnswerError
from services.storage_errors import storage_errors
from storage.base import ObjectNotFoundError, OutOfSpaceError, StorageError


def counted(engine: str, kind: str) -> float:
    return REGISTRY.get_sample_value(f"media_{engine}_errors_total", {"kind": kind}) or 0.0


@pytest.mark.parametrize(
    ("failure", "kind", "told"),
    [
        (OutOfSpaceError("x"), "full", StorageFullError),
        (StorageError("x"), "unavailable", UnavailableError),
        (ObjectNotFoundError("x"), "unavailable", UnavailableError),
    ],
)
def test_failures_of_the_storage_are_counted(
    failure: StorageError, kind: str, told: type[Exception]
) -> None:
    before = counted("storage", kind)
    with pytest.raises(told), storage_errors():
        raise failure
    assert counted("storage", kind) == before + 1


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("in words that say nothing")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("failure", "kind", "told"),
    [
        (OperationalError(sqlite_error(sqlite3.SQLITE_FULL)), "full", StorageFullError),
        (OperationalError(sqlite_error(sqlite3.SQLITE_IOERR)), "unavailable", UnavailableError),
        (NoAnswerError(ConnectionResetError("gone")), "unavailable", UnavailableError),
    ],
)
async def test_failures_of_the_database_are_counted(
    database: Database, failure: Exception, kind: str, told: type[Exception]
) -> None:
    before = counted("database", kind)
    with pytest.raises(told):
        async with database.transaction():
            raise failure
    assert counted("database", kind) == before + 1


async def test_what_a_constraint_refuses_is_no_failure(database: Database) -> None:
    before = counted("database", "unavailable")
    with pytest.raises(IntegrityError):
        async with database.transaction():
            raise IntegrityError("twice")
    assert counted("database", "unavailable") == before
