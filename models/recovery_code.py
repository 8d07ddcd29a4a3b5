"""Recovery codes: how guests sign in again."""

from tortoise import Model, fields

from models.user import User


class RecoveryCode(Model):
    """The one recovery code of a guest: its digest, never the code itself.

    The row goes when the code is revoked, and with its account.
    """

    digest = fields.CharField(max_length=64, primary_key=True)
    account: fields.OneToOneRelation[User] = fields.OneToOneField(
        "models.User", on_delete=fields.CASCADE, related_name="recovery_code"
    )
    account_id: str
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)

    class Meta:
        """Where it is stored."""

        table = "recovery_code"
