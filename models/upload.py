"""Uploads on their way: reservations that no reader of files can see."""

from typing import ClassVar

from tortoise import Model, fields

from core.ids import ID_LENGTH
from models.user import User


class Upload(Model):
    """A reserved key. Its row goes in the transaction that makes the file, or when it is swept.

    ``abandoned`` is set before the object under ``key`` is removed; from then on the upload can no
    longer become a file, so no file ever loses its bytes to the sweeper.

    ``reserved_bytes`` of the owner's quota are held for it until ``reserved_until``, which moves on
    while the body arrives; None for what is no upload of a client.
    """

    id = fields.CharField(max_length=ID_LENGTH, primary_key=True)
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.RESTRICT, related_name="uploads"
    )
    owner_id: str
    key = fields.CharField(max_length=32)
    reserved_bytes = fields.BigIntField(default=0, db_default=0)
    reserved_until = fields.DatetimeField(null=True)
    abandoned = fields.BooleanField(default=False, db_default=False)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        """Where it is stored."""

        table = "upload"
        indexes: ClassVar = [("created_at",), ("owner_id",)]
