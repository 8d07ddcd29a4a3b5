"""The SQLite engine: Tortoise's client with durable, immediate and cancellation-safe transactions.

Each change is measured and held by a test:

* ``synchronous=FULL``: with WAL and NORMAL, a commit that was acknowledged is lost by a power cut.
* ``BEGIN IMMEDIATE``: a deferred transaction that turns writer fails at once with "database is
  locked", whatever the busy timeout (SQLite documentation, "Transactions", section 2.2).
* A task cancelled between taking the lock and ``BEGIN`` gives the lock back, and a commit that
  fails is rolled back before the next transaction may begin.

Reads outside transactions have a connection of their own (``read``): WAL readers never wait for a
writer's fsync.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, NoReturn, cast

import aiosqlite
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError

from models.listening import watch_sqlite
from models.notices import Notices

PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "busy_timeout": 5000, "foreign_keys": "ON"}


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that takes the write lock when it begins, not when it first writes."""

    async def begin(self) -> None:
        """Take the database's write lock; ``OperationalError`` if another process keeps it."""
        try:
            await self._connection.execute_fetchall("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error

    async def commit(self) -> None:
        """Make the transaction durable, or undo it and raise ``OperationalError``."""
        try:
            await super().commit()
        except BaseException as error:
            # A cancelled COMMIT still runs, and may fail; this follows it in the queue, and does
            # nothing if it succeeded.
            await self._connection.rollback()
            if isinstance(error, sqlite3.Error):
                raise _translated(error) from error
            raise


class CancellationSafeContext(SqliteTransactionContext):
    """Enters a transaction, or leaves lock and connection as they were; no third outcome."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            await self._undo_enter()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return cast("TransactionalDBClient", self.connection)

    async def _undo_enter(self) -> None:
        # A BEGIN that was already queued still runs in the connection's thread. The queue is
        # first in, first out: this rollback follows it, even if awaiting it is cancelled again.
        try:
            if self.connection._connection:  # noqa: SLF001 - Tortoise has no public name for it
                await self.connection._connection.rollback()  # noqa: SLF001 - the same
        finally:
            self._trxlock.release()


class DurableSqliteClient(SqliteClient):
    """SQLite as the embedded default runs it: one writer, and one reader beside it."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        super().__init__(file_path, **{**PRAGMAS, **kwargs})
        self._reader: aiosqlite.Connection | None = None

    async def create_connection(self, with_db: bool) -> None:  # noqa: FBT001 - Tortoise's signature
        """Open writer and reader; ``OperationalError`` if the file cannot be opened."""
        try:
            await super().create_connection(with_db)
            if self._reader is None:
                self._reader = await aiosqlite.connect(self.filename, isolation_level=None)
                for pragma in ("busy_timeout=5000", "query_only=ON"):
                    await self._reader.execute_fetchall(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            raise _translated(error) from error

    async def close(self) -> None:
        """Close both connections; closing twice is not an error."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()
        await super().close()

    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT`` as tuples; sees every committed transaction."""
        if self._reader is None:
            await self.create_connection(with_db=True)
        assert self._reader is not None  # noqa: S101 - create_connection has just opened it
        try:
            return cast("Sequence[Sequence[Any]]", await self._reader.execute_fetchall(sql, values))
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error

    async def hear(self, notices: Notices) -> NoReturn:
        """Count what any other process commits as missed, until cancelled."""
        await watch_sqlite(self._foreign_commits, notices)

    async def _foreign_commits(self) -> int:
        """Return a number that changes if another process has committed, and not for our commits.

        That is what ``PRAGMA data_version`` is on the connection that writes.
        """
        assert self._connection is not None  # noqa: S101 - whoever listens is connected
        rows = list(await self._connection.execute_fetchall("PRAGMA data_version"))
        return cast("int", rows[0][0])

    def _in_transaction(self) -> TransactionContext:
        return CancellationSafeContext(ImmediateTransaction(self), self._lock)


def _translated(error: sqlite3.Error) -> OperationalError:
    broken = isinstance(error, sqlite3.IntegrityError)
    return IntegrityError(error) if broken else OperationalError(error)


client_class = DurableSqliteClient
