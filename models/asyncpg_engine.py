"""The PostgreSQL engine: Tortoise's asyncpg client, whose connections neither leak nor hang.

A task cancelled between taking a connection from the pool and ``BEGIN`` gives it back; Tortoise's
own context keeps it, and a few time-outs empty the pool. A task cancelled while giving it back is
out of the transaction all the same.

A connection whose server left a statement unanswered is closed and not asked again, not even for
``ROLLBACK``: the server ends its transaction when it finds the connection gone.

asyncpg raises ``OSError`` and ``TimeoutError`` for a server that is away. They become
``NoAnswerError`` here, where nothing else can have raised them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Final, NoReturn, cast

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    PoolConnectionWrapper,
    TransactionalDBClient,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.backends.base_postgres.client import translate_exceptions
from tortoise.connection import ConnectionToken, get_connections

from models.failures import NoAnswerError, NoConnectionError, answered
from models.listening import hear_postgres
from models.notices import Notices

_OF_THE_POOL: Final = {
    "connection_class",
    "init",
    "max_inactive_connection_lifetime",
    "max_queries",
    "max_size",
    "min_size",
    "setup",
}


_CLOSE_SECONDS: Final = 0.5
"""How long the pool may take to say goodbye to a server that may not answer."""


class AnsweredTransaction(TransactionWrapper):
    """A transaction whose statements raise ``NoAnswerError`` if the server does not answer."""

    async def commit(self) -> None:
        """Make the transaction durable."""
        with answered():
            await super().commit()

    async def rollback(self) -> None:
        """Undo the transaction."""
        with answered():
            await super().rollback()

    async def _translate_exceptions(
        self, func: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any
    ) -> Any:
        with answered():
            return await super()._translate_exceptions(func, *args, **kwargs)


class CancellationSafePooledContext(TransactionContextPooled):
    """Enters a transaction, or returns its connection to the pool; no third outcome."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        self.client._connection = await self._pooled.take()  # noqa: SLF001 - Tortoise has no public name for it
        try:
            await self.client.begin()
        except BaseException as error:
            await self._pooled.give_back(self.client._connection, error)  # noqa: SLF001 - the same
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
        # A time-out of somebody else's in the block says nothing of the connection.
        failure: BaseException | None = exc if isinstance(exc, NoAnswerError) else None
        try:
            if exc is None:
                await self.client.commit()
            elif failure is None and not self._is_over:
                await self.client.rollback()
        except BaseException as error:
            failure = error
            raise
        finally:
            await self._pooled.give_back(self.client._connection, failure)  # noqa: SLF001 - the same

    @property
    def _is_over(self) -> bool:
        return bool(cast("Any", self.client)._finalized)  # noqa: SLF001 - the same

    @property
    def _pooled(self) -> "PooledPostgresClient":
        return cast("PooledPostgresClient", self.client._parent)  # noqa: SLF001 - the same


class BoundedConnection(PoolConnectionWrapper[Any]):
    """A connection for one statement outside transactions."""

    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        self.connection = await cast("PooledPostgresClient", self.client).take()
        return self.connection

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await cast("PooledPostgresClient", self.client).give_back(self.connection, exc)


class PooledPostgresClient(AsyncpgDBClient):
    """PostgreSQL as the production shape runs it; ``pool_timeout`` bounds waiting for its pool."""

    def __init__(self, *, pool_timeout: float | None = None, **credentials: Any) -> None:
        super().__init__(**credentials)
        self._pool_timeout = pool_timeout

    @translate_exceptions
    async def read(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT`` as records, which index like tuples."""
        async with self.acquire_connection() as connection:
            return cast("Sequence[Sequence[Any]]", await connection.fetch(sql, *values))

    async def take(self) -> Any:
        """Return a connection of the pool; ``NoConnectionError`` if none comes free in time."""
        pool = self._opened
        with answered():
            try:
                return await pool.acquire(timeout=self._pool_timeout)
            except TimeoutError as error:
                if pool.get_size() == pool.get_max_size():
                    raise NoConnectionError from error
                raise  # there was room for another, which the server did not answer to

    async def give_back(self, connection: Any, failure: BaseException | None) -> None:
        """Return a connection to the pool, or close the one that was not answered."""
        if isinstance(failure, TimeoutError | NoAnswerError):
            connection.terminate()  # which makes room in the pool by itself
        if self._pool is not None:  # else it is closed, and its connections with it
            with answered():
                await self._pool.release(connection)

    async def create_pool(self, **kwargs: Any) -> Any:
        """Open the pool, with as many connections as it shall have at the least."""
        with answered():
            return await super().create_pool(**kwargs)

    async def _close(self) -> None:
        if self._pool is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()
        finally:
            self._pool = None

    async def _translate_exceptions(
        self, func: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any
    ) -> Any:
        with answered():
            return await super()._translate_exceptions(func, *args, **kwargs)

    @property
    def _opened(self) -> Any:
        assert self._pool is not None  # noqa: S101 - what takes a connection opens it first
        return self._pool

    def acquire_connection(self) -> BoundedConnection:
        """Return what takes a connection for a block."""
        return BoundedConnection(self, self._pool_init_lock)

    async def hear(self, notices: Notices) -> NoReturn:
        """Deliver what any process tells, until cancelled."""
        await hear_postgres(self._connect, notices)

    async def _connect(self) -> Any:
        given = {name: self._template[name] for name in self._template.keys() - _OF_THE_POOL}
        name = f"{self.application_name} notices"
        named = {**self.server_settings, "application_name": name}
        return await asyncpg.connect(password=self.password, **{**given, "server_settings": named})

    def _in_transaction(self) -> TransactionContext:
        return CancellationSafePooledContext(AnsweredTransaction(self), self._pool_init_lock)


@asynccontextmanager
async def lock_transaction(session: Any) -> AsyncIterator[None]:
    """Hold a transaction for the block, for the sake of its locks: there is nothing to undo."""
    transaction = session.transaction()
    with answered():
        await transaction.start()
    try:
        yield
    except BaseException:
        session.terminate()  # the locks go with it, and nobody waits for a server that hangs
        raise
    with answered():
        await transaction.commit()


client_class = PooledPostgresClient
