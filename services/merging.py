"""The files of a guest, and what others share with it, move to another account in one transaction.

Locks are taken as everywhere: files, accounts, blobs, each in order. Content that both have is
shared afterwards, as if it had been uploaded to one account; it is charged in full as before, and
may pass a quota, which then holds for what comes after.
"""

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


async def _share_content(transaction: Transaction, guest_id: str, account_id: str) -> None:
    both = await transaction.rows(
        "SELECT theirs.key AS key, ours.key AS shared, theirs.refs AS refs FROM blob theirs"
        " JOIN blob ours ON ours.sha256 = theirs.sha256 AND ours.owner_id = ? AND ours.refs > 0"
        " WHERE theirs.owner_id = ? AND theirs.refs > 0 ORDER BY ours.key" + transaction.for_update,
        account_id,
        guest_id,
    )
    for blob in both:
        await transaction.execute(
            "UPDATE file SET blob_id = ? WHERE blob_id = ?", blob["shared"], blob["key"]
        )
        await transaction.execute(
            "UPDATE blob SET refs = refs + ? WHERE key = ?", blob["refs"], blob["shared"]
        )
        await transaction.execute("UPDATE blob SET refs = 0 WHERE key = ?", blob["key"])
