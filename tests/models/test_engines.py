"""What the engines promise beyond Tortoise's own, each held on a real database."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from core.errors import StorageFullError, UnavailableError
from core.ids import IdPrefix, new_id
from models.database import Database, Transaction
from models.user import User, UserKind
from tests.database import When, cancel_at_every_step, cancelled_at, opened
from tests.together import run_together

PATIENCE_SECONDS = 10
PROCESSES, ROUNDS = 4, 40

COUNTING = """
import asyncio, sys
import models.sqlite_engine as engine
from models.database import Database

async def deferred(self):
    await self._connection.execute_fetchall("BEGIN")

async def count(url, account_id, rounds):
    database = Database(url)
    await database.connect()
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        for _ in range(rounds):
            async with database.transaction() as transaction:
                rows = await transaction.rows(
                    "SELECT files_count FROM user_account WHERE id = ?", account_id
                )
                await transaction.execute(
                    "UPDATE user_account SET files_count = ? WHERE id = ?",
                    rows[0]["files_count"] + 1, account_id,
                )
    finally:
        await database.close()

if sys.argv[1] == "deferred":
    engine.ImmediateTransaction.begin = deferred
try:
    asyncio.run(count(sys.argv[2], sys.argv[3], int(sys.argv[4])))
except Exception as error:
    sys.exit(repr(error.__cause__))
