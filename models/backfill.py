"""Backfills: work on all rows that an upgrade leaves to the running server."""

from tortoise import Model, fields


class Backfill(Model):
    """How far a backfill has come.

    Without a row there is nothing left to do. ``position`` is the key of the last row that was
    looked at, empty before the first one.
    """

    name = fields.CharField(max_length=32, primary_key=True)
    position = fields.CharField(max_length=40)

    class Meta:
        """Where it is stored."""

        table = "backfill"
