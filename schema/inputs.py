"""The inputs of the schema, and what they mean to the services."""

from typing import Any

import strawberry
from strawberry import UNSET, field

from schema.enums import Scope, Visibility
from services.files import listing


@strawberry.input(description="What a new file is called and who may read it.")
class UploadInput:
    """See the description."""

    filename: str | None = field(
        default=UNSET, description="The name; without one, the name that the file came with."
    )
    description: str | None = field(default=UNSET, description="Free text about the file.")
    tags: list[str] | None = field(default=UNSET, description="Up to 50 tags.")
    visibility: Visibility | None = field(default=UNSET, description="PRIVATE without one.")


@strawberry.input(description="What to change; a field that is left out stays as it is.")
class UpdateFileInput:
    """See the description."""

    filename: str | None = field(default=UNSET, description="The new name; it cannot be null.")
    description: str | None = field(default=UNSET, description="The new text; null clears it.")
    tags: list[str] | None = field(default=UNSET, description="The tags that replace all others.")
    visibility: Visibility | None = field(default=UNSET, description="Who may read it from now on.")


@strawberry.input(description="What a list is narrowed to; all of it must hold.")
class FileFilter:
    """See the description."""

    scope: Scope = field(default=Scope.OWN, description="Whose files.")
    tags: list[str] | None = field(default=None, description="Tags that must all be there.")
    mime_type: str | None = field(
        default=None,
        description="A type under any of its names (`image/png`), a family (`image`, `video`, "
        "`audio`, `document`, `text`, `archive` or `other`), or a top-level type (`image/*`).",
    )
    visibility: Visibility | None = field(default=None, description="Only files of this one.")
    name: str | None = field(default=None, description="A part of the file name, in any case.")


def given(values: UploadInput | UpdateFileInput | None) -> dict[str, Any]:
    """Return the fields that a caller named."""
    everything = vars(values) if values is not None else {}
    return {name: value for name, value in everything.items() if value is not UNSET}


def wanted(narrowed: FileFilter | None) -> listing.FileFilter:
    """Return the services' filter."""
    if narrowed is None:
        return listing.EVERYTHING_OWN
    return listing.FileFilter(
        scope=narrowed.scope,
        tags=tuple(narrowed.tags or ()),
        mime_type=narrowed.mime_type,
        visibility=narrowed.visibility,
        name=narrowed.name,
    )
