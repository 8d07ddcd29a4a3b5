"""Accounts: who owns files."""

from typing import ClassVar

from tortoise import Model, fields

from core.ids import ID_LENGTH
from models.account_kind import UserKind, folded_email

__all__ = ["MAX_EMAIL", "MAX_NAME", "User", "UserKind", "folded_email"]

MAX_EMAIL = 320
MAX_NAME = 255


class User(Model):
    """An account with its running totals, changed in the same transaction as its files.

    ``issuer`` and ``subject`` are who signs in to it, by OpenID Connect; ``email`` is what the
    issuer has verified, and ``email_folded`` the same as addresses are compared. Access tokens hold
    for one ``tokens_version``: counting it up ends those given out. ``merged_into`` is set when the
    files of a guest have moved to another account. ``quota_bytes`` and ``quota_files`` take the
    place of the quota of its kind; 0 is no quota.
    """

    id = fields.CharField(max_length=ID_LENGTH, primary_key=True)
    kind = fields.CharEnumField(UserKind, max_length=16)
    disabled_at = fields.DatetimeField(null=True)
    files_count = fields.BigIntField(default=0, db_default=0)
    bytes_used = fields.BigIntField(default=0, db_default=0)
    quota_bytes = fields.BigIntField(null=True)
    quota_files = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    email = fields.CharField(max_length=MAX_EMAIL, null=True)
    email_folded = fields.CharField(max_length=MAX_EMAIL, null=True)
    name = fields.CharField(max_length=MAX_NAME, null=True)
    issuer = fields.CharField(max_length=255, null=True)
    subject = fields.CharField(max_length=255, null=True)
    tokens_version = fields.IntField(default=0, db_default=0)
    merged_into = fields.CharField(max_length=ID_LENGTH, null=True)

    class Meta:
        """Where it is stored, that a subject has one account, and an index for addresses."""

        table = "user_account"
        ordering: ClassVar = ["id"]
        unique_together = (("issuer", "subject"),)
        indexes: ClassVar = [("email_folded",)]
