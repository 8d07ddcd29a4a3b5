"""Sharing files with named accounts, which may read them from then on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from auth.policy import Operation, Policy
from auth.viewer import Viewer
from core.errors import NotFoundError, ValidationFailedError
from core.ids import IdPrefix, is_id
from models.columns import as_utc
from models.database import Database, Transaction
from models.file import StoredFile
from models.share import Share
from models.user import UserKind
from services.access.access import Access
from services.files.files import Files
from services.files.rows import count_up_links, locked_files
from services.sharing.share_names import MAX_SHARES, ShareNames, distinct, named_accounts, places

_SHARES: Final = (
    "SELECT file_share.file_id, file_share.account_id, user_account.kind, user_account.name,"
    " file_share.email, file_share.created_at"
    " FROM file_share JOIN user_account ON user_account.id = file_share.account_id"
)
_ORDER: Final = " ORDER BY file_share.created_at, file_share.account_id"


class Shares:
    """Who may read a file by name; the owner and administrators say and see."""

    def __init__(self, database: Database, files: Files, access: Access, issuer: str) -> None:
        self._database = database
        self._issuer = issuer
        self._files = files
        self._access = access

    async def of_file(self, viewer: Viewer, file_id: str) -> list[Share]:
        """Return whom a file is shared with, in the order of sharing.

        Raises:
            UnauthenticatedError, NotFoundError: As ``Files.get``.
            ForbiddenError: The caller may read the file but not see this of it.
        """
        file = await self._files.find(file_id, viewer)
        allowed = await self._access.allow(viewer, Operation.SEE_SHARES, file)
        return (await self._of([allowed]))[allowed.id]

    async def of_files(
        self, viewer: Viewer, files: Iterable[StoredFile]
    ) -> list[list[Share] | None]:
        """Return whom each file is shared with, in one statement; None where that is hidden."""
        every = list(files)
        seen = [one for one in every if self._access.policy.sees_shares(viewer, one)]
        await self._access.audit.record(viewer, Operation.SEE_SHARES, seen)
        found = await self._of(seen)
        return [found.get(file.id) for file in every]

    async def share(self, viewer: Viewer, file_id: str, names: ShareNames) -> StoredFile:
        """Let the accounts that are named read a file, all or none; who may already may go on.

        Raises:
            ValidationFailedError: The owner is among them, or they are too many.
            UnauthenticatedError: Nobody is signed in.
            NotFoundError: The file is hidden or missing, or an account missing or disabled.
            ForbiddenError: The caller may read the file but not share it, or is a guest and names
                addresses.
            ConflictError: Several accounts have an address.
        """
        async with self._database.transaction() as transaction:
            file = await self._locked(transaction, viewer, Operation.SHARE, file_id)
            if names.emails:
                Policy.require_known(viewer)
            wanted = await named_accounts(transaction, self._issuer, names)
            if file.owner_id in wanted:
                raise ValidationFailedError("The owner reads the file anyway; name other accounts.")
            await _put(transaction, file, wanted)
        return file

    async def unshare(self, viewer: Viewer, file_id: str, account_ids: Sequence[str]) -> StoredFile:
        """End the reading of these accounts, all or none, and every signed address of the file.

        The addresses go because the accounts may have some of its previews.

        Raises:
            ValidationFailedError: No accounts, or too many.
            UnauthenticatedError: Nobody is signed in.
            NotFoundError: The file is hidden or missing, or not shared with an account.
            ForbiddenError: The caller may read the file but not do this to it.
        """
        wanted = distinct(account_ids)
        async with self._database.transaction() as transaction:
            file = await self._locked(transaction, viewer, Operation.UNSHARE, file_id)
            for account_id in wanted:
                if not await _ended(transaction, file, account_id):
                    raise NotFoundError(f"The file is not shared with {account_id[:80]!r}.")
            version = await count_up_links(transaction, file)
        return replace(file, links_version=version)

    async def _locked(
        self, transaction: Transaction, viewer: Viewer, operation: Operation, file_id: str
    ) -> StoredFile:
        found = (await locked_files(transaction, viewer, [file_id])).get(file_id)
        return await self._access.allow(viewer, operation, found, transaction)

    async def _of(self, files: Sequence[StoredFile]) -> dict[str, list[Share]]:
        found: dict[str, list[Share]] = {file.id: [] for file in files}
        if found:
            sql = f"{_SHARES} WHERE file_share.file_id IN ({places(found)}){_ORDER}"
            for file_id, *share in await self._database.read(sql, *found):
                found[file_id].append(_share(*share))
        return found


def _share(account_id: str, kind: str, name: str | None, email: str | None, at: Any) -> Share:
    # Who knows an id alone, as of a public file's owner, is not told whose it is.
    return Share(account_id, UserKind(kind), name if email else None, email, as_utc(at))


async def _ended(transaction: Transaction, file: StoredFile, account_id: str) -> bool:
    if not is_id(account_id, IdPrefix.USER):  # not every text is one that a database takes
        return False
    sql = "DELETE FROM file_share WHERE file_id = ? AND account_id = ?"
    return bool(await transaction.execute(sql, file.id, account_id))


async def _put(
    transaction: Transaction, file: StoredFile, wanted: Mapping[str, str | None]
) -> None:
    rows = await transaction.rows("SELECT account_id FROM file_share WHERE file_id = ?", file.id)
    shared = {row["account_id"] for row in rows}
    added = [account_id for account_id in wanted if account_id not in shared]
    if len(shared) + len(added) > MAX_SHARES:
        raise ValidationFailedError(
            f"A file may be shared with {MAX_SHARES} accounts; it is with {len(shared)} already."
        )
    now = datetime.now(UTC)
    for account_id, email in wanted.items():
        if account_id not in shared:
            await transaction.execute(
                "INSERT INTO file_share (file_id, account_id, email, created_at)"
                " VALUES (?, ?, ?, ?)",
                file.id,
                account_id,
                email,
                now,
            )
        elif email is not None:
            await transaction.execute(
                "UPDATE file_share SET email = ? WHERE file_id = ? AND account_id = ?",
                email,
                file.id,
                account_id,
            )
