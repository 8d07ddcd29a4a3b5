"""Statements are written once with ``?``; here they become what each engine takes."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import count
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient


def is_postgres(client: BaseDBAsyncClient) -> bool:
    """Tell whether ``client`` speaks to PostgreSQL."""
    return client.capabilities.dialect == "postgres"


def bind(client: BaseDBAsyncClient, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """Return the statement and its values as the engine of ``client`` takes them."""
    if is_postgres(client):
        return _numbered(sql), list(values)
    return sql, [_as_text(value) if isinstance(value, datetime) else value for value in values]


@lru_cache(maxsize=512)
def _numbered(sql: str) -> str:
    number = count(1)
    return "".join(f"${next(number)}" if char == "?" else char for char in sql)


def _as_text(moment: datetime) -> str:
    return moment.isoformat(" ")  # as Tortoise stores it
