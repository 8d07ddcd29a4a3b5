"""The table of content types: families, names, extensions, and what else clients call a type.

The rows are in ``content_types.txt``. Content types are compared without regard to case
(RFC 6838, section 4.2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

_TABLE: Final = Path(__file__).with_name("content_types.txt")
_INLINE_MARK: Final = "+"


class Family(StrEnum):
    """What a person looks for; every file is in exactly one."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    TEXT = "text"
    ARCHIVE = "archive"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ContentType:
    """A row of the table.

    ``handler`` is the value of the ``processing.kinds.Kind`` that works on the type, or "-".
    ``extensions`` have no dot and begin with the usual one. ``aliases`` are other names of the
    type. ``inline`` types are safe to show on the server's own origin, and browsers do show them.
    """

    name: str
    family: Family
    handler: str
    title: str
    extensions: tuple[str, ...]
    aliases: tuple[str, ...]
    inline: bool


def _rows() -> Iterator[ContentType]:
    family = Family.OTHER
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            family = Family(line.strip("[]"))
        elif line and not line.startswith("#"):
            name, handler, title, extensions, aliases = (part.strip() for part in line.split("|"))
            yield ContentType(
                name=name,
                family=family,
                handler=handler.removesuffix(_INLINE_MARK),
                title=title,
                extensions=tuple(extensions.split()),
                aliases=tuple(aliases.split()),
                inline=handler.endswith(_INLINE_MARK),
            )


CONTENT_TYPES: Final = {row.name: row for row in _rows()}
"""Every row by its name, in the order of the table."""

_BY_ANY_NAME: Final = {
    name.lower(): row for row in CONTENT_TYPES.values() for name in (*row.aliases, row.name)
}
TOP_LEVEL: Final = frozenset({Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.TEXT})
"""The families that are top-level types as well (RFC 6838, section 4.2)."""


def known(content_type: str) -> ContentType | None:
    """Return the row of a type under any of its names; None for a type that is not listed."""
    return _BY_ANY_NAME.get(content_type.lower())


def canonical(content_type: str) -> str:
    """Return the name that a type is stored under; a type that is not listed keeps its own."""
    row = known(content_type)
    return row.name if row else content_type


def names_of(content_type: str) -> tuple[str, ...]:
    """Return every name of a type, the one that it is stored under first."""
    row = known(content_type)
    return (row.name, *row.aliases) if row else (content_type,)


def family_of(content_type: str) -> Family:
    """Return the family: that of the table, else by the top-level type, else ``OTHER``."""
    row = known(content_type)
    return row.family if row else _family_by_name(content_type)


def members(family: Family) -> frozenset[str]:
    """Return the names that are in ``family`` although their top-level type says otherwise."""
    return frozenset(
        name
        for row in CONTENT_TYPES.values()
        if row.family is family
        for name in (row.name, *row.aliases)
        if _family_by_name(name) is not family
    )


def strangers(family: Family) -> frozenset[str]:
    """Return the names that are in another family although their top-level type is this one."""
    return frozenset(
        name
        for row in CONTENT_TYPES.values()
        if row.family is not family
        for name in (row.name, *row.aliases)
        if _family_by_name(name) is family
    )


def _family_by_name(content_type: str) -> Family:
    top = content_type.partition("/")[0].lower()
    return Family(top) if top in TOP_LEVEL else Family.OTHER
