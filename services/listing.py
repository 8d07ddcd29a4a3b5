"""Lists of files: which ones, in what order, and a page of them by offset or by key set.

Key-set paging asks for the rows after a given one in the index's own order, so a page costs the
same wherever it lies, and stays in place while others insert.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from auth.policy import Operation
from auth.viewer import Viewer
from core.errors import ForbiddenError, ValidationFailedError
from models.database import Database
from models.file import COLUMNS, StoredFile, Visibility, folded, stored_file
from services.access import Access
from services.metadata import MAX_TAGS, is_storable
from services.paging import MAX_PAGE, Order, Window, position_of, require_range

MAX_OFFSET: Final = 10_000_000

_RARE: Final = 1000  # files with a tag, up to which they are looked up one by one
_MAX_TEXT: Final = 1024  # characters; no name or tag is as long, in whatever form it is written


class Scope(StrEnum):
    """Whose files a list holds.

    One's own, those that others share with everybody, those that are shared with the caller by
    name, or (administrators) all.
    """

    OWN = "own"
    SHARED = "shared"
    SHARED_WITH_ME = "shared_with_me"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class FileFilter:
    """What a list is narrowed to; all of it must hold.

    ``tags`` must all be there; ``mime_type`` is a type (``image/png``) or a family (``image`` or
    ``image/*``); ``name`` is any part of the file name, in any case.
    """

    scope: Scope = Scope.OWN
    tags: tuple[str, ...] = ()
    mime_type: str | None = None
    visibility: Visibility | None = None
    name: str | None = None


EVERYTHING_OWN: Final = FileFilter()


@dataclass(frozen=True, slots=True)
class Slice:
    """Neighbours in a list, and whether there are more on either side."""

    files: list[StoredFile]
    has_next: bool
    has_previous: bool


@dataclass(slots=True)
class _Where:
    owner_id: str | None = None
    granted_to: str | None = None
    clauses: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def also(self, clause: str, *values: Any) -> None:
        self.clauses.append(clause)
        self.values.extend(values)

    def __str__(self) -> str:
        return " AND ".join(self.clauses) or "1 = 1"


class Listing:
    """Lists of the files that a caller may see; the filter of each is SQL."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._policy = access.policy
        self._audit = access.audit

    async def page(
        self, viewer: Viewer, wanted: FileFilter, order: Order, *, limit: int, offset: int
    ) -> list[StoredFile]:
        """Return up to ``limit`` files (1 to 100) after skipping ``offset``.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ForbiddenError: The scope is the administrators'.
            ValidationFailedError: Limit or offset are out of range, or there are too many tags.
        """
        require_range("limit", limit, 1, MAX_PAGE)
        require_range("offset", offset, 0, MAX_OFFSET)
        where = await self._where(viewer, wanted)
        files = await self._select(where, order, limit, offset)
        await self._audit.record(viewer, Operation.LIST, files)
        return files

    async def slice(
        self, viewer: Viewer, wanted: FileFilter, order: Order, window: Window
    ) -> Slice:
        """Return the files of ``window``, in the list's order.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ForbiddenError: The scope is the administrators'.
            ValidationFailedError: The cursor is not one of this list, or there are too many tags.
        """
        where = await self._where(viewer, wanted)
        walked = Order(order.key, order.descending is not window.backward)
        if window.cursor is not None:
            beyond = "<" if walked.descending else ">"
            where.also(f"({order.key}, id) {beyond} (?, ?)", *position_of(window.cursor, order))
        files = await self._select(where, walked, window.size + 1)
        more, files = len(files) > window.size, files[: window.size]
        await self._audit.record(viewer, Operation.LIST, files)
        behind = window.cursor is not None
        if window.backward:
            return Slice(files[::-1], has_next=behind, has_previous=more)
        return Slice(files, has_next=more, has_previous=behind)

    async def count(self, viewer: Viewer, wanted: FileFilter) -> int:
        """Return how many files the list holds; for all of one's own, the account's total."""
        where = await self._where(viewer, wanted, counting=True)
        sql = f"SELECT COUNT(*) FROM file WHERE {where}"
        if wanted == EVERYTHING_OWN:
            sql = "SELECT files_count FROM user_account WHERE id = ?"
        rows = await self._database.read(sql, *where.values)
        return int(rows[0][0]) if rows else 0  # no row: the account is gone

    async def _select(
        self, where: _Where, order: Order, limit: int, offset: int = 0
    ) -> list[StoredFile]:
        direction = "DESC" if order.descending else "ASC"
        rows: Sequence[Sequence[Any]] = await self._database.read(
            f"SELECT {COLUMNS} FROM file WHERE {where}"
            f" ORDER BY {order.key} {direction}, id {direction} LIMIT ? OFFSET ?",
            *where.values,
            limit,
            offset,
        )
        files = [stored_file(row) for row in rows]
        if where.granted_to is None:
            return files
        return [replace(file, granted_to=where.granted_to) for file in files]

    async def _where(self, viewer: Viewer, wanted: FileFilter, *, counting: bool = False) -> _Where:
        where = self._in_scope(viewer, wanted.scope)
        if not _can_be_found(wanted):
            where.also("1 = 0")
            return where
        for tag in _distinct_tags(wanted):
            await self._narrow_tag(where, tag, counting=counting)
        if wanted.mime_type is not None:
            _narrow_type(where, wanted.mime_type)
        if wanted.visibility is not None:
            where.also("visibility = ?", wanted.visibility.value)
        if wanted.name is not None:
            where.also("filename_folded LIKE ? ESCAPE '!'", f"%{_literal(folded(wanted.name))}%")
        return where

    async def _narrow_tag(self, where: _Where, tag: str, *, counting: bool) -> None:
        tagged = "FROM file_tag WHERE name = ?"
        values = [tag]
        if where.owner_id is not None:  # an owner's tags lie together in the index
            tagged += " AND owner_id = ?"
            values.append(where.owner_id)
        # The files of a rare tag are looked up; those of a common one are soon met while walking
        # the list in its order. Either way is hundreds of times slower for the other kind. To be
        # counted, a list is never walked.
        counted = f"SELECT COUNT(*) FROM (SELECT 1 {tagged} LIMIT {_RARE + 1}) AS counted"
        if counting or int((await self._database.read(counted, *values))[0][0]) <= _RARE:
            where.also(f"id IN (SELECT file_id {tagged})", *values)
        else:
            where.also(f"EXISTS (SELECT 1 {tagged} AND file_id = file.id)", *values)

    def _in_scope(self, viewer: Viewer, scope: Scope) -> _Where:
        account_id = self._policy.require_account(viewer)
        where = _Where()
        if scope is Scope.OWN:
            where.owner_id = account_id
            where.also("owner_id = ?", account_id)
        elif scope is Scope.SHARED and self._policy.reads_shared(viewer):
            where.also("visibility = ? AND owner_id <> ?", Visibility.SHARED.value, account_id)
        elif scope is Scope.SHARED:
            where.also("1 = 0")
        elif scope is Scope.SHARED_WITH_ME:
            where.granted_to = account_id
            where.also("id IN (SELECT file_id FROM file_share WHERE account_id = ?)", account_id)
        elif not viewer.is_administrator:
            raise ForbiddenError("Only an administrator may list everyone's files.")
        return where


def _can_be_found(wanted: FileFilter) -> bool:
    texts = (*wanted.tags, wanted.mime_type or "", wanted.name or "")
    return all(len(text) <= _MAX_TEXT and is_storable(text) for text in texts)


def _distinct_tags(wanted: FileFilter) -> list[str]:
    tags = list(dict.fromkeys(wanted.tags))
    if len(tags) > MAX_TAGS:
        raise ValidationFailedError(f"tags may hold at most {MAX_TAGS} different tags.")
    return tags


def _narrow_type(where: _Where, mime_type: str) -> None:
    family, slash, rest = mime_type.partition("/")
    if slash and rest != "*":
        where.also("mime_type = ?", mime_type)
    else:  # from "image/" to just before "image0": "0" follows "/" in every character set
        where.also("mime_type >= ? AND mime_type < ?", f"{family}/", f"{family}0")


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
