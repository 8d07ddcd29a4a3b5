"""Blobs: the bytes of files, once per owner and content."""

from collections.abc import Mapping
from typing import Final

from tortoise import Model, fields

from models.user import User

FACTS: Final[Mapping[str, str]] = {
    "width": "int",
    "height": "int",
    "duration": "double precision",
    "blurhash": "text",
}
"""What a probe finds, by column with its SQL type: on the blob and on each file that shows it."""


class Blob(Model):
    """Immutable bytes under a random key that is never reused.

    ``refs`` counts the files that show these bytes. At 0 the blob is dead: it is never counted up
    again (every increment asks ``refs > 0``), so its object may go at any later time. A unique
    index over owner and digest ``WHERE refs > 0`` stands in the first migration, as SQL: Tortoise
    has no conditional constraint for SQLite.

    ``width`` and ``height`` (pixels, as shown), ``duration`` (seconds) and ``blurhash`` are found
    after the upload; until then ``probed`` is false.
    """

    key = fields.CharField(max_length=32, primary_key=True)
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.RESTRICT, related_name="blobs"
    )
    owner_id: str
    sha256 = fields.CharField(max_length=64)
    size = fields.BigIntField()
    refs = fields.IntField(default=1, db_default=1)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    duration = fields.FloatField(null=True)
    blurhash = fields.CharField(max_length=64, null=True)
    probed = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Where it is stored."""

        table = "blob"
