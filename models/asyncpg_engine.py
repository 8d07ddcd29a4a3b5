"""The PostgreSQL engine: Tortoise's asyncpg client, whose connections never leak.

A task cancelled between taking a connection from the pool and ``BEGIN`` gives it back; Tortoise's
own context keeps it, and a few time-outs empty the pool.
"""

from collections.abc import Sequence
from typing import Any, cast

from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import get_connections


class CancellationSafePooledContext(TransactionContextPooled):
    """Enters a transaction, or returns its connection to the pool; no third outcome."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool  # noqa: SLF001 - Tortoise has no public name for it
        self.client._connection = await pool.acquire()  # noqa: SLF001 - the same
        try:
            await self.client.begin()
        except BaseException:
            await pool.release(self.client._connection)  # noqa: SLF001 - the same
            raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client


class PooledPostgresClient(AsyncpgDBClient):
    """PostgreSQL as the production shape runs it."""

    @translate_exceptions
    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT`` as records, which index like tuples."""
        async with self.acquire_connection() as connection:
            return cast("Sequence[Sequence[Any]]", await connection.fetch(sql, *values))

    def _in_transaction(self) -> TransactionContext:
        return CancellationSafePooledContext(TransactionWrapper(self), self._pool_init_lock)


client_class = PooledPostgresClient
