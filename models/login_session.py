"""Sessions: one sign-in each, for as long as its refresh token is used."""

from typing import ClassVar

from tortoise import Model, fields

from core.ids import ID_LENGTH
from models.user import User


class LoginSession(Model):
    """A sign-in, and the digests of its refresh token and of the one before.

    One whose access token is not to be refreshed has no digest. A row goes some time after
    ``expires_at``, and with its account.
    """

    id = fields.CharField(max_length=ID_LENGTH, primary_key=True)
    account: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", on_delete=fields.CASCADE, related_name="sessions"
    )
    account_id: str
    refresh_digest = fields.CharField(max_length=64, null=True)
    previous_digest = fields.CharField(max_length=64, null=True)
    rotated_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    created_at = fields.DatetimeField()

    class Meta:
        """Where it is stored."""

        table = "login_session"
        indexes: ClassVar = [("account_id",), ("expires_at",)]
