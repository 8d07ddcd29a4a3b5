"""What a failure of the database means is judged by its type and code, on real engines."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from core.errors import MediaError, StorageFullError, UnavailableError
from models.database import Database
from tests.database import opened

FAILURES_OF_OTHERS = [
    FileNotFoundError("no such file"),
    ConnectionResetError("the client is gone"),
    TimeoutError("somebody else took too long"),
    LookupError("the database is full"),
]


async def write(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("UPDATE user_account SET files_count = 0")


@pytest.mark.parametrize("failure", FAILURES_OF_OTHERS, ids=lambda each: type(each).__name__)
async def test_what_somebody_else_raises_in_a_transaction_stays_what_it_is(
    database: Database, failure: Exception
) -> None:
    with pytest.raises(type(failure)) as raised:
        async with database.transaction():
            raise failure
    assert raised.value is failure
    await write(database)


async def test_a_time_limit_of_the_block_stays_a_time_limit(database: Database) -> None:
    with pytest.raises(TimeoutError):
        async with database.transaction() as transaction:
            await transaction.rows("SELECT 1")
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
    await write(database)


async def test_a_statement_that_is_wrong_is_a_fault_whatever_it_is_called(
    database: Database,
) -> None:
    with pytest.raises(OperationalError, match="full_house"):
        await database.read("SELECT * FROM full_house")
    with pytest.raises(OperationalError, match="full_house"):
        async with database.transaction() as transaction:
            await transaction.rows("SELECT full_house FROM user_account")
    await write(database)


@pytest.mark.parametrize(
    ("state", "meaning", "sentence"),
    [
        ("53100", StorageFullError, "no room"),
        ("53300", UnavailableError, "too busy"),
        ("57014", UnavailableError, "took too long"),
        ("57P01", UnavailableError, "does not answer"),
        ("40001", UnavailableError, "does not answer"),
        ("42501", UnavailableError, "does not answer"),
    ],
)
async def test_postgresql_is_judged_by_its_sqlstate(
    postgres_database: str, state: str, meaning: type[MediaError], sentence: str
) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'in words' USING ERRCODE = '{state}'; END $$"
    async with opened(postgres_database) as database:
        with pytest.raises(meaning, match=sentence):
            async with database.transaction() as transaction:
                await transaction.rows(raising)
        await write(database)


async def test_a_value_that_fits_nowhere_is_a_fault(postgres_database: str) -> None:
    async with opened(postgres_database) as database:
        with pytest.raises((OperationalError, asyncpg.InterfaceError)):
            await database.read("SELECT 1 FROM user_account WHERE files_count = ?", "many")
        await write(database)


async def test_a_sqlite_file_that_another_process_keeps_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "media.db"
    database = Database(f"sqlite://{path}")
    await database.connect()
    await database._client._connection.execute_fetchall(  # type: ignore[attr-defined]
        "PRAGMA busy_timeout = 0"
    )
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match="too busy"):
            async with database.transaction():
                pytest.fail("it has the lock")
    await database.close()
