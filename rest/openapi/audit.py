"""The operation on the audit."""

from auth.policy import Operation
from core.errors import ErrorCode
from rest.openapi.codes import READING
from rest.openapi.parts import (
    Json,
    answer,
    limited_number,
    operation,
    parameter,
    problems,
    ref,
    with_head,
)
from rest.openapi.shapes import all_of, count, one_of, text
from services.access.audit import MAX_OFFSET
from services.access.bounds import MAX_PAGE
from services.files.paging import DEFAULT_PAGE


def audit_paths() -> Json:
    """Return the path item of the audit."""
    return {"/v1/audit": with_head(_list())}


def audit_schemas() -> Json:
    """Return the schemas of what is answered."""
    return {"AuditEntry": _entry(), "AuditPage": _page()}


def _list() -> Json:
    codes = (*READING, ErrorCode.FORBIDDEN, ErrorCode.VALIDATION_FAILED)
    return operation(
        "listAudit",
        "audit",
        "List what administrators did to others' files",
        "Answers a page of the audit, newest first: each access of an administrator to a file that"
        " is not their own, but for reading public ones. For administrators alone.",
        parameters=[
            limited_number("limit", "How many records to answer.", 1, MAX_PAGE, DEFAULT_PAGE),
            limited_number("offset", "How many records to skip.", 0, MAX_OFFSET, 0),
            parameter("query", "account_id", "Only what this administrator did."),
            parameter("query", "file_id", "Only what was done to this file."),
        ],
        responses={
            "200": answer("A page of the audit.", ref("AuditPage")),
            **problems(codes),
        },
    )


def _entry() -> Json:
    return all_of(
        id={"type": "integer", "description": "Later records have higher ones."},
        at={"type": "string", "format": "date-time", "description": "When, in UTC."},
        account_id=text("The administrator."),
        operation=one_of(Operation, "What was done."),
        file_id=text("The file; it may be gone."),
        owner_id=text("Whose file it is or was."),
        request_id={
            "type": ["string", "null"],
            "description": "The `X-Request-ID` of the request; null outside of one.",
        },
    )


def _page() -> Json:
    meta = all_of(
        total=count("How many there are in all."),
        limit={"type": "integer", "description": "The most that this page may hold."},
        offset={"type": "integer", "description": "How many were skipped."},
    )
    data = {"type": "array", "items": ref("AuditEntry"), "maxItems": MAX_PAGE}
    return all_of(data=data, meta=meta)
