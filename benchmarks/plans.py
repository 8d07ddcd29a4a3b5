"""The plans of the statements that lists and deletions are made of."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, cast

from seeding import id_of, name_of
from serving import ROOT

sys.path.append(str(ROOT))

from auth.policy import Policy
from auth.viewer import Viewer
from models.database import Database, Transaction
from models.user import UserKind
from services.access.access import Access
from services.access.audit import Audit
from services.files.listing import EVERYTHING_OWN, FileFilter, Listing
from services.files.paging import Order, Window, cursor_of
from services.files.rows import found_files, remove_files

_COLUMNS: Final = re.compile(r"^SELECT (?:\w+, )+.*? FROM (?=\(SELECT|file )")


def of(url: str, owner: str, files: int) -> dict[str, list[str]]:
    """Return the lines of each statement's plan, by what it is for."""
    return asyncio.run(_explained(url, Viewer(owner, UserKind.USER), files))


class _Explaining(Database):
    """A database that notes how it would do what it does."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.lines: list[str] = []

    async def read(self, sql: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Return the rows, as ever."""
        how = "EXPLAIN QUERY PLAN" if self.is_embedded else "EXPLAIN (ANALYZE, COSTS OFF)"
        plan = await super().read(f"{how} {sql}", *values)
        self.lines += [_short(sql), *(str(row[-1]) for row in plan), ""]
        return await super().read(sql, *values)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Change nothing in the end."""
        async with super().transaction() as transaction:
            explaining = _ExplainingTransaction(transaction, self)
            yield cast("Transaction", explaining)
            raise _Undo


class _Undo(Exception):  # noqa: N818 - no error
    pass


class _ExplainingTransaction:
    def __init__(self, transaction: Transaction, database: _Explaining) -> None:
        self._transaction = transaction
        self._database = database
        self.one_of = transaction.one_of

    async def execute(self, sql: str, *values: Any) -> int:
        how = "EXPLAIN QUERY PLAN" if self._database.is_embedded else "EXPLAIN (COSTS OFF)"
        plan = await self._transaction.rows(f"{how} {sql}", *values)
        lines = [str(list(row.values())[-1]) for row in plan]
        self._database.lines += [_short(sql), *lines, ""]
        return await self._transaction.execute(sql, *values)


def _short(sql: str) -> str:
    return _COLUMNS.sub("SELECT … FROM ", sql)


async def _explained(url: str, viewer: Viewer, files: int) -> dict[str, list[str]]:
    database = _Explaining(url)
    await database.connect()
    try:
        return await _each(database, viewer, files)
    finally:
        await database.close()


async def _each(database: _Explaining, viewer: Viewer, files: int) -> dict[str, list[str]]:
    policy = Policy()
    listing = Listing(database, Access(policy, Audit(database, policy)))
    newest = Order()
    first = (await listing.page(viewer, EVERYTHING_OWN, newest, limit=1, offset=files // 2))[0]
    after = Window.of(50, cursor_of(first, newest))
    rare, common = FileFilter(tags=("rare",)), FileFilter(tags=("summer",))
    one, all_names = FileFilter(name=name_of(files // 2)), FileFilter(name="holiday")
    page = Window.of(50)
    wanted = {
        "a page after a cursor": listing.slice(viewer, EVERYTHING_OWN, newest, after),
        "a page of a tag of 1 in 100": listing.slice(viewer, rare, newest, page),
        "a page of a tag of nearly all": listing.slice(viewer, common, newest, page),
        "the total of a tag of 1 in 100": listing.count(viewer, rare),
        "a page of a name that one has": listing.slice(viewer, one, newest, page),
        "a page of a name that all have": listing.slice(viewer, all_names, newest, page),
        "the total of a name that one has": listing.count(viewer, one),
        "a deletion": _removed(database, viewer, id_of(files // 2)),
    }
    plans = {}
    for what, statement in wanted.items():
        database.lines.clear()
        await statement
        plans[what] = database.lines[:-1]
    return plans


async def _removed(database: Database, viewer: Viewer, file_id: str) -> None:
    found = await found_files(database, viewer, [file_id])
    try:
        async with database.transaction() as transaction:
            await remove_files(transaction, list(found.values()))
    except _Undo:
        pass
