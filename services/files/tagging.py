"""Tags of many files at once: one transaction, and an outcome for each file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from auth.policy import Operation, Policy
from auth.viewer import Viewer
from core.errors import ValidationFailedError
from models.database import Database
from models.file import StoredFile
from services.access.access import Access
from services.files.metadata import MAX_TAGS, clean_tags
from services.files.rows import locked_files, save_tags
from services.files.visibilities import MAX_AT_ONCE


class TagOutcome(StrEnum):
    """What a bulk change of tags did to one file."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    TOO_MANY_TAGS = "too_many_tags"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Tagged:
    """The outcome for one id of a bulk change of tags."""

    id: str
    outcome: TagOutcome


@dataclass(frozen=True, slots=True)
class TagEdit:
    """Checked tags to add to files and to remove from them; no tag is in both."""

    add: Sequence[str]
    remove: Sequence[str]

    def applied(self, tags: Sequence[str]) -> list[str]:
        """Return ``tags`` in their order without the removed ones, then those that are new."""
        kept = [tag for tag in tags if tag not in self.remove]
        return [*kept, *(tag for tag in self.add if tag not in kept)]


def tag_edit(add: Any, remove: Any) -> TagEdit:
    """Return the edit that a caller asks for; None means no tags.

    Raises:
        ValidationFailedError: A list is wrong, both are empty, or a tag is in both.
    """
    edit = TagEdit(
        clean_tags([] if add is None else add, "add"),
        clean_tags([] if remove is None else remove, "remove"),
    )
    if not edit.add and not edit.remove:
        raise ValidationFailedError("Name at least one tag in add or remove.")
    both = [tag for tag in edit.add if tag in edit.remove]
    if both:
        raise ValidationFailedError(f"{both[0]!r} is in both add and remove.")
    return edit


class Tagging:
    """Changes the tags of many files at once."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def change(self, viewer: Viewer, ids: Sequence[str], edit: TagEdit) -> list[Tagged]:
        """Apply ``edit`` to each file of ``ids`` that ``viewer`` may change; return the outcomes.

        All files change in one transaction. A file that would have more than 50 tags stays as it
        is, and the others change. Each different id has one outcome, in the order of ``ids``.

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
            tags = {key: edit.applied(file.tags) for key, file in found.items()}
            outcomes = [
                Tagged(key, self._outcome(viewer, found.get(key), tags)) for key in distinct
            ]
            allowed = [found[one.id] for one in outcomes if one.outcome not in _REFUSED]
            await self._access.audit.record(viewer, Operation.UPDATE, allowed, transaction)
            changed = [one.id for one in outcomes if one.outcome is TagOutcome.CHANGED]
            await save_tags(transaction, [(found[key], tags[key]) for key in changed])
        return outcomes

    def _outcome(
        self, viewer: Viewer, file: StoredFile | None, tags: Mapping[str, list[str]]
    ) -> TagOutcome:
        refusal = self._access.refusal(viewer, Operation.UPDATE, file)
        if refusal is not None or file is None:
            return TagOutcome(refusal or TagOutcome.NOT_FOUND)
        if tags[file.id] == file.tags:
            return TagOutcome.UNCHANGED
        return TagOutcome.CHANGED if len(tags[file.id]) <= MAX_TAGS else TagOutcome.TOO_MANY_TAGS


_REFUSED: Final = {TagOutcome.NOT_FOUND, TagOutcome.FORBIDDEN}
