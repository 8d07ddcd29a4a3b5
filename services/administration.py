"""What an operator does to accounts, from the command line."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from auth.administrators import COLUMNS, Administrators
from core.errors import ConflictError, NotFoundError
from models.columns import as_utc
from models.database import Database, Transaction
from models.notices import Topic
from models.user import UserKind, folded_email
from services.recovery_codes import remove_recovery_code

audit = logging.getLogger("media.audit")

_LISTED: Final = (
    f"id, {COLUMNS}, name, files_count, bytes_used, created_at, disabled_at, merged_into"
)
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account as its operator sees it; ``bytes_used`` counts duplicates in full."""

    id: str
    kind: UserKind
    email: str | None
    name: str | None
    files_count: int
    bytes_used: int
    created_at: datetime
    disabled_at: datetime | None
    merged_into: str | None


class Administration:
    """Looks after accounts; running servers are told what changes."""

    def __init__(self, database: Database, administrators: Administrators) -> None:
        self._database = database
        self._administrators = administrators

    async def list(self) -> list[ListedAccount]:
        """Return every account, oldest first."""
        found: list[ListedAccount] = []
        after, rows = "", [()]
        while rows:
            read = await self._database.read(
                f"SELECT {_LISTED} FROM user_account WHERE id > ? ORDER BY id LIMIT {_BATCH}", after
            )
            rows = [tuple(row) for row in read]
            found += [self._listed(row) for row in rows]
            after = found[-1].id if found else ""
        return found

    async def disable(self, name: str) -> str:
        """Shut an account out, named by id or e-mail address; return its id.

        Its sessions and API keys work again once it is enabled.

        Raises:
            NotFoundError: There is no such account.
            ConflictError: Several accounts have this address.
        """
        return await self._set(name, "disabled_at", datetime.now(UTC))

    async def enable(self, name: str) -> str:
        """Let an account in again; return its id. Raises as ``disable``."""
        return await self._set(name, "disabled_at", None)

    async def promote(self, name: str) -> str:
        """Make an account an administrator's; return its id. Raises as ``disable``.

        A guest that is promoted loses its recovery code.
        """
        return await self._set(name, "kind", UserKind.ADMINISTRATOR.value)

    async def demote(self, name: str) -> str:
        """Make an administrator's account a user's; return its id. Raises as ``disable``.

        One that the setting names stays an administrator as long as it does.
        """
        return await self._set(name, "kind", UserKind.USER.value)

    async def revoke_recovery_code(self, name: str) -> str:
        """End the recovery code of a guest; return the account's id.

        Raises:
            NotFoundError: There is no such account, or it has no recovery code.
            ConflictError: Several accounts have this address.
        """
        async with self._database.transaction() as transaction:
            account_id = await _found(transaction, name)
            if not await remove_recovery_code(transaction, account_id):
                raise NotFoundError(f"Account {account_id} has no recovery code.")
        audit.info("operator: account %s: revoked its recovery code", account_id)
        return account_id

    async def _set(self, name: str, column: str, value: object) -> str:
        async with self._database.transaction() as transaction:
            account_id = await _found(transaction, name)
            await transaction.execute(
                f"UPDATE user_account SET {column} = ? WHERE id = ?", value, account_id
            )
            if column == "kind":  # to which no guest's code may sign in
                await remove_recovery_code(transaction, account_id)
            await transaction.tell(Topic.ACCOUNT, account_id)
        audit.info("operator: account %s: %s = %s", account_id, column, value)
        return account_id

    def _listed(self, row: Sequence[Any]) -> ListedAccount:
        known = dict(zip(_LISTED.split(", "), row, strict=True))
        disabled_at = known["disabled_at"]
        return ListedAccount(
            known["id"],
            self._administrators.kind_of(known),
            known["email"],
            known["name"],
            known["files_count"],
            known["bytes_used"],
            as_utc(known["created_at"]),
            as_utc(disabled_at) if disabled_at else None,
            known["merged_into"],
        )


async def _found(transaction: Transaction, name: str) -> str:
    rows = await transaction.rows(
        "SELECT id FROM user_account WHERE id = ? OR email_folded = ?", name, folded_email(name)
    )
    if not rows:
        raise NotFoundError(f"There is no account {name}.")
    if len(rows) > 1:
        ids = ", ".join(row["id"] for row in rows)
        raise ConflictError(f"Several accounts have the address {name}; name one by its id: {ids}.")
    account_id: str = rows[0]["id"]
    return account_id
