"""Audit: what administrators did with files that are not their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from tortoise import Model, fields

from core.ids import ID_LENGTH

OPERATION_CHARACTERS = 32
REQUEST_ID_CHARACTERS = 128


class AuditRecord(Model):
    """One access to one file. No foreign keys: it outlives account and file."""

    id = fields.BigIntField(primary_key=True)
    at = fields.DatetimeField()
    account_id = fields.CharField(max_length=ID_LENGTH)
    operation = fields.CharField(max_length=OPERATION_CHARACTERS)
    file_id = fields.CharField(max_length=ID_LENGTH)
    owner_id = fields.CharField(max_length=ID_LENGTH)
    request_id = fields.CharField(max_length=REQUEST_ID_CHARACTERS, null=True)

    class Meta:
        """Where it is stored, and how it is looked up."""

        table = "audit_record"
        indexes: ClassVar = [("file_id", "id"), ("account_id", "id")]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to whose file, when (UTC), and in which request (None: in no request)."""

    id: int
    at: datetime
    account_id: str
    operation: str
    file_id: str
    owner_id: str
    request_id: str | None
