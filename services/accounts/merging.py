"""The files of a guest, and what others share with it, move to another account in one transaction.

Locks are taken as everywhere: files, accounts, blobs, each in order. Content that both have is
shared afterwards, as if it had been uploaded to one account; it is charged in full as before, and
may pass a quota, which then holds for what comes after.
"""

from typing import Final

from models.blob import FACTS
from models.database import Transaction


async def lock_files(transaction: Transaction, owner_id: str) -> None:
    """Lock the files of an account, before any account is locked."""
    await transaction.rows(
        "SELECT id FROM file WHERE owner_id = ? ORDER BY id" + transaction.for_update, owner_id
    )


async def move_files(transaction: Transaction, guest_id: str, account_id: str) -> int:
    """Give all files of a locked account to another that is locked too; return how many."""
    moved = await transaction.execute(
        "UPDATE file SET owner_id = ? WHERE owner_id = ?", account_id, guest_id
    )
    await transaction.execute(
        "UPDATE file_tag SET owner_id = ? WHERE owner_id = ?", account_id, guest_id
    )
    await _move_shares(transaction, guest_id, account_id)
    await _move_totals(transaction, guest_id, account_id)
    await _share_content(transaction, guest_id, account_id)
    await transaction.execute(
        "UPDATE blob SET owner_id = ? WHERE owner_id = ? AND refs > 0", account_id, guest_id
    )
    return moved


async def _move_shares(transaction: Transaction, guest_id: str, account_id: str) -> None:
    """Let the account read what the guest was let read, but for what is its own now."""
    known = (
        "SELECT file_id FROM file_share WHERE account_id = ?"
        " UNION SELECT id FROM file WHERE owner_id = ?"
    )
    await transaction.execute(
        f"UPDATE file_share SET account_id = ? WHERE account_id = ? AND file_id NOT IN ({known})",
        account_id,
        guest_id,
        account_id,
        account_id,
    )
    await transaction.execute("DELETE FROM file_share WHERE account_id = ?", guest_id)
    await transaction.execute(
        "DELETE FROM file_share WHERE account_id = ?"
        " AND file_id IN (SELECT id FROM file WHERE owner_id = ?)",
        account_id,
        account_id,
    )


async def _move_totals(transaction: Transaction, guest_id: str, account_id: str) -> None:
    (held,) = await transaction.rows(
        "SELECT files_count, bytes_used FROM user_account WHERE id = ?", guest_id
    )
    for owner_id, sign in ((guest_id, -1), (account_id, 1)):
        await transaction.execute(
            "UPDATE user_account SET files_count = files_count + ?, bytes_used = bytes_used + ?"
            " WHERE id = ?",
            sign * held["files_count"],
            sign * held["bytes_used"],
            owner_id,
        )


_SAME: Final = (
    "SELECT theirs.key AS key, theirs.refs AS refs, ours.key AS shared, "
    + ", ".join(f"ours.{name} AS {name}" for name in FACTS)
    + " FROM blob theirs"
    " JOIN blob ours ON ours.sha256 = theirs.sha256 AND ours.owner_id = ? AND ours.refs > 0"
    " WHERE theirs.owner_id = ? AND theirs.refs > 0"
)
"""The guest's blobs whose content the account has as well, and the account's blobs."""


async def _share_content(transaction: Transaction, guest_id: str, account_id: str) -> None:
    await _lock_blobs(transaction, guest_id, account_id)
    # What a probe has found of the account's blob is not looked for again.
    facts = ", ".join(f"{name} = COALESCE(same.{name}, file.{name})" for name in FACTS)
    await transaction.execute(
        f"UPDATE file SET blob_id = same.shared, {facts} FROM ({_SAME}) AS same"
        " WHERE file.blob_id = same.key",
        account_id,
        guest_id,
    )
    await transaction.execute(
        f"UPDATE blob SET refs = blob.refs + same.refs FROM ({_SAME}) AS same"
        " WHERE blob.key = same.shared",
        account_id,
        guest_id,
    )
    await transaction.execute(
        "UPDATE blob SET refs = 0 WHERE owner_id = ? AND refs > 0 AND sha256 IN"
        " (SELECT sha256 FROM blob WHERE owner_id = ? AND refs > 0)",
        guest_id,
        account_id,
    )


async def _lock_blobs(transaction: Transaction, guest_id: str, account_id: str) -> None:
    """Lock the guest's blobs and the account's of the same content, in the order of their keys."""
    await transaction.rows(
        "SELECT key FROM blob WHERE refs > 0 AND (owner_id = ? OR (owner_id = ? AND sha256 IN"
        " (SELECT sha256 FROM blob WHERE owner_id = ? AND refs > 0))) ORDER BY key"
        + transaction.for_update,
        guest_id,
        account_id,
        guest_id,
    )
