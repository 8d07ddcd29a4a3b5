"""Reads of a database that exists, without the ORM: its import takes longer than most commands."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote, unquote, urlsplit

import aiosqlite

from core.errors import UnavailableError

_PRAGMAS: Final = ("busy_timeout=5000", "query_only=ON")


class Reads(Protocol):
    """What reads a database, such as ``models.database.Database``."""

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of this machine."""

    async def read(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows of a ``SELECT``, each indexable by position."""


def is_embedded(url: str) -> bool:
    """Tell whether the database at ``url`` is a file of this machine."""
    return urlsplit(url).scheme == "sqlite"


def sqlite_path(url: str) -> Path:
    """Return the file that a ``sqlite:///`` URL names."""
    return Path(unquote(url.removeprefix("sqlite://")))


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Reads]:
    """Open the database at ``url`` for reading, for the block; it is neither made nor migrated.

    Raises:
        UnavailableError: The database does not answer, or cannot be read.
    """
    if is_embedded(url):
        async with _sqlite(sqlite_path(url)) as reader:
            yield reader
        return
    from models.database import Database  # noqa: PLC0415 - the ORM, which SQLite does without

    database = Database(url)
    try:
        await database.connect()
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _sqlite(path: Path) -> AsyncIterator["_SqliteReader"]:
    try:
        # Not mode=ro: a reader may have to recover the log of a server that was killed.
        opened = await aiosqlite.connect(f"file:{quote(str(path))}?mode=rw", uri=True)
    except sqlite3.Error as error:
        raise _unreadable(path) from error
    try:
        reader = _SqliteReader(opened, path)
        for pragma in _PRAGMAS:
            await reader.read(f"PRAGMA {pragma}")
        yield reader
    finally:
        await opened.close()


class _SqliteReader:
    is_embedded = True

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def read(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        try:
            return list(await self._connection.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise _unreadable(self._path) from error


def _unreadable(path: Path) -> UnavailableError:
    return UnavailableError(f"The database {path} cannot be read.")
