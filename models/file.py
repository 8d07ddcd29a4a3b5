"""Files: a name and description for bytes, and what a reader of them gets."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import orjson
from tortoise import Model, fields

from core.ids import ID_LENGTH
from models.blob import Blob
from models.columns import BytewiseText, as_utc
from models.user import User

FILENAME_BYTES = 255
TAG_CHARACTERS = 64


class Visibility(StrEnum):
    """Who may read a file besides its owner."""

    PRIVATE = "private"
    SHARED = "shared"
    PUBLIC = "public"


class File(Model):
    """A file of an owner.

    ``tags`` repeats ``FileTag`` in order, and ``width``, ``height``, ``duration`` and ``blurhash``
    repeat the blob's, for reading in one statement; ``filename_folded`` is the name as searches
    compare it. Signed addresses hold for one ``links_version``: counting it up revokes those given
    out.
    """

    id = BytewiseText(max_length=ID_LENGTH, primary_key=True)
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.RESTRICT, related_name="files"
    )
    owner_id: str
    blob: fields.ForeignKeyRelation[Blob] = fields.ForeignKeyField(
        "models.Blob", on_delete=fields.RESTRICT, related_name="files"
    )
    blob_id: str
    filename = BytewiseText(max_length=FILENAME_BYTES)
    filename_folded = fields.TextField()
    description = fields.TextField(null=True)
    tags = fields.TextField()
    visibility = fields.CharEnumField(Visibility, max_length=16)
    mime_type = BytewiseText(max_length=127)
    declared_type = BytewiseText(max_length=127, null=True)
    size = fields.BigIntField()
    sha256 = fields.CharField(max_length=64)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    duration = fields.FloatField(null=True)
    blurhash = fields.CharField(max_length=64, null=True)
    links_version = fields.BigIntField(default=0, db_default=0)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        """Where it is stored, and an index for each order that a list may have."""

        table = "file"
        indexes: ClassVar = [
            ("owner_id", "created_at", "id"),
            ("owner_id", "updated_at", "id"),
            ("owner_id", "filename", "id"),
            ("owner_id", "size", "id"),
            ("owner_id", "mime_type", "id"),
            ("visibility", "created_at", "id"),
            ("blob_id",),
        ]


class FileTag(Model):
    """One tag of one file, for finding files by tag."""

    id = fields.BigIntField(primary_key=True)
    file: fields.ForeignKeyRelation[File] = fields.ForeignKeyField(
        "models.File", on_delete=fields.CASCADE, related_name="file_tags"
    )
    file_id: str
    owner_id = fields.CharField(max_length=ID_LENGTH)
    name = BytewiseText(max_length=TAG_CHARACTERS)

    class Meta:
        """Where it is stored."""

        table = "file_tag"
        unique_together = (("file_id", "name"),)
        indexes: ClassVar = [("owner_id", "name", "file_id")]


@dataclass(slots=True)  # frozen ones take four times as long to make, and lists make many
class StoredFile:
    """A file as readers get it: one row, no database behind it. Times are UTC, size in bytes.

    Nobody changes one; a changed file is another (``dataclasses.replace``).

    Width and height are in pixels as shown, the duration in seconds; they and the BlurHash are None
    where they do not apply or are not known yet. ``declared_type`` is what the client said that it
    sent, ``mime_type`` what was found. ``granted_to`` is the account that the file was read for, if
    it is shared with that account by name.
    """

    id: str
    owner_id: str
    blob_id: str
    filename: str
    description: str | None
    tags: list[str]
    visibility: Visibility
    mime_type: str
    size: int
    checksum: str
    created_at: datetime
    updated_at: datetime
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    blurhash: str | None = None
    declared_type: str | None = None
    links_version: int = 0
    granted_to: str | None = None


COLUMNS = (
    "id, owner_id, blob_id, filename, description, tags, visibility, mime_type, size, sha256,"
    " created_at, updated_at, width, height, duration, blurhash, declared_type,"
    " links_version"
)
"""The columns of ``StoredFile``, in the order that ``stored_file`` reads them."""

GRANTED_TO = (
    "(SELECT account_id FROM file_share WHERE file_id = file.id AND account_id = ?) AS granted_to"
)
"""The column after those: the account that is bound to it, if the file is shared with it."""


def folded(name: str) -> str:
    """Return ``name`` as searches compare it: case folded, in one Unicode form.

    Source: The Unicode Standard, section 3.13, D146 (canonical caseless matching).
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


_ALONE = COLUMNS.count(",") + 1
_VISIBILITIES = {member.value: member for member in Visibility}


def stored_file(row: Sequence[Any]) -> StoredFile:
    """Return the file that a row of ``COLUMNS`` holds, and of ``GRANTED_TO`` if it is there."""
    return StoredFile(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        orjson.loads(row[5]),
        _VISIBILITIES[row[6]],
        row[7],
        row[8],
        row[9],
        as_utc(row[10]),
        as_utc(row[11]),
        row[12],
        row[13],
        row[14],
        row[15],
        row[16],
        row[17],
        row[18] if len(row) > _ALONE else None,
    )