"""


def client(database: Database) -> Any:
    return database._client


async def new_account() -> str:
    account_id = new_id(IdPrefix.USER)
    await User.create(id=account_id, kind=UserKind.USER)
    return account_id


async def add_one(database: Database, account_id: str) -> None:
    async with database.transaction() as transaction:
        await add(transaction, account_id)


async def add(transaction: Transaction, account_id: str) -> None:
    await transaction.execute(
        "UPDATE user_account SET files_count = files_count + 1 WHERE id = ?", account_id
    )


async def counted(database: Database, account_id: str) -> int:
    rows = await database.read("SELECT files_count FROM user_account WHERE id = ?", account_id)
    return int(rows[0][0])


@pytest.fixture
async def account_id(database: Database) -> str:
    return await new_account()


@pytest.fixture
async def narrow(database_url: str) -> AsyncIterator[Database]:
    """A database with one connection for everything, where the engine has a pool."""
    pool = "" if database_url.startswith("sqlite") else "?minsize=1&maxsize=1"
    async with opened(database_url + pool) as database:
        yield database


def count_in_processes(mode: str, url: str, account_id: str) -> list[str]:
    """Return the complaints of processes that count up at the same time."""
    outcomes = run_together(COUNTING, [mode, url, account_id, str(ROUNDS)], PROCESSES)
    return [complaints for _, complaints in outcomes]


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(f"sqlite://{tmp_path}/media.db") as database:
        yield database


async def test_processes_that_read_then_write_wait_for_each_other(sqlite: Database) -> None:
    account_id = await new_account()
    complaints = await asyncio.to_thread(count_in_processes, "immediate", sqlite._url, account_id)
    assert complaints == [""] * PROCESSES
    assert await counted(sqlite, account_id) == PROCESSES * ROUNDS


async def test_the_same_with_a_deferred_begin_fails(sqlite: Database) -> None:
    account_id = await new_account()
    complaints = await asyncio.to_thread(count_in_processes, "deferred", sqlite._url, account_id)
    assert any("database is locked" in complaint for complaint in complaints)


async def test_a_sqlite_transaction_begins_with_the_write_lock(sqlite: Database) -> None:
    account_id = await new_account()
    statements: list[str] = []
    await client(sqlite)._connection.set_trace_callback(statements.append)
    await add_one(sqlite, account_id)
    assert (statements[0], statements[-1]) == ("BEGIN IMMEDIATE", "COMMIT")


@pytest.mark.parametrize(
    ("pragma", "value"), [("synchronous", 2), ("journal_mode", "wal"), ("foreign_keys", 1)]
)
async def test_the_sqlite_writer_is_durable_and_checks_references(
    sqlite: Database, pragma: str, value: object
) -> None:
    assert pragma in client(sqlite).pragmas  # asked for: what is the default depends on the build
    rows = await client(sqlite)._connection.execute_fetchall(f"PRAGMA {pragma}")
    assert [tuple(row) for row in rows] == [(value,)]


async def test_the_sqlite_reader_cannot_write(sqlite: Database) -> None:
    with pytest.raises(UnavailableError):
        await sqlite.read("DELETE FROM user_account")


async def test_postgres_acknowledges_only_what_is_on_disk(postgres_database: str) -> None:
    async with opened(postgres_database) as database:
        assert [tuple(row) for row in await database.read("SHOW synchronous_commit")] == [("on",)]


@pytest.mark.parametrize("when", When)
async def test_a_transaction_cancelled_at_any_step_leaves_nothing_open(
    narrow: Database, when: When
) -> None:
    account_id = await new_account()
    counts = [0]

    async def works_as_before() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await add_one(narrow, account_id)
            await asyncio.create_task(add_one(narrow, account_id))
            counts.append(await counted(narrow, account_id))

    steps = await cancel_at_every_step(when, lambda: add_one(narrow, account_id), works_as_before)
    # Two after each cancelled one; the cancelled one counts in full or not at all.
    assert {after - before for before, after in pairwise(counts)} <= {2, 3}
    assert len(counts) == steps + 2 > 4


@pytest.mark.parametrize("when", When)
async def test_the_first_transaction_of_all_may_be_cancelled_too(
    database_url: str, when: When
) -> None:
    # Here the connection itself is being made while the cancellation comes.
    for step in range(1, 8):
        async with opened(database_url) as database:
            account_id = await new_account()
            await client(database).close()
            await cancelled_at(step, when, add_one(database, account_id))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await add_one(database, account_id)


async def test_many_cancelled_transactions_leave_the_pool_full(narrow: Database) -> None:
    account_id = await new_account()
    for rounds in range(30):
        tasks = [asyncio.create_task(add_one(narrow, account_id)) for _ in range(4)]
        for _ in range(rounds):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await add_one(narrow, account_id)
    assert await counted(narrow, account_id) >= 30


async def break_at_commit(transaction: Transaction) -> None:
    """Leave a dangling reference that the database looks for only at the end."""
    if not transaction.for_update:
        await transaction.execute("PRAGMA defer_foreign_keys = ON")
    else:
        await transaction.execute(
            "ALTER TABLE upload ADD CONSTRAINT late FOREIGN KEY (owner_id)"
            " REFERENCES user_account (id) DEFERRABLE INITIALLY DEFERRED"
        )
        for (name,) in [
            tuple(row.values())
            for row in await transaction.rows(
                "SELECT conname FROM pg_constraint WHERE conrelid = 'upload'::regclass"
                " AND contype = 'f' AND conname <> 'late'"
            )
        ]:
            await transaction.execute(f'ALTER TABLE upload DROP CONSTRAINT "{name}"')
    await transaction.execute(
        "INSERT INTO upload (id, owner_id, key, created_at)"
        " VALUES ('u', 'nobody', 'k', CURRENT_TIMESTAMP)"
    )


async def test_a_failed_commit_leaves_the_connection_usable(narrow: Database) -> None:
    account_id = await new_account()
    with pytest.raises((IntegrityError, asyncpg.IntegrityConstraintViolationError)):
        async with narrow.transaction() as transaction:
            await add(transaction, account_id)
            await break_at_commit(transaction)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await counted(narrow, account_id) == 0
        await add_one(narrow, account_id)
    assert await counted(narrow, account_id) == 1


@pytest.mark.parametrize("when", When)
async def test_a_failed_commit_that_nobody_waits_for_leaves_it_usable_too(
    narrow: Database, when: When
) -> None:
    account_id = await new_account()

    async def fail_to_commit() -> None:
        with pytest.raises((IntegrityError, asyncpg.IntegrityConstraintViolationError)):
            async with narrow.transaction() as transaction:
                await add(transaction, account_id)
                await break_at_commit(transaction)

    async def works() -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            before = await counted(narrow, account_id)
            await add_one(narrow, account_id)
            assert await counted(narrow, account_id) == before + 1

    await cancel_at_every_step(when, fail_to_commit, works)


async def test_a_reader_sees_what_is_committed_and_nothing_else(
    database: Database, account_id: str
) -> None:
    inside, seen = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with database.transaction() as transaction:
            await add(transaction, account_id)
            inside.set()
            await seen.wait()

    writing = asyncio.create_task(write())
    await inside.wait()
    assert await counted(database, account_id) == 0
    seen.set()
    await writing
    assert await counted(database, account_id) == 1


async def test_a_block_that_raises_undoes_its_statements(
    database: Database, account_id: str
) -> None:
    with pytest.raises(LookupError):
        async with database.transaction() as transaction:
            await add(transaction, account_id)
            raise LookupError
    assert await counted(database, account_id) == 0


async def test_a_broken_constraint_is_told_apart_from_an_absent_database(
    database: Database, account_id: str
) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as transaction:
            await User.create(id=account_id, kind=UserKind.USER, using_db=transaction.client)


async def test_a_statement_tells_how_many_rows_it_changed(
    database: Database, account_id: str
) -> None:
    async with database.transaction() as transaction:
        changed = [
            await transaction.execute("UPDATE user_account SET bytes_used = 7 WHERE id = ?", name)
            for name in (account_id, "nobody")
        ]
    assert changed == [1, 0]


async def test_a_full_disk_is_a_lack_of_room(sqlite: Database) -> None:
    connection = client(sqlite)._connection
    await connection.execute_fetchall("PRAGMA max_page_count = 1")  # no more than there are
    with pytest.raises(StorageFullError):
        async with sqlite.transaction() as transaction:
            for _ in range(2000):
                await User.create(
                    id=new_id(IdPrefix.USER), kind=UserKind.USER, using_db=transaction.client
                )
    assert await User.all().count() == 0
    await connection.execute_fetchall("PRAGMA max_page_count = 100000")
    await new_account()


@pytest.mark.parametrize("url", ["sqlite:///proc/nowhere.db", "postgres://media@127.0.0.1:1/no"])
async def test_a_database_that_does_not_answer_is_unavailable(url: str, tmp_path: Path) -> None:
    database = Database(url)
    with pytest.raises(UnavailableError):
        await database.connect()
    await database.close()
    await database.close()
    async with opened(f"sqlite://{tmp_path}/next.db") as following:
        await following.check()


async def test_a_lost_connection_is_unavailable_and_found_again(postgres_database: str) -> None:
    async with opened(postgres_database + "?minsize=1&maxsize=1") as database:
        account_id = await new_account()
        with pytest.raises(UnavailableError):
            async with database.transaction() as transaction:
                await transaction.rows("SELECT pg_terminate_backend(pg_backend_pid())")
        await add_one(database, account_id)
        assert await counted(database, account_id) == 1
