"""Statements are written once with ``?``; here they become what each engine takes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any

import orjson
from tortoise.backends.base.client import BaseDBAsyncClient


def is_postgres(client: BaseDBAsyncClient) -> bool:
    """Tell whether ``client`` speaks to PostgreSQL."""
    return client.capabilities.dialect == "postgres"


def bind(client: BaseDBAsyncClient, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the statement and its values as the engine of ``client`` takes them."""
    if is_postgres(client):
        return _numbered(sql), list(values)
    return sql, [_as_text(value) if isinstance(value, datetime) else value for value in values]


def one_of(client: BaseDBAsyncClient, column: str, values: Sequence[str]) -> tuple[str, Any]:
    """Return a condition that ``column`` has one of ``values``, and the value to bind for it.

    It is one value, however many there are: the statement stays the same, and its plan is kept.
    """
    if is_postgres(client):
        return f"{column} = ANY(?)", list(values)
    return f"{column} IN (SELECT value FROM json_each(?))", orjson.dumps(list(values)).decode()


def table(
    client: BaseDBAsyncClient, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> tuple[str, str]:
    """Return ``rows`` as a table ``given`` for a ``FROM``, and its only value to bind.

    ``columns`` holds the name and the SQL type of each column. The value is a JSON array, so the
    statement is the same for any number of rows, and no limit of parameters applies.
    """
    value = orjson.dumps([dict(zip(columns, row, strict=True)) for row in rows]).decode()
    if is_postgres(client):
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        return f"json_to_recordset(CAST(? AS json)) AS given({typed})", value
    picked = ", ".join(f"json_extract(value, '$.{name}') AS {name}" for name in columns)
    return f"(SELECT {picked} FROM json_each(?)) AS given", value


@lru_cache(maxsize=512)
def _numbered(sql: str) -> str:
    number = count(1)
    return "".join(f"${next(number)}" if char == "?" else char for char in sql)


def _as_text(moment: datetime) -> str:
    return moment.isoformat(" ")  # as Tortoise stores it
