"""Counting the SQL statements of the product on either engine, whatever the time they take."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from models import database


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Gather every statement of the block, but for ``BEGIN``, ``COMMIT`` and the ORM's own."""
    seen: list[str] = []
    real = database.bind

    def bind(client: Any, sql: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
        seen.append(sql)
        return real(client, sql, values)

    with monkeypatch.context() as patched:
        patched.setattr(database, "bind", bind)
        yield seen
