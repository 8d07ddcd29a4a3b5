"""API keys: how scripts sign in as an account."""

from typing import ClassVar

from tortoise import Model, fields

from core.ids import ID_LENGTH
from models.user import User

MAX_KEY_NAME = 100


class ApiKey(Model):
    """A key of an account: its digest and how it begins, never the key itself.

    The row goes when the key is revoked.
    """

    id = fields.CharField(max_length=ID_LENGTH, primary_key=True)
    account: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.CASCADE, related_name="api_keys"
    )
    account_id: str
    name = fields.CharField(max_length=MAX_KEY_NAME)
    digest = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=16)
    writes = fields.BooleanField()
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        """Where it is stored."""

        table = "api_key"
        indexes: ClassVar = [("account_id",)]
