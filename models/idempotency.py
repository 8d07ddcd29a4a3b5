"""Idempotency keys: what a client's retries of an upload are recognised by."""

from tortoise import Model, fields

from models.columns import BytewiseText
from models.user import User


class IdempotencyKey(Model):
    """A key that an account has sent with an upload.

    While the upload runs, ``holder`` names the request, until ``held_until``; after that anybody
    may take the key over. ``fingerprint`` and ``file_ids`` (JSON) are written by the transaction
    that makes the files. The row goes a day after ``created_at``.
    """

    id = fields.BigIntField(primary_key=True)
    owner: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.CASCADE, related_name="idempotency_keys"
    )
    owner_id: str
    key = BytewiseText(max_length=255)
    holder = fields.CharField(max_length=32)
    held_until = fields.DatetimeField()
    fingerprint = fields.CharField(max_length=64, null=True)
    file_ids = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        """Where it is stored, and that a key means one upload."""

        table = "idempotency_key"
        unique_together = (("owner_id", "key"),)
        indexes = (("created_at",),)
