"""Who may read many files from now on: one transaction, and an outcome for each file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from auth.policy import Operation, Policy
from auth.viewer import Viewer
from core.errors import ValidationFailedError
from models.database import Database, Transaction
from models.file import StoredFile, Visibility
from services.access.access import Access
from services.files.rows import locked_files

MAX_AT_ONCE: Final = 1000


class VisibilityOutcome(StrEnum):
    """What became of one file of a bulk change of visibility."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class VisibilityChange:
    """The outcome for one id of a bulk change of visibility."""

    id: str
    outcome: VisibilityOutcome


class Visibilities:
    """The visibility of many files at once."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def set(
        self, viewer: Viewer, ids: Sequence[str], visibility: Visibility
    ) -> list[VisibilityChange]:
        """Give what ``viewer`` may change of ``ids`` a visibility; tell each one's outcome.

        It is one transaction; signed addresses of the files that change end, as with one file.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            InsufficientScopeError: The caller's API key may only read.
            ValidationFailedError: More than 1000 ids.
        """
        Policy.require_writer(viewer)
        if len(ids) > MAX_AT_ONCE:
            raise ValidationFailedError(f"At most {MAX_AT_ONCE} files can be changed at once.")
        distinct = list(dict.fromkeys(ids))
        async with self._database.transaction() as transaction:
            found = await locked_files(transaction, viewer, distinct)
            outcomes = [
                VisibilityChange(key, self._outcome(viewer, found.get(key), visibility))
                for key in distinct
            ]
            allowed = [found[one.id] for one in outcomes if one.outcome in _ALLOWED]
            await self._access.audit.record(viewer, Operation.UPDATE, allowed, transaction)
            changed = [one.id for one in outcomes if one.outcome is VisibilityOutcome.CHANGED]
            await _save(transaction, changed, visibility)
        return outcomes

    def _outcome(
        self, viewer: Viewer, file: StoredFile | None, visibility: Visibility
    ) -> VisibilityOutcome:
        refusal = self._access.refusal(viewer, Operation.UPDATE, file)
        if refusal is not None or file is None:
            return VisibilityOutcome(refusal or VisibilityOutcome.NOT_FOUND)
        same = file.visibility is visibility
        return VisibilityOutcome.UNCHANGED if same else VisibilityOutcome.CHANGED


_ALLOWED: Final = {VisibilityOutcome.CHANGED, VisibilityOutcome.UNCHANGED}


async def _save(transaction: Transaction, ids: Sequence[str], visibility: Visibility) -> None:
    if not ids:
        return
    condition, values = transaction.one_of("id", ids)
    await transaction.execute(
        "UPDATE file SET visibility = ?, links_version = links_version + 1, updated_at = ?"
        f" WHERE {condition}",
        visibility.value,
        datetime.now(UTC),
        values,
    )
