"""The operations on sharing with named accounts."""

from typing import Final

from core.errors import ErrorCode
from models.user import MAX_EMAIL, UserKind
from rest.openapi.codes import JSON_BODY, ONE_FILE, READING, WRITING
from rest.openapi.parts import (
    FILE_ID,
    Json,
    answer,
    enveloped,
    json_body,
    operation,
    parameter,
    problems,
    ref,
    with_head,
)
from rest.openapi.shapes import all_of, one_of, text
from services.sharing.share_names import MAX_SHARES

_TAG: Final = "shares"


def share_paths() -> Json:
    """Return the path items of sharing."""
    shares = "/v1/media/files/{file_id}/shares"
    return {
        shares: {**with_head(_list()), "post": _share()},
        f"{shares}/{{account_id}}": {"delete": _unshare()},
    }


def share_schemas() -> Json:
    """Return the schemas of what is sent and answered."""
    return {"ShareRequest": _request(), "Share": _one()}


def _list() -> Json:
    return operation(
        "listShares",
        _TAG,
        "List whom a file is shared with",
        "Answers the accounts that may read the file because they were named, in the order of"
        " sharing. Only the file's owner and administrators may see them.",
        parameters=[FILE_ID],
        responses={
            "200": answer("The accounts.", _listed()),
            **problems((*READING, *ONE_FILE)),
        },
    )


def _share() -> Json:
    return operation(
        "shareFile",
        _TAG,
        "Share a file",
        "Lets the accounts that the body names, by ids or by e-mail addresses, read the file, all"
        " or none: its information, bytes, previews, text and analysis. Who may read it already may"
        " go on. The file's visibility stays as it is. Guests name accounts by ids alone.",
        parameters=[FILE_ID],
        requestBody=json_body("ShareRequest", required=True),
        responses={
            "200": answer("All accounts that it is shared with.", _listed()),
            **problems((*WRITING, *ONE_FILE, *JSON_BODY, ErrorCode.CONFLICT)),
        },
    )


def _unshare() -> Json:
    return operation(
        "unshareFile",
        _TAG,
        "Stop sharing a file",
        "Ends the account's reading at once, and with it every signed address of the file, as the"
        " account may have one of a preview. Downloads that are running end in full.",
        parameters=[FILE_ID, parameter("path", "account_id", "The account's id.")],
        responses={
            "204": {"description": "It is no longer shared with the account."},
            **problems((*WRITING, *ONE_FILE)),
        },
    )


def _listed() -> Json:
    return enveloped({"type": "array", "items": ref("Share"), "maxItems": MAX_SHARES})


def _request() -> Json:
    ids = _names("The ids of the accounts; the owner is none of them.", {"type": "string"})
    address = {"type": "string", "maxLength": MAX_EMAIL, "examples": ["ada@example.org"]}
    emails = _names("Addresses that the sign-in provider has verified, in any case.", address)
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"account_ids": ids, "emails": emails},
        "oneOf": [{"required": ["account_ids"]}, {"required": ["emails"]}],
    }


def _names(description: str, item: Json) -> Json:
    limits = {"minItems": 1, "maxItems": MAX_SHARES}
    return {"type": "array", "items": item, **limits, "description": description}


def _one() -> Json:
    return all_of(
        account_id=text("The account's id."),
        kind=one_of(UserKind, "What the account is."),
        name={
            "type": ["string", "null"],
            "description": "What the person is called; null where an id named the account.",
        },
        email={
            "type": ["string", "null"],
            "description": "The address that named the account; null where an id did.",
        },
        created_at={
            "type": "string",
            "format": "date-time",
            "description": "Since when it may read the file.",
        },
    )
