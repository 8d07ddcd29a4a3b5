"""Reprocessing: how far the running server is with what an upgrade leaves to be made anew."""

from tortoise import Model, fields


class Reprocessing(Model):
    """How far one kind of work has gone through all files, from the newest to the oldest.

    ``position`` is the id of the last file that was looked at: empty before the first one, null
    when all are done. ``version`` is that of the code whose results are to be made. With
    ``everything``, what was made before ``started_at`` is made anew although its version is right.
    """

    name = fields.CharField(max_length=32, primary_key=True)
    version = fields.IntField()
    position = fields.CharField(max_length=40, null=True)
    everything = fields.BooleanField(default=False, db_default=False)
    is_paused = fields.BooleanField(default=False, db_default=False)
    started_at = fields.DatetimeField()

    class Meta:
        """Where it is stored."""

        table = "reprocessing"
