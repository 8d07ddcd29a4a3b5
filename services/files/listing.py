"""Lists of files: which ones, in what order, and a page of them by offset or by key set.

Key-set paging asks for the rows after a given one in the index's own order, so a page costs the
same wherever it lies, and stays in place while others insert.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from auth.policy import Operation
from auth.viewer import Viewer
from core.errors import ForbiddenError, ValidationFailedError
from models.database import Database
from models.file import COLUMNS, StoredFile, Visibility, stored_file
from services.access.access import Access
from services.access.bounds import MAX_PAGE, require_range
from services.files.metadata import MAX_TAGS, is_storable
from services.files.paging import Order, Window, position_of
from services.files.query import Narrowed, narrow_name, narrow_tag, narrow_type

MAX_OFFSET: Final = 10_000_000

_OWN_TOTAL: Final = "SELECT files_count FROM user_account WHERE id = ?"
_Rows = Sequence[Sequence[Any]]

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

    ``tags`` must all be there; ``mime_type`` is a type under any of its names (``image/png``), a
    family (``image``, ``video``, ``audio``, ``document``, ``text``, ``archive`` or ``other``) or a
    top-level type (``image/*``); ``name`` is any part of the file name, in any case.
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
        narrowed, rows = await self._page(viewer, wanted, order, limit, offset)
        return await self._listed(viewer, narrowed, rows)

    async def counted_page(
        self, viewer: Viewer, wanted: FileFilter, order: Order, *, limit: int, offset: int
    ) -> tuple[list[StoredFile], int]:
        """Return a page as ``page`` does, and how many files the whole list holds."""
        narrowed, rows = await self._page(viewer, wanted, order, limit, offset)
        files = await self._listed(viewer, narrowed, rows)
        if len(rows) < limit and (rows or not offset):  # the end of the list is in sight
            return files, offset + len(rows)
        if rows and wanted == EVERYTHING_OWN:
            return files, rows[0][-1]
        return files, await self._count(viewer, wanted, narrowed)

    async def slice(
        self, viewer: Viewer, wanted: FileFilter, order: Order, window: Window
    ) -> Slice:
        """Return the files of ``window``, in the list's order.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ForbiddenError: The scope is the administrators'.
            ValidationFailedError: The cursor is not one of this list, or there are too many tags.
        """
        narrowed = await self._narrowed(viewer, wanted)
        walked = Order(order.key, order.descending is not window.backward)
        if window.cursor is not None:
            beyond = "<" if walked.descending else ">"
            narrowed.also(f"({order.key}, id) {beyond} (?, ?)", *position_of(window.cursor, order))
        rows = await self._rows(narrowed, walked, window.size + 1)
        files = await self._listed(viewer, narrowed, rows[: window.size])
        more = len(rows) > window.size
        behind = window.cursor is not None
        if window.backward:
            return Slice(files[::-1], has_next=behind, has_previous=more)
        return Slice(files, has_next=more, has_previous=behind)

    async def count(self, viewer: Viewer, wanted: FileFilter) -> int:
        """Return how many files the list holds; for all of one's own, the account's total."""
        return await self._count(viewer, wanted, await self._narrowed(viewer, wanted))

    async def _page(
        self, viewer: Viewer, wanted: FileFilter, order: Order, limit: int, offset: int
    ) -> tuple[Narrowed, _Rows]:
        require_range("limit", limit, 1, MAX_PAGE)
        require_range("offset", offset, 0, MAX_OFFSET)
        narrowed = await self._narrowed(viewer, wanted)
        columns, values = COLUMNS, []
        if wanted == EVERYTHING_OWN:
            columns, values = f"{COLUMNS}, NULL, ({_OWN_TOTAL})", [viewer.id]
        return narrowed, await self._rows(narrowed, order, limit, offset, columns, values)

    async def _rows(  # noqa: PLR0913, PLR0917 - the clauses of a statement
        self,
        narrowed: Narrowed,
        order: Order,
        limit: int,
        offset: int = 0,
        columns: str = COLUMNS,
        values: Sequence[Any] = (),
    ) -> _Rows:
        direction = "DESC" if order.descending else "ASC"
        return await self._database.read(
            f"SELECT {columns} FROM {narrowed.source} WHERE {narrowed.walked}"
            f" ORDER BY {order.key} {direction}, id {direction} LIMIT ? OFFSET ?",
            *values,
            *narrowed.values,
            limit,
            offset,
        )

    async def _listed(self, viewer: Viewer, narrowed: Narrowed, rows: _Rows) -> list[StoredFile]:
        files = [stored_file(row) for row in rows]
        if narrowed.granted_to is not None:
            files = [replace(file, granted_to=narrowed.granted_to) for file in files]
        await self._audit.record(viewer, Operation.LIST, files)
        return files

    async def _count(self, viewer: Viewer, wanted: FileFilter, narrowed: Narrowed) -> int:
        sql, values = (
            f"SELECT COUNT(*) FROM {narrowed.source} WHERE {narrowed.counted}",
            narrowed.values,
        )
        if wanted == EVERYTHING_OWN:
            sql, values = _OWN_TOTAL, [viewer.id]
        elif _is_one_tag(wanted):  # an index holds all that is to be counted
            sql = "SELECT COUNT(*) FROM file_tag WHERE owner_id = ? AND name = ?"
            values = [viewer.id, wanted.tags[0]]
        rows = await self._database.read(sql, *values)
        return int(rows[0][0]) if rows else 0  # no row: the account is gone

    async def _narrowed(self, viewer: Viewer, wanted: FileFilter) -> Narrowed:
        narrowed = self._in_scope(viewer, wanted.scope)
        if not _can_be_found(wanted):
            narrowed.also("1 = 0")
            return narrowed
        for tag in _distinct_tags(wanted):
            await narrow_tag(self._database, narrowed, tag)
        if wanted.mime_type is not None:
            narrow_type(self._database, narrowed, wanted.mime_type)
        if wanted.visibility is not None:
            narrowed.also("visibility = ?", wanted.visibility.value)
        if wanted.name is not None:
            await narrow_name(self._database, narrowed, wanted.name)
        return narrowed

    def _in_scope(self, viewer: Viewer, scope: Scope) -> Narrowed:
        account_id = self._policy.require_account(viewer)
        narrowed = Narrowed()
        if scope is Scope.OWN:
            narrowed.owner_id = account_id
            narrowed.also("owner_id = ?", account_id)
        elif scope is Scope.SHARED and self._policy.reads_shared(viewer):
            narrowed.also("visibility = ? AND owner_id <> ?", Visibility.SHARED.value, account_id)
        elif scope is Scope.SHARED:
            narrowed.also("1 = 0")
        elif scope is Scope.SHARED_WITH_ME:
            narrowed.granted_to, narrowed.few = account_id, True
            shared = "id IN (SELECT file_id FROM file_share WHERE account_id = ?)"
            narrowed.also(shared, account_id)
        elif not viewer.is_administrator:
            raise ForbiddenError("Only an administrator may list everyone's files.")
        return narrowed


def _can_be_found(wanted: FileFilter) -> bool:
    texts = (*wanted.tags, wanted.mime_type or "", wanted.name or "")
    return all(len(text) <= _MAX_TEXT and is_storable(text) for text in texts)


def _is_one_tag(wanted: FileFilter) -> bool:
    return (
        len(wanted.tags) == 1 and wanted == FileFilter(tags=wanted.tags) and _can_be_found(wanted)
    )


def _distinct_tags(wanted: FileFilter) -> list[str]:
    tags = list(dict.fromkeys(wanted.tags))
    if len(tags) > MAX_TAGS:
        raise ValidationFailedError(f"tags may hold at most {MAX_TAGS} different tags.")
    return tags
