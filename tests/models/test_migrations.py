"""The migrations make what the models say, once, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import asyncpg
import pytest
from tortoise.migrations.autodetector import MigrationAutodetector

from core.ids import IdPrefix, new_id
from models.blob import Blob
from models.configuration import APPS
from models.database import Database
from models.file import File, Visibility
from models.user import User, UserKind, folded_email
from models.versions import SchemaVersionError, known_migrations, require_current
from tests.database import opened
from tests.together import run_together

MIGRATIONS = [
    "0001_initial",
    "0002_derivatives",
    "0003_signed_urls",
    "0004_accounts",
    "0005_limits",
    "0006_file_shares",
    "0007_audit",
    "0008_names",
    "0009_sharing_by_email",
    "0010_blurhash",
    "0011_recovery_codes",
    "0012_reprocessing",
]
NAMES_OF_SQLITE = (("owner_id", "filename_folded", "id"), False, False)
NAMES_OF_POSTGRES = (("owner_id", "filename_folded"), False, False)
TABLES = {
    "user_account",
    "blob",
    "file",
    "file_tag",
    "upload",
    "derivative",
    "login_session",
    "api_key",
    "recovery_code",
    "idempotency_key",
    "file_share",
    "audit_record",
    "reprocessing",
}

MIGRATING = """
import asyncio, sys
from models.database import Database

async def migrate(url):
    database = Database(url)
    await database.connect()
    try:
        print("ready", flush=True)
        sys.stdin.readline()
        print(await database.migrate())
    finally:
        await database.close()

