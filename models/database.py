"""The database of one process: connection, migrations, raw reads and transactions.

SQL is written once with ``?`` placeholders and runs on both engines.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final, cast

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connections
from tortoise.context import TortoiseContext, set_global_context
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from core.background import meanwhile
from models.asyncpg_engine import PooledPostgresClient, lock_transaction
from models.configuration import APPS, CONNECTION, tortoise_config
from models.failures import answered, migrating, translated
from models.listening import CHANNEL
from models.notices import Notice, Notices, Topic
from models.placeholders import bind, is_postgres, one_of, table
from models.postgres_url import postgres_credentials
from models.reading import is_embedded, sqlite_path
from models.versions import require_known

_MIGRATION_LOCK: Final = 0x6D65646961
_SWEEP_LOCK: Final = _MIGRATION_LOCK + 1
_BACKFILL_LOCK: Final = _MIGRATION_LOCK + 2
"""Advisory locks: any numbers, the same in every replica."""


class Transaction:
    """Statements of one transaction; ``client`` serves Tortoise's ``using_db``."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        self.client = client
        self.told: list[Notice] = []

    @property
    def for_update(self) -> str:
        """What a ``SELECT`` ends in to lock its rows; SQLite's transaction locks them all."""
        return " FOR UPDATE" if is_postgres(self.client) else ""

    @property
    def for_no_key_update(self) -> str:
        """As ``for_update``, for rows whose keys stay: others may go on referring to them."""
        return " FOR NO KEY UPDATE" if is_postgres(self.client) else ""

    def one_of(self, column: str, values: Sequence[str]) -> tuple[str, Any]:
        """Return a condition that a column has one of ``values``, and its only value to bind."""
        return one_of(self.client, column, values)

    def table(self, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> tuple[str, str]:
        """Return ``rows`` as a table ``given`` for a ``FROM``, and its only value to bind.

        ``columns`` holds the name and the SQL type of each column.
        """
        return table(self.client, columns, rows)

    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        statement, arguments = bind(self.client, sql, values)
        changed, _ = await self.client.execute_query(statement, arguments)
        return changed

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement that gives rows (``RETURNING`` included) and return them."""
        statement, arguments = bind(self.client, sql, values)
        return await self.client.execute_query_dict(statement, arguments)

    async def tell(self, topic: Topic, name: str) -> None:
        """Let every process know, once this is committed and only then, that ``name`` changed."""
        notice = Notice(topic, name)
        self.told.append(notice)
        if is_postgres(self.client):
            await self.rows("SELECT pg_notify(?, ?)", CHANNEL, notice.payload)


class Database:
    """One database, by URL. ``connect`` first, ``close`` last; one at a time in a process.

    ``notices`` tells what this process has changed and, while it is ``listening``, others too.
    """

    def __init__(self, url: str) -> None:
        self.notices = Notices()
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
        """Apply the migrations that are missing, alone; return their names.

        Raises:
            SchemaVersionError: A newer version has migrated it.
            SettingsError: The account may not make tables.
            StorageFullError: The database has no room for them.
        """
        applied: list[str] = []

        def note(event: str, _app: str, name: str) -> None:
            if event == "apply_done":
                applied.append(name)

        async with self.alone(), self.patient() as client:
            await require_known(self)
            with migrating():
                await MigrationExecutor(client, APPS).migrate(progress=note)
        return applied

    async def read(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT`` outside any transaction, each indexable by position."""
        client: Any = self._client
        statement, arguments = bind(client, sql, values)
        with translated():
            return cast("Sequence[Sequence[Any]]", await client.read(statement, arguments))

    def one_of(self, column: str, values: Sequence[str]) -> tuple[str, Any]:
        """Return a condition that a column has one of ``values``, and its only value to bind."""
        return one_of(self._client, column, values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Commit when the block ends, undo when it raises.

        Raises:
            UnavailableError: The database does not answer.
            StorageFullError: It has no room.
            IntegrityError: A constraint of the schema was broken (Tortoise's).
        """
        told: list[Notice] = []
        try:
            with translated():
                async with in_transaction(CONNECTION) as client:
                    transaction = Transaction(client)
                    yield transaction
                    told = transaction.told
        finally:  # a commit whose outcome nobody knows may have been one
            for notice in told:
                self.notices.deliver(notice)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear what other processes change for the block.

        With PostgreSQL at once; with SQLite within a second, and not what it was.
        """
        client: Any = self._client
        async with meanwhile(client.hear(self.notices)):
            yield

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of this machine, which one server has for itself."""
        return is_embedded(self._url)

    @property
    def _client(self) -> BaseDBAsyncClient:
        return self._context.connections.get(CONNECTION)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Change the schema in the block while every other process that wants to waits."""
        if self.is_embedded:
            async with self._file_lock():
                yield
            return
        async with AsyncExitStack() as held:
            with translated():
                connection = await held.enter_async_context(self._session(limited=False))
                with answered():
                    await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            yield

    def turn_to_sweep(self) -> AbstractAsyncContextManager[bool]:
        """Tell the block whether it is the only one that sweeps now, in any process."""
        return self._turn(_SWEEP_LOCK)

    def turn_to_backfill(self) -> AbstractAsyncContextManager[bool]:
        """Tell the block whether it is the only one that backfills now, in any process."""
        return self._turn(_BACKFILL_LOCK)

    @asynccontextmanager
    async def _turn(self, lock: int) -> AsyncIterator[bool]:
        if self.is_embedded:
            yield True
            return
        with translated():
            async with self._session(limited=True) as connection:
                with answered():
                    ours = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", lock)
                yield ours

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
            lock_transaction(session),
        ):
            with answered():
                await session.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield session

    @asynccontextmanager
    async def patient(self) -> AsyncIterator[BaseDBAsyncClient]:
        """Have a client for the block, in this task, whose statements take what they take."""
        if self.is_embedded:
            yield self._client
            return
        async with self._single(limited=False) as client:
            token = get_connections().set(CONNECTION, client)
            try:
                yield client
            finally:
                get_connections().reset(token)

    @asynccontextmanager
    async def _single(self, *, limited: bool) -> AsyncIterator[PooledPostgresClient]:
        credentials = postgres_credentials(self._url, limited=limited)
        only_one = {**credentials, "minsize": 0, "maxsize": 1}
        client = PooledPostgresClient(connection_name=CONNECTION, **only_one)
        try:
            yield client
        finally:
            await client.close()
