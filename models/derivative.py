"""Derivatives: what was computed from a blob, once for each specification."""

from enum import StrEnum
from typing import ClassVar

from tortoise import Model, fields

from core.ids import ID_LENGTH
from models.blob import Blob
from models.columns import BytewiseText


class DerivativeKind(StrEnum):
    """What a derivative is."""

    PREVIEW = "preview"
    TEXT = "text"
    ANALYSIS = "analysis"


class DerivativeState(StrEnum):
    """How far a derivative is."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Derivative(Model):
    """One result for a blob and the digest of a specification, or why there is none.

    While pending, ``claim`` names who works on it, until ``claimed_until``; after that anybody may
    claim it anew. When ready, ``key`` names its object in the storage; ``failure`` and ``message``
    tell of a failure. ``version`` is that of the code which made the result or failed to: 0 for
    what was made before versions were kept. A result that is made anew stays ready meanwhile. The
    row goes with its blob.
    """

    id = fields.CharField(max_length=ID_LENGTH, primary_key=True)
    blob: fields.ForeignKeyRelation[Blob] = fields.ForeignKeyField(
        "models.Blob", on_delete=fields.RESTRICT, related_name="derivatives"
    )
    blob_id: str
    spec = fields.CharField(max_length=64)
    kind = fields.CharEnumField(DerivativeKind, max_length=16)
    parameters = fields.TextField()
    version = fields.IntField(default=0, db_default=0)
    state = fields.CharEnumField(DerivativeState, max_length=16)
    claim = fields.CharField(max_length=32)
    claimed_until = fields.DatetimeField()
    key = fields.CharField(max_length=32, null=True)
    sha256 = fields.CharField(max_length=64, null=True)
    mime_type = BytewiseText(max_length=127, null=True)
    size = fields.BigIntField(null=True)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    failure = fields.CharField(max_length=16, null=True)
    message = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        """Where it is stored, and that a specification is worked on once."""

        table = "derivative"
        unique_together = (("blob_id", "spec"),)
        indexes: ClassVar = [("key",)]
