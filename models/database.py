"""The database of one process: connection, migrations, raw reads and transactions.

SQL is written once with ``?`` placeholders and runs on both engines.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext, set_global_context
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from models.asyncpg_engine import PooledPostgresClient
from models.failures import translated
from models.postgres_url import postgres_credentials

_CONNECTION: Final = "default"
_APPS: Final[dict[str, dict[str, Any]]] = {
    "models": {
        "models": [
            "models.user",
            "models.blob",
            "models.upload",
            "models.file",
            "models.share",
            "models.derivative",
            "models.login_session",
            "models.api_key",
            "models.idempotency",
            "models.audit",
        ],
        "default_connection": _CONNECTION,
        "migrations": "models.migrations",
    }
}
_MIGRATION_LOCK: Final = 0x6D65646961
_SWEEP_LOCK: Final = _MIGRATION_LOCK + 1
"""Advisory locks: any numbers, the same in every replica."""


def tortoise_config(url: str) -> dict[str, Any]:
    """Return Tortoise's configuration for ``sqlite:///path`` or ``postgres://…``."""
    return {"connections": {_CONNECTION: _connection(url)}, "apps": _APPS}


def _connection(url: str) -> dict[str, Any]:
    if urlsplit(url).scheme == "sqlite":
        return {
            "engine": "models.sqlite_engine",
            "credentials": {"file_path": str(sqlite_path(url))},
        }
    return {"engine": "models.asyncpg_engine", "credentials": postgres_credentials(url)}


def sqlite_path(url: str) -> Path:
    """Return the file that a ``sqlite:///`` URL names."""
    return Path(unquote(url.removeprefix("sqlite://")))


class Transaction:
    """Statements of one transaction; ``client`` serves Tortoise's ``using_db``."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        self.client = client

    @property
    def for_update(self) -> str:
        """What a ``SELECT`` ends in to lock its rows; SQLite's transaction locks them all."""
        return " FOR UPDATE" if self.client.capabilities.dialect == "postgres" else ""

    def one_of(self, column: str, values: Sequence[str]) -> tuple[str, Any]:
        """Return a condition that a column has one of ``values``, and its only value to bind."""
        return _one_of(self.client, column, values)

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        statement, arguments = _bind(self.client, sql, values)
        changed, _ = await self.client.execute_query(statement, arguments)
        return changed

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement that gives rows (``RETURNING`` included) and return them."""
        statement, arguments = _bind(self.client, sql, values)
        return await self.client.execute_query_dict(statement, arguments)


class Database:
    """One database, by URL. ``connect`` first, ``close`` last; one at a time in a process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._config = tortoise_config(url)
        self._context = TortoiseContext()

    async def connect(self) -> None:
        """Open the connections; the models use this database from now on, in every task.

        Raises:
            UnavailableError: The database does not answer.
        """
        if self.is_embedded:
            sqlite_path(self._url).parent.mkdir(parents=True, exist_ok=True)
        with translated():
            set_global_context(self._context)
            EXECUTOR_CACHE.clear()  # statements in the dialect of the database before this one
            await self._context.init(config=self._config)
            await self.check()

    async def close(self) -> None:
        """Close the connections. Closing twice is not an error."""
        await self._context.close_connections()

    async def check(self) -> None:
        """Return if the database answers, else raise ``UnavailableError``."""
        await self.read("SELECT 1")

    async def migrate(self) -> list[str]:
        """Apply the migrations that are missing, alone; return their names."""
        applied: list[str] = []

        def note(event: str, _app: str, name: str) -> None:
            if event == "apply_done":
                applied.append(name)

        async with self.alone(), self._patient() as client:
            await MigrationExecutor(client, _APPS).migrate(progress=note)
        return applied

    async def read(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT`` outside any transaction, each indexable by position."""
        client: Any = self._client
        statement, arguments = _bind(client, sql, values)
        with translated():
            return cast("Sequence[Sequence[Any]]", await client.read(statement, arguments))

    def one_of(self, column: str, values: Sequence[str]) -> tuple[str, Any]:
        """Return a condition that a column has one of ``values``, and its only value to bind."""
        return _one_of(self._client, column, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit when the block ends, undo when it raises.

        Raises:
            UnavailableError: The database does not answer.
            StorageFullError: It has no room.
            IntegrityError: A constraint of the schema was broken (Tortoise's).
        """
        with translated():
            async with in_transaction(_CONNECTION) as client:
                yield Transaction(client)

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of this machine, which one server has for itself."""
        return urlsplit(self._url).scheme == "sqlite"

    @property
    def _client(self) -> BaseDBAsyncClient:
        return self._context.connections.get(_CONNECTION)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Change the schema in the block while every other process that wants to waits."""
        if self.is_embedded:
            async with self._file_lock():
                yield
            return
        async with self._session(limited=False) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            yield

    @asynccontextmanager
    async def turn_to_sweep(self) -> AsyncIterator[bool]:
        """Tell the block whether it is the only one that sweeps now, in any process."""
        if self.is_embedded:
            yield True
            return
        with translated():
            async with self._session(limited=True) as connection:
                yield await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _SWEEP_LOCK)

    @asynccontextmanager
    async def _file_lock(self) -> AsyncIterator[None]:
        path = sqlite_path(self._url).with_suffix(".migrate.lock")
        with path.open("w") as handle:
            await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
            yield

    @asynccontextmanager
    async def _session(self, *, limited: bool) -> AsyncIterator[Any]:
        # A pool of its own: one connection may be all that the other pool has. Locks are those of a
        # transaction, which go with it also where PgBouncer lends sessions by the transaction.
        async with (
            self._single(limited=limited) as client,
            client.acquire_connection() as session,
            session.transaction(),
        ):
            await session.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield session

    @asynccontextmanager
    async def _patient(self) -> AsyncIterator[BaseDBAsyncClient]:
        """Have a client for the block, in this task, whose statements take what they take."""
        if self.is_embedded:
            yield self._client
            return
        async with self._single(limited=False) as client:
            token = get_connections().set(_CONNECTION, client)
            try:
                yield client
            finally:
                get_connections().reset(token)

    @asynccontextmanager
    async def _single(self, *, limited: bool) -> AsyncIterator[PooledPostgresClient]:
        credentials = postgres_credentials(self._url, limited=limited)
        only_one = {**credentials, "minsize": 0, "maxsize": 1}
        client = PooledPostgresClient(connection_name=_CONNECTION, **only_one)
        try:
            yield client
        finally:
            await client.close()


def _bind(client: BaseDBAsyncClient, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    if client.capabilities.dialect == "postgres":
        return _numbered(sql), list(values)
    return sql, [_as_text(value) if isinstance(value, datetime) else value for value in values]


def _one_of(client: BaseDBAsyncClient, column: str, values: Sequence[str]) -> tuple[str, Any]:
    # One value to bind, however many there are: the statement stays the same, and its plan is kept.
    if client.capabilities.dialect == "postgres":
        return f"{column} = ANY(?)", list(values)
    return f"{column} IN (SELECT value FROM json_each(?))", orjson.dumps(list(values)).decode()


@lru_cache(maxsize=512)
def _numbered(sql: str) -> str:
    number = count(1)
    return "".join(f"${next(number)}" if char == "?" else char for char in sql)


def _as_text(moment: datetime) -> str:
    return moment.isoformat(" ")  # as Tortoise stores it
