"""The audit of what administrators do with files that are not their own, kept and shown.

A record is written in the transaction of the operation, or before its answer goes out: what cannot
be recorded does not happen.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from auth.policy import Operation, Policy
from auth.viewer import Viewer
from core.errors import ForbiddenError
from core.observation import request_id
from models.audit import AuditEntry
from models.columns import as_utc
from models.database import Database, Transaction
from models.file import StoredFile
from models.user import UserKind
from services.access.bounds import MAX_PAGE, require_range

logger = logging.getLogger("media.audit")

MAX_OFFSET: Final = 10_000_000

_COLUMNS: Final = "id, at, account_id, operation, file_id, owner_id, request_id"
_AT_ONCE: Final = 500  # rows that one statement removes


class Audit:
    """Writes and reads the records."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._policy = policy

    async def record(
        self,
        viewer: Viewer,
        operation: Operation,
        files: Sequence[StoredFile],
        transaction: Transaction | None = None,
    ) -> None:
        """Record what of this is to be audited, in ``transaction`` or in one of its own.

        Raises:
            UnavailableError, StorageFullError: It could not be recorded.
        """
        audited = [file for file in files if self._policy.is_audited(viewer, operation, file)]
        if not audited:
            return
        if transaction is not None:
            await _write(transaction, viewer, operation, audited)
            return
        async with self._database.transaction() as own:
            await _write(own, viewer, operation, audited)

    async def page(
        self,
        viewer: Viewer,
        *,
        limit: int,
        offset: int,
        account_id: str | None = None,
        file_id: str | None = None,
    ) -> tuple[list[AuditEntry], int]:
        """Return up to ``limit`` records, newest first, after ``offset``, and how many there are.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ForbiddenError: The caller is no administrator.
            ValidationFailedError: Limit or offset are out of range.
        """
        self._policy.require_account(viewer)
        if not viewer.is_administrator:
            raise ForbiddenError("Only an administrator may read the audit.")
        require_range("limit", limit, 1, MAX_PAGE)
        require_range("offset", offset, 0, MAX_OFFSET)
        where, values = _where(account_id, file_id)
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM audit_record{where} ORDER BY id DESC LIMIT ? OFFSET ?",
            *values,
            limit,
            offset,
        )
        total = await self._database.read(f"SELECT COUNT(*) FROM audit_record{where}", *values)
        return [_entry(*row) for row in rows], int(total[0][0])


async def expire_records(database: Database, kept: timedelta) -> int:
    """Remove what is older than ``kept``, and return how many records that were.

    Records come in the order of their time, so that the oldest are found by their ids.
    """
    cutoff, removed = datetime.now(UTC) - kept, 0
    oldest = f"SELECT id FROM audit_record ORDER BY id LIMIT {_AT_ONCE}"
    while True:
        async with database.transaction() as transaction:
            expired = await transaction.execute(
                f"DELETE FROM audit_record WHERE at < ? AND id IN ({oldest})", cutoff
            )
        removed += expired
        if expired < _AT_ONCE:
            break
    if removed:
        logger.info("removed %d records older than %d days", removed, kept.days)
    return removed


OPERATOR: Final = Viewer("operator", UserKind.ADMINISTRATOR)
"""Who runs the ``media`` command: no account, and nobody to hide the audit from."""


async def _write(
    transaction: Transaction, viewer: Viewer, operation: Operation, files: Sequence[StoredFile]
) -> None:
    now, request = datetime.now(UTC), request_id()
    given, value = transaction.table(
        {"file_id": "text", "owner_id": "text"}, [(file.id, file.owner_id) for file in files]
    )
    await transaction.execute(
        "INSERT INTO audit_record (at, account_id, operation, request_id, file_id, owner_id)"
        f" SELECT ?, ?, ?, ?, file_id, owner_id FROM {given}",
        now,
        viewer.id,
        operation.value,
        request,
        value,
    )
    for file in files:
        logger.info("administrator %s: %s %s", viewer.id, operation.value, file.id)


def _where(account_id: str | None, file_id: str | None) -> tuple[str, list[str]]:
    wanted = {"account_id": account_id, "file_id": file_id}
    given = {name: value for name, value in wanted.items() if value is not None}
    clauses = " AND ".join(f"{name} = ?" for name in given)
    return (f" WHERE {clauses}" if clauses else ""), list(given.values())


def _entry(number: int, at: Any, *rest: Any) -> AuditEntry:
    return AuditEntry(number, as_utc(at), *rest)
