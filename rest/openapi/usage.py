"""The operations on one's own account."""

from typing import Final

from core.errors import ErrorCode
from rest.openapi.parts import (
    Json,
    Statuses,
    answer,
    enveloped,
    operation,
    problems,
    ref,
    with_head,
)

_CODES: Final = (ErrorCode.UNAUTHENTICATED, ErrorCode.UNAVAILABLE)


def usage_paths(statuses: Statuses) -> Json:
    """Return the path items of accounts."""
    return {
        "/v1/account/usage": with_head(
            operation(
                "accountUsage",
                "accounts",
                "Get your usage",
                "Answers how much your account stores, duplicates counted in full, and how much it"
                " may store.",
                responses={
                    "200": answer("What is used, and the quota.", enveloped(ref("Usage"))),
                    **problems(statuses, _CODES),
                },
            )
        )
    }


def usage_schemas() -> Json:
    """Return the schemas of what is answered."""
    return {
        "Usage": {
            "type": "object",
            "required": ["bytes", "files", "quota_bytes", "quota_files"],
            "properties": {
                "bytes": _count("integer", "How many bytes the files hold."),
                "files": _count("integer", "How many files there are."),
                "quota_bytes": _count(["integer", "null"], "How many bytes they may hold, if set."),
                "quota_files": _count(["integer", "null"], "How many there may be, if set."),
            },
        }
    }


def _count(kind: str | list[str], description: str) -> Json:
    return {"type": kind, "minimum": 0, "description": description}
