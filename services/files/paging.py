"""Order and place in a list: sort keys, opaque cursors, and the window that a page asks for."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Self

import orjson

from core.errors import ValidationFailedError
from core.ids import IdPrefix, is_id
from models.file import StoredFile
from services.access.bounds import MAX_PAGE, require_range

DEFAULT_PAGE: Final = 20

_MAX_CURSOR: Final = 2048
_MAX_BIGINT: Final = 2**63 - 1
_BAD_CURSOR: Final = "The cursor is not one of this list: take it from a page in the same order."
_BOTH_WAYS: Final = "Page with first and after, or with last and before, not with both."


class SortKey(StrEnum):
    """What a list may be sorted by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    FILENAME = "filename"
    SIZE = "size"
    MIME_TYPE = "mime_type"


@dataclass(frozen=True, slots=True)
class Order:
    """A sort key and its direction; the id breaks ties in the same direction."""

    key: SortKey = SortKey.CREATED_AT
    descending: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the order that ``text`` names: a sort key, with ``-`` before it for descending.

        Raises:
            ValidationFailedError: It is not a sort key.
        """
        try:
            return cls(SortKey(text.removeprefix("-")), text.startswith("-"))
        except ValueError:
            raise ValidationFailedError(
                f"sort must be one of {', '.join(SortKey)}, with - before it for descending."
            ) from None

    def __str__(self) -> str:
        return ("-" if self.descending else "") + self.key


@dataclass(frozen=True, slots=True)
class Window:
    """The next ``size`` files after a cursor, or the last ones before it (``backward``)."""

    size: int
    cursor: str | None = None
    backward: bool = False

    @classmethod
    def of(
        cls,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Self:
        """Return the window that connection arguments ask for.

        Source: GraphQL Cursor Connections Specification, section 4; the mixture of directions that
        it discourages is refused.

        Raises:
            ValidationFailedError: Both directions are asked for, or a size is out of range.
        """
        backward = last is not None or before is not None
        if backward and (first is not None or after is not None):
            raise ValidationFailedError(_BOTH_WAYS)
        size = last if backward else first
        require_range("last" if backward else "first", size, 0, MAX_PAGE)
        cursor = before if backward else after
        return cls(DEFAULT_PAGE if size is None else size, cursor, backward)


def cursor_of(file: StoredFile, order: Order) -> str:
    """Return the opaque cursor of ``file`` in a list in that order."""
    packed = orjson.dumps([str(order), getattr(file, order.key.value), file.id])
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def position_of(cursor: str, order: Order) -> tuple[Any, str]:
    """Return the sort value and id that ``cursor`` stands for.

    Raises:
        ValidationFailedError: It is no cursor, or one of a list in another order.
    """
    try:
        padded = cursor[:_MAX_CURSOR] + "=" * (-len(cursor) % 4)
        made_for, value, file_id = orjson.loads(base64.b64decode(padded, b"-_", validate=True))
        typed = _typed(order.key, value)
    except (ValueError, TypeError, OverflowError):
        raise ValidationFailedError(_BAD_CURSOR) from None
    if made_for != str(order) or not isinstance(file_id, str) or not is_id(file_id, IdPrefix.FILE):
        raise ValidationFailedError(_BAD_CURSOR)
    return typed, file_id


def _typed(key: SortKey, value: Any) -> datetime | int | str:
    if key is SortKey.SIZE:
        if type(value) is not int or not 0 <= value <= _MAX_BIGINT:
            raise TypeError("not a size")
        return value
    if not isinstance(value, str) or "\0" in value:
        raise TypeError("not a text that is stored")
    if key in {SortKey.FILENAME, SortKey.MIME_TYPE}:
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC)  # as SQLite stores times, which it compares as text
