"""The query string of a list, read strictly: what is not understood is an error, not ignored."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final, TypeVar

from starlette.datastructures import QueryParams

from core.errors import ValidationFailedError
from core.ids import IdPrefix, is_id
from models.file import Visibility
from services.files.listing import FileFilter, Scope
from services.files.paging import DEFAULT_PAGE, Order

PARAMETERS: Final = ("limit", "offset", "sort", "tag", "type", "visibility", "name", "scope")

_MAX_DIGITS: Final = 12
Choice = TypeVar("Choice", bound=StrEnum)


def check_parameters(query: QueryParams) -> None:
    """Raise ``ValidationFailedError`` if a file list has no such parameter; see ``check_names``."""
    check_names(query, PARAMETERS)


def check_names(query: QueryParams, known: Collection[str]) -> None:
    """Raise ``ValidationFailedError`` if a parameter is unknown, repeated or holds a NUL."""
    for name, value in query.multi_items():
        if name not in known:
            raise ValidationFailedError(
                f"{name[:80]!r} is not a parameter here; these are: {', '.join(known)}."
            )
        if name != "tag" and len(query.getlist(name)) > 1:
            raise ValidationFailedError(f"{name} may be given only once.")
        if "\0" in value:
            raise ValidationFailedError(f"{name} must not contain a NUL character.")


def paging(query: QueryParams) -> tuple[int, int]:
    """Return limit and offset; the service checks their range."""
    return _number(query, "limit", DEFAULT_PAGE), _number(query, "offset", 0)


def order(query: QueryParams) -> Order:
    """Return the order that ``sort`` names; newest first without one."""
    return Order.parse(query["sort"]) if "sort" in query else Order()


def file_filter(query: QueryParams) -> FileFilter:
    """Return what the list is narrowed to; ``ValidationFailedError`` for a wrong value."""
    return FileFilter(
        scope=_choice(query, "scope", Scope) or Scope.OWN,
        tags=tuple(query.getlist("tag")),
        mime_type=query.get("type"),
        visibility=_choice(query, "visibility", Visibility),
        name=query.get("name"),
    )


def id_of(query: QueryParams, name: str, prefix: IdPrefix) -> str | None:
    """Return an id that may be given; ``ValidationFailedError`` for what is none."""
    text = query.get(name)
    if text is not None and not is_id(text, prefix):
        raise ValidationFailedError(f"{name} must be an id such as {prefix.value}_….")
    return text


def _number(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        raise ValidationFailedError(f"{name} must be a whole number, not {text[:80]!r}.")
    return int(text)


def _choice(query: QueryParams, name: str, choices: type[Choice]) -> Choice | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        return choices(text)
    except ValueError:
        raise ValidationFailedError(f"{name} must be one of {', '.join(choices)}.") from None
