"""Column types that both engines treat alike."""

from typing import TYPE_CHECKING

from tortoise import fields

from models.moments import as_utc

__all__ = ["BytewiseText", "as_utc"]

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
