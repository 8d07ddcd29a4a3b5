"""Shares: which accounts may read a file because its owner named them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from tortoise import Model, fields

from models.file import File
from models.user import MAX_EMAIL, User, UserKind


class FileShare(Model):
    """One account that may read one file. It goes with either of them.

    ``email`` is the account's address of then, if that is what named it.
    """

    id = fields.BigIntField(primary_key=True)
    file: fields.ForeignKeyRelation[File] = fields.ForeignKeyField(
        "models.File", on_delete=fields.CASCADE, related_name="shares"
    )
    file_id: str
    account: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.CASCADE, related_name="shares"
    )
    account_id: str
    email = fields.CharField(max_length=MAX_EMAIL, null=True)
    created_at = fields.DatetimeField()

    class Meta:
        """Where it is stored, and an index for what is shared with an account."""

        table = "file_share"
        unique_together = (("file_id", "account_id"),)
        indexes: ClassVar = [("account_id", "file_id")]


@dataclass(frozen=True, slots=True)
class Share:
    """An account that a file is shared with by name, and since when (UTC).

    ``email`` is the address that named it and ``name`` its owner's; None where an id did.
    """

    account_id: str
    kind: UserKind
    name: str | None
    email: str | None
    created_at: datetime
