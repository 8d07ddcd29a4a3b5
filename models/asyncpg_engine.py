"""The PostgreSQL engine: Tortoise's asyncpg client, whose connections never leak.

A task cancelled between taking a connection from the pool and ``BEGIN`` gives it back; Tortoise's
own context keeps it, and a few time-outs empty the pool. A task cancelled while giving it back is
out of the transaction all the same.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, NoReturn, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import ConnectionToken, get_connections

from models.listening import hear_postgres
from models.notices import Notices

LISTENER: Final = "media notices"
"""How PostgreSQL names the connection that listens, unless the database's URL names them all."""

_CONNECT_SECONDS: Final = 10
_OF_THE_POOL: Final = {
    "connection_class",
    "init",
    "max_inactive_connection_lifetime",
    "max_queries",
    "max_size",
    "min_size",
    "setup",
}


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

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # First of all: giving the connection back may be cancelled, and a task that goes on after
        # that must not find this transaction's connection as its own.
        get_connections().reset(self.token)
        self.token = cast("ConnectionToken", None)  # reset() takes None for nothing to do
        await super().__aexit__(exc_type, exc, traceback)


class PooledPostgresClient(AsyncpgDBClient):
    """PostgreSQL as the production shape runs it."""

    @translate_exceptions
    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT`` as records, which index like tuples."""
        async with self.acquire_connection() as connection:
            return cast("Sequence[Sequence[Any]]", await connection.fetch(sql, *values))

    async def hear(self, notices: Notices) -> NoReturn:
        """Deliver what any process tells, until cancelled."""
        await hear_postgres(self._connect, notices)

    async def _connect(self) -> Any:
        given = {name: self._template[name] for name in self._template.keys() - _OF_THE_POOL}
        named = {"application_name": LISTENER, **self.server_settings}
        return await asyncpg.connect(
            password=self.password,
            **{"timeout": _CONNECT_SECONDS, **given, "server_settings": named},
        )

    def _in_transaction(self) -> TransactionContext:
        return CancellationSafePooledContext(TransactionWrapper(self), self._pool_init_lock)


client_class = PooledPostgresClient
