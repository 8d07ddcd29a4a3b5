"""How a process hears what others commit: PostgreSQL tells what it was, SQLite that it was."""

import asyncio
import logging
import random
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, NoReturn

import asyncpg
from tortoise.exceptions import OperationalError

from models.notices import Notice, Notices

logger = logging.getLogger("media.database")

CHANNEL: Final = "media_notices"

_OUTAGES: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
_PAUSES_SECONDS: Final = (0.1, 0.2, 0.5, 1, 2, 5)
_PING_SECONDS: Final = 10
_CLOSE_SECONDS: Final = 0.3
_LOOK_SECONDS: Final = 1


async def hear_postgres(connect: Callable[[], Awaitable[Any]], notices: Notices) -> NoReturn:
    """Deliver what is told on the channel, on a connection that ``connect`` opens, until cancelled.

    A connection that is lost is opened again; what was told meanwhile counts as missed.
    """
    failures = 0
    while True:
        try:
            await _hear(await connect(), notices)
            failures = 0
        except Exception as error:
            if not failures:
                logger.warning(
                    "what other servers change is noticed late, since: %r",
                    error,
                    exc_info=None if isinstance(error, _OUTAGES) else error,
                )
            failures += 1
        pause = _PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)]
        await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - servers take turns


async def _hear(connection: Any, notices: Notices) -> None:
    """Deliver what is told until ``connection`` ends, and close it."""

    def heard(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
        notice = Notice.parse(payload)
        if notice is not None:
            notices.deliver(notice)

    try:
        await connection.add_listener(CHANNEL, heard)
        notices.miss()  # what was told before
        await _ended(connection)
    finally:
        notices.miss()
        with suppress(Exception):  # it may be beyond closing
            await connection.close(timeout=_CLOSE_SECONDS)


async def _ended(connection: Any) -> None:
    """Return once ``connection`` is closed; raise if it does not answer any more."""
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    while not (ended.is_set() or connection.is_closed()):
        try:
            await asyncio.wait_for(ended.wait(), _PING_SECONDS)
        except TimeoutError:  # a peer that is gone without a word is found by asking
            await connection.execute("SELECT 1", timeout=_PING_SECONDS)


async def watch_sqlite(version: Callable[[], Awaitable[int]], notices: Notices) -> NoReturn:
    """Look once a second whether another process has committed, and count that as missed."""
    known: int | None = None
    while True:
        with suppress(sqlite3.Error, OperationalError):  # the next time
            now = await version()
            if known is not None and now != known:
                notices.miss()
            known = now
        await asyncio.sleep(_LOOK_SECONDS)
