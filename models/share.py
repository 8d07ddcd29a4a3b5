"""Shares: which accounts may read a file because its owner named them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from tortoise import Model, fields

from models.file import File
from models.user import User, UserKind


class FileShare(Model):
    """One account that may read one file. It goes with either of them."""

    id = fields.BigIntField(primary_key=True)
    file: fields.ForeignKeyRelation[File] = fields.ForeignKeyField(
        "models.File", on_delete=fields.CASCADE, related_name="shares"
    )
    file_id: str
    account: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.CASCADE, related_name="shares"
    )
    account_id: str
    created_at = fields.DatetimeField()

    class Meta:
        """Where it is stored, and an index for what is shared with an account."""

        table = "file_share"
        unique_together = (("file_id", "account_id"),)
        indexes: ClassVar = [("account_id", "file_id")]


@dataclass(frozen=True, slots=True)
class Share:
    """An account that a file is shared with by name, and since when (UTC)."""

    account_id: str
    kind: UserKind
    created_at: datetime
