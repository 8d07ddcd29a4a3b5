"""The operations on one's own account."""

from rest.openapi.codes import READING
from rest.openapi.parts import (
    Json,
    answer,
    enveloped,
    operation,
    problems,
    ref,
    with_head,
)
from rest.openapi.shapes import all_of, count


def usage_paths() -> Json:
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
                    **problems(READING),
                },
            )
        )
    }


def usage_schemas() -> Json:
    """Return the schemas of what is answered."""
    unbounded = ["integer", "null"]
    return {
        "Usage": all_of(
            bytes=count("How many bytes the files hold."),
            files=count("How many files there are."),
            quota_bytes=count("How many bytes they may hold, if set.", type=unbounded),
            quota_files=count("How many there may be, if set.", type=unbounded),
        )
    }
