"""The operations on signed addresses, and what a route says that answers them."""

from typing import Final

from auth.signing import MAX_LIFETIME, MIN_LIFETIME
from core.errors import ErrorCode
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
)
from rest.openapi.shapes import all_of, one_of
from services.sharing.links import DEFAULT_LIFETIME, ContentDisposition, SignedOperation

EXPIRES: Final = parameter("query", "expires", "When a signed address expires, in Unix time.")
SIGNATURE: Final = parameter("query", "signature", "What signs the address.")

_TAG: Final = "links"
_CODES: Final = (*READING, *ONE_FILE, ErrorCode.INSUFFICIENT_SCOPE)


def link_paths() -> Json:
    """Return the path items of signed addresses."""
    file = "/v1/media/files/{file_id}"
    return {
        f"{file}/signed-url": {"post": _sign()},
        f"{file}/revoke-links": {"post": _revoke()},
    }


def link_schemas() -> Json:
    """Return the schemas of what is sent and answered."""
    return {"SignedUrlRequest": _request(), "SignedUrl": _signed_url()}


def disposition_parameter() -> Json:
    """Return the parameter that a signed address carries, and none but a signed address."""
    enum = [one.value for one in ContentDisposition]
    return parameter("query", "disposition", "As signed; ignored otherwise.", enum=enum)


def _sign() -> Json:
    return operation(
        "signUrl",
        _TAG,
        "Make a signed address",
        "Answers an address of the bytes that needs no token: for this file, this operation and"
        " this time alone. It ends before its time when the file is deleted, changes its"
        " visibility, or has its links revoked. The time is rounded up (to a minute for up to an"
        " hour, to an hour for up to a day, to a day for up to six), so that the same address"
        " comes again and caches keep what it gave; it is never over seven days.",
        parameters=[FILE_ID],
        requestBody=json_body("SignedUrlRequest", required=False),
        responses={
            "200": answer("The address.", enveloped(ref("SignedUrl"))),
            **problems((*_CODES, *JSON_BODY)),
        },
    )


def _revoke() -> Json:
    return operation(
        "revokeLinks",
        _TAG,
        "Revoke signed addresses",
        "Ends every signed address of the file, those of its previews too. Caches may give what"
        " they have from a download for up to an hour more. New addresses can be made at once.",
        parameters=[FILE_ID],
        responses={
            "200": answer("The file.", enveloped(ref("File"))),
            **problems((*WRITING, *ONE_FILE)),
        },
    )


def _request() -> Json:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "operation": one_of(
                SignedOperation, "What it gives.", default=SignedOperation.DOWNLOAD.value
            ),
            "expires_in": {
                "type": "integer",
                "minimum": MIN_LIFETIME,
                "maximum": MAX_LIFETIME,
                "default": DEFAULT_LIFETIME,
                "description": "For how many seconds it shall hold.",
            },
            "disposition": one_of(
                ContentDisposition,
                "Without one, downloads are saved and streams shown; types that are not safe to"
                " show are saved anyway.",
            ),
        },
    }


def _signed_url() -> Json:
    return all_of(
        url={"type": "string", "format": "uri", "description": "The signed address."},
        expires_at={
            "type": "string",
            "format": "date-time",
            "description": "Until when it holds.",
        },
        operation=one_of(SignedOperation, "What it gives."),
    )
