"""Files: look at, change, open and delete. Every call asks the policy first."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import orjson

from auth.policy import NO_SUCH_FILE, Operation, Policy
from auth.viewer import Viewer
from core.errors import (
    ForbiddenError,
    MediaError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from core.ids import IdPrefix, is_id
from models.database import Database, Transaction
from models.file import COLUMNS, StoredFile, folded, stored_file
from services.metadata import changes
from services.records import insert_tags
from services.storage_errors import storage_errors
from services.sweep import Sweeper
from storage.base import ObjectNotFoundError, Storage, StorageError, StoredObject

logger = logging.getLogger("media.files")

MAX_BULK_DELETE: Final = 1000


class Outcome(StrEnum):
    """What became of one file of a bulk deletion."""

    DELETED = "deleted"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Deletion:
    """The outcome for one id of a bulk deletion."""

    id: str
    outcome: Outcome


class Files:
    """The files of every account, as far as the caller may reach them."""

    def __init__(
        self, database: Database, storage: Storage, sweeper: Sweeper, policy: Policy
    ) -> None:
        self._database = database
        self._storage = storage
        self._sweeper = sweeper
        self._policy = policy

    async def get(self, viewer: Viewer, file_id: str) -> StoredFile:
        """Return a file that ``viewer`` may read.

        Raises:
            UnauthenticatedError: Nobody is signed in, and the file is not public.
            NotFoundError: It does not exist, or is hidden from this caller.
        """
        found = await self.find(file_id)
        self._policy.authorize(viewer, Operation.READ, found)
        assert found is not None  # noqa: S101 - authorize refuses what is not there
        return found

    async def find(self, file_id: str) -> StoredFile | None:
        """Return a file whoever asks: for callers that are let in by something else."""
        return (await self._by_ids([file_id])).get(file_id)

    async def get_many(self, viewer: Viewer, ids: Sequence[str]) -> list[StoredFile | None]:
        """Return the files with these ids in their order; None where ``viewer`` may not read."""
        found = await self._by_ids(ids)
        readable = {key: file for key, file in found.items() if self._policy.can_read(viewer, file)}
        return [readable.get(file_id) for file_id in ids]

    async def open(self, viewer: Viewer, file_id: str) -> tuple[StoredFile, StoredObject]:
        """Return a readable file and its opened bytes, which outlive a deletion; close them.

        Raises:
            UnauthenticatedError, NotFoundError: As ``get``.
            UnavailableError: The storage does not answer, or has lost the bytes.
        """
        file = await self.get(viewer, file_id)
        try:
            return file, await self.open_found(file)
        except NotFoundError:
            await self.get(viewer, file_id)  # raises what this caller is to know
            raise

    async def open_found(self, file: StoredFile) -> StoredObject:
        """Return the opened bytes of ``file``, whoever asks: as ``find``; close them.

        Raises:
            NotFoundError: It was deleted since it was found.
            UnavailableError: The storage does not answer, or has lost the bytes.
        """
        with storage_errors():
            try:
                return await self._storage.open(file.blob_id)
            except ObjectNotFoundError:
                if await self.find(file.id) is None:
                    raise NotFoundError(NO_SUCH_FILE) from None
                logger.error("the bytes of %s are gone: %s", file.id, file.blob_id)  # noqa: TRY400 - the sentence is enough
                raise

    async def update(self, viewer: Viewer, file_id: str, given: Mapping[str, Any]) -> StoredFile:
        """Change the fields that ``given`` names; what it does not name stays.

        Raises:
            ValidationFailedError: A field is unknown or its value wrong.
            UnauthenticatedError, NotFoundError: As ``get``.
            ForbiddenError: The caller may read the file but not change it.
        """
        changed = changes(given)
        async with self._database.transaction() as transaction:
            file = (await _locked(transaction, [file_id])).get(file_id)
            self._policy.authorize(viewer, Operation.UPDATE, file)
            assert file is not None  # noqa: S101 - authorize refuses what is not there
            updated = _changed(file, changed)
            await _save(transaction, updated, tags_changed="tags" in changed)
        return updated

    async def revoke_links(self, viewer: Viewer, file_id: str) -> StoredFile:
        """End every signed address given out for a file, previews' too; return the file.

        Raises:
            UnauthenticatedError, NotFoundError: As ``get``.
            ForbiddenError: The caller may read the file but not revoke its links.
        """
        async with self._database.transaction() as transaction:
            file = (await _locked(transaction, [file_id])).get(file_id)
            self._policy.authorize(viewer, Operation.REVOKE_LINKS, file)
            assert file is not None  # noqa: S101 - authorize refuses what is not there
            version = file.links_version + 1
            await transaction.execute(
                "UPDATE file SET links_version = ? WHERE id = ?", version, file.id
            )
        return replace(file, links_version=version)

    async def delete(self, viewer: Viewer, file_id: str) -> None:
        """Delete a file; it is gone for every reader when this returns.

        Raises:
            UnauthenticatedError, NotFoundError: As ``get``.
            ForbiddenError: The caller may read the file but not delete it.
        """
        async with self._database.transaction() as transaction:
            found = await _locked(transaction, [file_id])
            self._policy.authorize(viewer, Operation.DELETE, found.get(file_id))
            await _remove(transaction, list(found.values()))
        await self._purge(found.values())

    async def bulk_delete(self, viewer: Viewer, ids: Sequence[str]) -> list[Deletion]:
        """Delete what ``viewer`` may of ``ids``, all in one transaction; tell each one's outcome.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ValidationFailedError: More than 1000 ids.
        """
        self._policy.require_writer(viewer)
        if len(ids) > MAX_BULK_DELETE:
            raise ValidationFailedError(f"At most {MAX_BULK_DELETE} files can be deleted at once.")
        distinct = list(dict.fromkeys(ids))
        async with self._database.transaction() as transaction:
            found = await _locked(transaction, distinct)
            outcomes = [Deletion(key, self._outcome(viewer, found.get(key))) for key in distinct]
            doomed = [found[one.id] for one in outcomes if one.outcome is Outcome.DELETED]
            await _remove(transaction, doomed)
        await self._purge(doomed)
        return outcomes

    def _outcome(self, viewer: Viewer, file: StoredFile | None) -> Outcome:
        try:
            self._policy.authorize(viewer, Operation.DELETE, file)
        except (NotFoundError, UnauthenticatedError):
            return Outcome.NOT_FOUND
        except ForbiddenError:
            return Outcome.FORBIDDEN
        return Outcome.DELETED

    async def _by_ids(self, ids: Sequence[str]) -> dict[str, StoredFile]:
        wanted = [file_id for file_id in ids if is_id(file_id, IdPrefix.FILE)]
        if not wanted:
            return {}
        return _by_id(await self._database.read(_select(wanted), *wanted))

    async def _purge(self, files: Iterable[StoredFile]) -> None:
        try:
            await self._sweeper.purge({file.blob_id for file in files})
        except (MediaError, StorageError) as error:
            logger.warning("bytes of deleted files are left to the sweeper: %s", error)


def _select(ids: Sequence[str]) -> str:
    return f"SELECT {COLUMNS} FROM file WHERE id IN ({', '.join('?' * len(ids))}) ORDER BY id"


def _by_id(rows: Iterable[Sequence[Any]]) -> dict[str, StoredFile]:
    return {row[0]: stored_file(row) for row in rows}


async def _locked(transaction: Transaction, ids: Sequence[str]) -> dict[str, StoredFile]:
    wanted = [file_id for file_id in ids if is_id(file_id, IdPrefix.FILE)]
    if not wanted:
        return {}
    rows = await transaction.rows(_select(wanted) + transaction.for_update, *wanted)
    return _by_id(tuple(row.values()) for row in rows)


def _changed(file: StoredFile, changed: Mapping[str, Any]) -> StoredFile:
    updated = replace(file, updated_at=datetime.now(UTC), **changed)
    # Counted, so that the addresses of before stay revoked when the visibility is changed back.
    revoked = updated.visibility is not file.visibility
    return replace(updated, links_version=file.links_version + revoked)


async def _save(transaction: Transaction, file: StoredFile, *, tags_changed: bool) -> None:
    await transaction.execute(
        "UPDATE file SET filename = ?, filename_folded = ?, description = ?, tags = ?,"
        " visibility = ?, links_version = ?, updated_at = ? WHERE id = ?",
        file.filename,
        folded(file.filename),
        file.description,
        orjson.dumps(file.tags).decode(),
        file.visibility.value,
        file.links_version,
        file.updated_at,
        file.id,
    )
    if tags_changed:
        await transaction.execute("DELETE FROM file_tag WHERE file_id = ?", file.id)
        await insert_tags(transaction, file.id, file.owner_id, file.tags)


async def _remove(transaction: Transaction, files: Sequence[StoredFile]) -> None:
    for file in files:
        await transaction.execute("DELETE FROM file WHERE id = ?", file.id)
    # Files, accounts, blobs, each in order: no two transactions wait for each other in a circle.
    for owner_id, owned in sorted(_by_owner(files).items()):
        await transaction.execute(
            "UPDATE user_account SET files_count = files_count - ?, bytes_used = bytes_used - ?"
            " WHERE id = ?",
            len(owned),
            sum(file.size for file in owned),
            owner_id,
        )
    for blob_id, count in sorted(Counter(file.blob_id for file in files).items()):
        await transaction.execute("UPDATE blob SET refs = refs - ? WHERE key = ?", count, blob_id)


def _by_owner(files: Sequence[StoredFile]) -> dict[str, list[StoredFile]]:
    owned: dict[str, list[StoredFile]] = {}
    for file in files:
        owned.setdefault(file.owner_id, []).append(file)
    return owned
