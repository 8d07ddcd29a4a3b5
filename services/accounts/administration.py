"""What an operator does to accounts, from the command line."""

import logging
from datetime import UTC, datetime

from core.errors import ConflictError, NotFoundError
from models.account_kind import UserKind, folded_email
from models.database import Database, Transaction
from models.notices import Topic
from services.accounts.recovery_codes import remove_recovery_code

audit = logging.getLogger("media.audit")


class Administration:
    """Changes accounts, and notifies running servers of each change."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
