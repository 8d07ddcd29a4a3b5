"""Column types that both engines treat alike."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tortoise import fields

if TYPE_CHECKING:
    _Text = fields.CharField[str]
else:
    _Text = fields.CharField


class BytewiseText(_Text):
    """Text that compares by its bytes, so that both engines sort and page in the same order."""

    class _db_postgres:  # noqa: N801 - Tortoise looks for this name
        def __init__(self, field: "BytewiseText") -> None:
            self.field = field

        @property
        def SQL_TYPE(self) -> str:  # noqa: N802 - the same
            return f'VARCHAR({self.field.max_length}) COLLATE "C"'


def as_utc(value: str | datetime) -> datetime:
    """Return a moment as either engine gives it: SQLite stores text, PostgreSQL has datetimes."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
