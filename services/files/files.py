"""Files: look at, change, open and delete. Every call asks the policy first."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from auth.policy import NO_SUCH_FILE, Operation, Policy
from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    MediaError,
    NotFoundError,
    ValidationFailedError,
)
from models.database import Database
from models.file import StoredFile
from services.access.access import Access
from services.files.metadata import changes
from services.files.purge import Purger
from services.files.rows import (
    count_up_links,
    found_files,
    locked_files,
    remove_files,
    save_file,
)
from services.storage_errors import storage_errors
from storage.base import (
    ObjectNotFoundError,
    Presentation,
    Storage,
    StorageError,
    StoredObject,
)

logger = logging.getLogger("media.files")

MAX_BULK_DELETE: Final = 1000

_PURGE_SECONDS: Final = 5
"""How long a deletion that is done already may be about its bytes."""


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
        self, database: Database, storage: Storage, purger: Purger, access: Access
    ) -> None:
        self._database = database
        self._storage = storage
        self._purger = purger
        self._access = access

    async def get(self, viewer: Viewer, file_id: str) -> StoredFile:
        """Return a file that ``viewer`` may read.

        Raises:
            UnauthenticatedError: Nobody is signed in, and the file is not public.
            NotFoundError: It does not exist, or is hidden from this caller.
        """
        found = await self.find(file_id, viewer)
        return await self._access.allow(viewer, Operation.READ, found)

    async def find(self, file_id: str, viewer: Viewer = ANONYMOUS) -> StoredFile | None:
        """Return a file as the policy is to judge it for ``viewer``, without asking the policy.

        Without a viewer it is for callers that are let in by something else.
        """
        return (await found_files(self._database, viewer, [file_id])).get(file_id)

    async def get_many(self, viewer: Viewer, ids: Sequence[str]) -> list[StoredFile | None]:
        """Return the files with these ids in their order; None where ``viewer`` may not read."""
        found = await found_files(self._database, viewer, ids)
        policy = self._access.policy
        readable = {key: file for key, file in found.items() if policy.can_read(viewer, file)}
        await self._access.audit.record(viewer, Operation.READ, list(readable.values()))
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

    async def direct_url(self, file: StoredFile, presentation: Presentation) -> str | None:
        """Return where the storage itself gives the bytes of ``file``, whoever asks, as ``find``.

        None if it has no such address. Who has it may use it as long as it lives.

        Raises:
            UnavailableError: The storage cannot sign now.
        """
        with storage_errors():
            return await self._storage.signed_url(file.blob_id, presentation)

    def local_name(self, file: StoredFile) -> str | None:
        """Return where below the folder of objects the bytes of ``file`` are, None if nowhere."""
        return self._storage.local_name(file.blob_id)

    async def update(self, viewer: Viewer, file_id: str, given: Mapping[str, Any]) -> StoredFile:
        """Change the fields that ``given`` names; what it does not name stays.

        Raises:
            ValidationFailedError: A field is unknown or its value wrong.
            UnauthenticatedError, NotFoundError: As ``get``.
            ForbiddenError: The caller may read the file but not change it.
        """
        changed = changes(given)
        async with self._database.transaction() as transaction:
            found = (await locked_files(transaction, viewer, [file_id])).get(file_id)
            file = await self._access.allow(viewer, Operation.UPDATE, found, transaction)
            updated = _changed(file, changed)
            await save_file(transaction, updated, tags_changed="tags" in changed)
        return updated

    async def revoke_links(self, viewer: Viewer, file_id: str) -> StoredFile:
        """End every signed address given out for a file, previews' too; return the file.

        Raises:
            UnauthenticatedError, NotFoundError: As ``get``.
            ForbiddenError: The caller may read the file but not revoke its links.
        """
        async with self._database.transaction() as transaction:
            found = (await locked_files(transaction, viewer, [file_id])).get(file_id)
            file = await self._access.allow(viewer, Operation.REVOKE_LINKS, found, transaction)
            version = await count_up_links(transaction, file)
        return replace(file, links_version=version)

    async def delete(self, viewer: Viewer, file_id: str) -> None:
        """Delete a file; it is gone for every reader when this returns.

        Raises:
            UnauthenticatedError, NotFoundError: As ``get``.
            ForbiddenError: The caller may read the file but not delete it.
        """
        async with self._database.transaction() as transaction:
            found = (await locked_files(transaction, viewer, [file_id])).get(file_id)
            file = await self._access.allow(viewer, Operation.DELETE, found, transaction)
            await remove_files(transaction, [file])
        await self._purge([file])

    async def bulk_delete(self, viewer: Viewer, ids: Sequence[str]) -> list[Deletion]:
        """Delete what ``viewer`` may of ``ids``, all in one transaction; tell each one's outcome.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ValidationFailedError: More than 1000 ids.
        """
        Policy.require_writer(viewer)
        if len(ids) > MAX_BULK_DELETE:
            raise ValidationFailedError(f"At most {MAX_BULK_DELETE} files can be deleted at once.")
        distinct = list(dict.fromkeys(ids))
        async with self._database.transaction() as transaction:
            found = await locked_files(transaction, viewer, distinct)
            outcomes = [Deletion(key, self._outcome(viewer, found.get(key))) for key in distinct]
            doomed = [found[one.id] for one in outcomes if one.outcome is Outcome.DELETED]
            await self._access.audit.record(viewer, Operation.DELETE, doomed, transaction)
            await remove_files(transaction, doomed)
        await self._purge(doomed)
        return outcomes

    def _outcome(self, viewer: Viewer, file: StoredFile | None) -> Outcome:
        refusal = self._access.refusal(viewer, Operation.DELETE, file)
        return Outcome(refusal or Outcome.DELETED)

    async def _purge(self, files: Iterable[StoredFile]) -> None:
        try:
            async with asyncio.timeout(_PURGE_SECONDS):
                await self._purger.purge({file.blob_id for file in files})
        except (MediaError, StorageError, TimeoutError) as error:
            reason = str(error) or f"they took longer than {_PURGE_SECONDS} s"
            logger.warning("bytes of deleted files are left to the sweeper: %s", reason)


def _changed(file: StoredFile, changed: Mapping[str, Any]) -> StoredFile:
    updated = replace(file, updated_at=datetime.now(UTC), **changed)
    # Counted, so that the addresses of before stay revoked when the visibility is changed back.
    revoked = updated.visibility is not file.visibility
    return replace(updated, links_version=file.links_version + revoked)
