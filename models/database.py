"""The database of one process: connection, migrations, raw reads and transactions.

SQL is written once with ``?`` placeholders and runs on both engines.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, cast
from urllib.parse import urlsplit

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.context import TortoiseContext, set_global_context
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError
from tortoise.migrations.executor import MigrationExecutor
from tortoise.transactions import in_transaction

from core.errors import StorageFullError, UnavailableError
from core.metrics import DATABASE_ERRORS
from models.configuration import APPS, CONNECTION, sqlite_path, tortoise_config
from models.listening import CHANNEL
from models.notices import Notice, Notices, Topic
from models.placeholders import bind, is_postgres

_MIGRATION_LOCK: Final = 0x6D65646961
_SWEEP_LOCK: Final = _MIGRATION_LOCK + 1
"""Advisory locks: any numbers, the same in every replica."""

_LOST_CONNECTION: Final = (
    OperationalError,
    DBConnectionError,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
)


class Transaction:
    """Statements of one transaction; ``client`` serves Tortoise's ``using_db``."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        self.client = client
        self.told: list[Notice] = []

    @property
    def for_update(self) -> str:
        """What a ``SELECT`` ends in to lock its rows; SQLite's transaction locks them all."""
        return " FOR UPDATE" if is_postgres(self.client) else ""

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
        self._context = TortoiseContext()

    async def connect(self) -> None:
        """Open the connections; the models use this database from now on, in every task.

        Raises:
            UnavailableError: The database does not answer.
        """
        if self.is_embedded:
            sqlite_path(self._url).parent.mkdir(parents=True, exist_ok=True)
        with _translated():
            set_global_context(self._context)
            EXECUTOR_CACHE.clear()  # statements in the dialect of the database before this one
            await self._context.init(config=tortoise_config(self._url))
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

        async with self.alone():
            await MigrationExecutor(self._client, APPS).migrate(progress=note)
        return applied

    async def read(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT`` outside any transaction, each indexable by position."""
        client: Any = self._client
        statement, arguments = bind(client, sql, values)
        with _translated():
            return cast("Sequence[Sequence[Any]]", await client.read(statement, arguments))

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
            with _translated():
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
        hearing = asyncio.create_task(client.hear(self.notices))
        try:
            yield
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of this machine, which one server has for itself."""
        return urlsplit(self._url).scheme == "sqlite"

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
        async with self._session() as connection:
            await connection.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
            yield

    @asynccontextmanager
    async def turn_to_sweep(self) -> AsyncIterator[bool]:
        """Tell the block whether it is the only one that sweeps now, in any process."""
        if self.is_embedded:
            yield True
            return
        with _translated():
            async with self._session() as connection:
                yield await connection.fetchval("SELECT pg_try_advisory_lock($1)", _SWEEP_LOCK)

    @asynccontextmanager
    async def _file_lock(self) -> AsyncIterator[None]:
        path = sqlite_path(self._url).with_suffix(".migrate.lock")
        with path.open("w") as handle:
            await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
            yield

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Any]:
        # A pool of its own: the URL's parameters are Tortoise's, and one connection may be all that
        # the other pool has. The server lets go of a session's locks with the session.
        client: Any = self._client
        single = {**client._template, "min_size": 1, "max_size": 1}  # noqa: SLF001 - Tortoise has no public name for it
        pool = await client.create_pool(password=client.password, **single)
        async with pool, pool.acquire() as connection:
            yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise  # an OperationalError to Tortoise, but the database did answer
    except _LOST_CONNECTION as error:
        full = "full" in str(error) or isinstance(error, asyncpg.DiskFullError)
        DATABASE_ERRORS.labels("full" if full else "unavailable").inc()
        if full:
            raise StorageFullError("The database has no room left.") from error
        raise UnavailableError("The database does not answer; try again soon.") from error