asyncio.run(migrate(sys.argv[1]))
"""


async def sqlite_columns(database: Database, table: str) -> dict[str, bool]:
    rows = await database.read(f"PRAGMA table_info({table})")
    # A primary key is never null, whatever SQLite says of its declaration.
    return {name: bool(required or primary) for _, name, _, required, _, primary in rows}


async def postgres_columns(database: Database, table: str) -> dict[str, bool]:
    rows = await database.read(
        "SELECT column_name, is_nullable = 'NO' FROM information_schema.columns"
        " WHERE table_name = ?",
        table,
    )
    return dict(map(tuple, rows))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


Indexes = set[tuple[tuple[str, ...], bool, bool]]
"""Columns, whether unique, whether conditional."""


async def sqlite_indexes(database: Database, table: str) -> Indexes:
    found: Indexes = set()
    for _, name, unique, _, partial in await database.read(f"PRAGMA index_list({table})"):
        columns = await database.read(f"PRAGMA index_info({name})")
        found.add((tuple(column for _, _, column in columns), bool(unique), bool(partial)))
    for _, name, *_, primary in await database.read(f"PRAGMA table_info({table})"):
        if primary:  # one that is the row id has no index of its own
            found.add(((name,), True, False))
    return found


async def postgres_indexes(database: Database, table: str) -> Indexes:
    rows = await database.read(
        "SELECT ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY k(number, place)"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY place),"
        " i.indisunique, i.indpred IS NOT NULL"
        " FROM pg_index i WHERE i.indrelid = (?::text)::regclass",
        table,
    )
    return {(tuple(columns), unique, partial) for columns, unique, partial in rows}


async def test_the_models_ask_for_nothing_that_the_migrations_do_not_make(
    database: Database,
) -> None:
    apps = database._context.apps
    assert apps is not None
    detector = MigrationAutodetector(apps, APPS)
    assert [writer.operations for writer in await detector.changes()] == []


async def test_migrating_again_changes_nothing(database: Database) -> None:
    account_id = new_id(IdPrefix.USER)
    await User.create(id=account_id, kind=UserKind.USER)
    assert await database.migrate() == []
    assert [row[0] for row in await database.read("SELECT id FROM user_account")] == [account_id]


async def test_addresses_that_were_there_are_folded_as_new_ones(database: Database) -> None:
    for email in ("Ada@Example.ORG", "ZO\u00cb@example.org", "\u017fam@example.org", None):
        await User.create(id=new_id(IdPrefix.USER), kind=UserKind.USER, email=email)
    migration = import_module("models.migrations.0009_sharing_by_email")
    await migration.fold_addresses(None, SimpleNamespace(client=database._client))
    for email, folded in await database.read("SELECT email, email_folded FROM user_account"):
        assert folded == (email and folded_email(email))


async def test_the_first_migration_tells_what_it_did(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    await database.connect()
    assert await database.migrate() == MIGRATIONS
    await database.close()


async def test_the_versions_are_the_migrations_of_the_code() -> None:
    assert known_migrations() == MIGRATIONS


async def test_what_a_database_lacks_is_named(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    await database.connect()
    with pytest.raises(SchemaVersionError, match=r"0001_initial and \d+ more: run"):
        await require_current(database)
    await database.migrate()
    await require_current(database)
    await database.close()


async def test_a_database_of_a_newer_version_is_refused(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES (?, ?, ?)",
            "models",
            "9999_later",
            datetime.now(UTC),
        )
    for refuse in (database.migrate(), require_current(database)):
        with pytest.raises(SchemaVersionError, match="9999_later"):
            await refuse


async def test_processes_that_migrate_at_once_take_turns(empty_database_url: str) -> None:
    outcomes = await asyncio.to_thread(run_together, MIGRATING, [empty_database_url], 3)
    assert [complaint for _, complaint in outcomes] == [""] * 3
    assert sorted(printed.strip() for printed, _ in outcomes) == sorted(
        [str(MIGRATIONS), "[]", "[]"]
    )


async def test_a_user_who_may_have_no_extensions_gets_tables_without_them(
    postgres_database: str,
) -> None:
    async with connected(postgres_database) as owner:
        await owner.execute("CREATE ROLE modest LOGIN; GRANT ALL ON SCHEMA public TO modest")
    modest = urlsplit(postgres_database)
    url = modest._replace(netloc=f"modest@{modest.hostname}:{modest.port}").geturl()
    try:
        async with opened(url) as database:
            assert NAMES_OF_POSTGRES not in await postgres_indexes(database, "file")
    finally:
        async with connected(postgres_database) as owner:
            await owner.execute("DROP OWNED BY modest; DROP ROLE modest")


async def test_both_engines_have_the_same_tables(tmp_path: Path, postgres_database: str) -> None:
    async with opened(f"sqlite://{tmp_path}/media.db") as sqlite:
        columns = {table: await sqlite_columns(sqlite, table) for table in TABLES}
        indexes = {table: await sqlite_indexes(sqlite, table) for table in TABLES}
    async with opened(postgres_database) as postgres:
        assert {table: await postgres_columns(postgres, table) for table in TABLES} == columns
        indexes["file"] = indexes["file"] - {NAMES_OF_SQLITE} | {NAMES_OF_POSTGRES}
        assert {table: await postgres_indexes(postgres, table) for table in TABLES} == indexes
    assert all(columns.values())
    assert (("owner_id", "sha256"), True, True) in indexes["blob"]


async def test_parts_of_names_are_found_by_their_index(database: Database) -> None:
    postgres = not database.is_embedded
    async with database.transaction() as transaction:
        for other_way in ("seqscan", "indexscan") if postgres else ():
            await transaction.execute(f"SET LOCAL enable_{other_way} = off")
        plan = await transaction.rows(
            f"EXPLAIN {'' if postgres else 'QUERY PLAN'} SELECT id FROM file"
            " WHERE filename_folded LIKE '%holiday%' ESCAPE '!'"
        )
    assert "idx_file_names" in str(plan)


async def test_text_is_in_the_same_order_on_both_engines(database: Database) -> None:
    names = ["a", "B", "Z", "é", "z", "\U0001f600", "ﬀ", "1", "_", "e\u0301"]
    owner = await User.create(id=new_id(IdPrefix.USER), kind=UserKind.USER)
    blob = await Blob.create(key="k", owner=owner, sha256="s", size=1)
    for name in names:
        await File.create(
            id=new_id(IdPrefix.FILE),
            owner=owner,
            blob=blob,
            filename=name,
            filename_folded=name,
            tags="[]",
            visibility=Visibility.PRIVATE,
            mime_type="text/plain",
            size=1,
            sha256="s",
            created_at=datetime.now(UTC),
            updated_at=datetime.now(UTC),
        )
    rows = await database.read("SELECT filename FROM file ORDER BY filename")
    assert [row[0] for row in rows] == sorted(names, key=str.encode)
