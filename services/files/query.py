"""What narrows a list of files, as SQL that costs little whether few or many files match.

Tags and names that few files have are looked up in an index of their own, and the list is made of
those files. What many files have is soon met while walking the list in its order. Either way is
hundreds of times slower for the other kind, so a look of bounded cost tells which it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Any, Final

from models.database import Database
from models.file import folded
from processing.content_types import TOP_LEVEL, Family, members, names_of, strangers

_RARE: Final = 1000  # files that match, up to which they are looked up in any case
_PAGE: Final = 50
_INDEXED: Final = 3  # characters, from which on PostgreSQL's trigrams find a part of a name


@dataclass(slots=True)
class Narrowed:
    """Where to look for files, the conditions on them, and the values that both bind.

    ``walked`` is for a page of the list in its order, ``counted`` for all of it. Once ``few`` files
    are left, nothing more is looked up.
    """

    owner_id: str | None = None
    granted_to: str | None = None
    few: bool = False
    source: str = "file"
    _sought: list[Any] = field(default_factory=list)
    _values: list[Any] = field(default_factory=list)
    _clauses: list[tuple[str, str]] = field(default_factory=list)

    def also(self, clause: str, *values: Any, counted: str | None = None) -> None:
        """Add a condition, and another way to say it for those that count."""
        self._clauses.append((clause, counted or clause))
        self._values.extend(values)

    def only(self, condition: str, among: Any, number: int) -> None:
        """Look for nothing but the ``number`` files that ``condition`` finds.

        The limit keeps engines from looking in any other order than by those files.
        """
        self.source = f"(SELECT * FROM file WHERE {condition} LIMIT ?) AS file"
        self._sought = [among, number]
        self.few = True

    @property
    def values(self) -> list[Any]:
        """What is bound: to the source first."""
        return [*self._sought, *self._values]

    @property
    def owners(self) -> list[str]:
        """The owner of all of them, if they have one."""
        return [] if self.owner_id is None else [self.owner_id]

    @property
    def walked(self) -> str:
        """What a page asks for."""
        return " AND ".join(walked for walked, _ in self._clauses) or "1 = 1"

    @property
    def counted(self) -> str:
        """What a total asks for."""
        return " AND ".join(counted for _, counted in self._clauses) or "1 = 1"


async def narrow_tag(database: Database, narrowed: Narrowed, tag: str) -> None:
    """Narrow to files with a tag."""
    tagged, values = _owned("FROM file_tag WHERE name = ?", narrowed), [tag, *narrowed.owners]
    # In the index's own order, or PostgreSQL may look for a common tag in the table instead.
    in_order = " ORDER BY file_id" if narrowed.owners else ""
    found = f"SELECT file_id {tagged}{in_order}"
    if not await _narrow_to_few(database, narrowed, found, values):
        met = f"EXISTS (SELECT 1 {tagged} AND file_id = file.id)"
        narrowed.also(met, *values, counted=f"id IN (SELECT file_id {tagged})")


async def narrow_name(database: Database, narrowed: Narrowed, name: str) -> None:
    """Narrow to files with ``name`` somewhere in theirs, in any case."""
    part = folded(name)
    matches, value = "filename_folded LIKE ? ESCAPE '!'", f"%{_literal(part)}%"
    found = _owned(f"SELECT id FROM file WHERE {matches}", narrowed)
    if len(part) < _INDEXED or not await _narrow_to_few(
        database, narrowed, found, [value, *narrowed.owners]
    ):
        narrowed.also(matches, value)


def narrow_type(database: Database, narrowed: Narrowed, mime_type: str) -> None:
    """Narrow to a type, a family, or a top-level type.

    A type (``image/png``) is found under each of its names. A family (``document``) is one of
    ``processing.content_types.Family``. A top-level type is written ``image/*``, or ``font``
    where no family has that name.
    """
    top, slash, rest = mime_type.partition("/")
    if slash and rest != "*":
        condition, values = _named(names_of(mime_type))
    elif slash or top not in set(Family):
        condition, values = _below(top)
    else:
        condition, values = _in_family(database, Family(top))
    narrowed.also(condition, *values)


_Condition = tuple[str, list[Any]]


def _named(names: Sequence[str]) -> _Condition:
    return f"mime_type IN ({', '.join('?' * len(names))})", list(names)


def _below(top: str) -> _Condition:
    # From "image/" to just before "image0": "0" follows "/" in every character set.
    return "mime_type >= ? AND mime_type < ?", [f"{top}/", f"{top}0"]


def _in_family(database: Database, family: Family) -> _Condition:
    if family is Family.OTHER:  # whatever is in no other, listed or not
        conditions = [_in_family(database, one) for one in Family if one is not family]
        excluded = " OR ".join(f"({condition})" for condition, _ in conditions)
        return f"NOT ({excluded})", [value for _, values in conditions for value in values]
    listed, names = database.one_of("mime_type", sorted(members(family)))
    if family not in TOP_LEVEL:
        return listed, [names]
    below, bounds = _below(family)
    condition, values = f"({below}) OR {listed}", [*bounds, names]
    if not strangers(family):
        return f"({condition})", values
    foreign, others = database.one_of("mime_type", sorted(strangers(family)))
    return f"({condition}) AND NOT ({foreign})", [*values, others]


async def _narrow_to_few(
    database: Database, narrowed: Narrowed, matching: str, values: list[str]
) -> bool:
    """Narrow to the files that ``matching`` selects, if they are few; tell whether they are."""
    if narrowed.few:
        return False
    found = await database.read(f"{matching} LIMIT ?", *values, _RARE + 1)
    if len(found) > _RARE:
        most = await _worth_looking_up(database, narrowed)
        counted = f"SELECT COUNT(*) FROM ({matching} LIMIT ?) AS found"
        if most <= _RARE or (await database.read(counted, *values, most + 1))[0][0] > most:
            return False
        found = await database.read(f"{matching} LIMIT ?", *values, most)
    condition, among = database.one_of("id", [file_id for (file_id,) in found])
    narrowed.only(condition, among, len(found))
    return True


async def _worth_looking_up(database: Database, narrowed: Narrowed) -> int:
    """Return up to how many files it is worth it to look up one by one.

    Of n files m match: a page is found by looking m up, or by walking past some ``_PAGE`` * n / m.
    """
    rows = await database.read(
        "SELECT files_count FROM user_account WHERE id = ?", narrowed.owner_id or ""
    )
    return isqrt(_PAGE * rows[0][0]) if rows else 0


def _owned(sql: str, narrowed: Narrowed) -> str:
    return (
        f"{sql} AND owner_id = ?" if narrowed.owners else sql
    )  # its rows lie together in the index


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
