"""The operations on the bytes of files: download and stream (RFC 9110, sections 13 and 14)."""

from typing import Final

from core.errors import ErrorCode
from rest.openapi.codes import ONE_FILE, READING
from rest.openapi.links import EXPIRES, SIGNATURE, disposition_parameter
from rest.openapi.parts import (
    EITHER,
    FILE_ID,
    Json,
    header,
    operation,
    parameter,
    problems,
    with_head,
)
from streaming.ranges import MAX_RANGES

_CODES: Final = (
    *READING,
    *ONE_FILE,
    ErrorCode.PRECONDITION_FAILED,
    ErrorCode.RANGE_NOT_SATISFIABLE,
)

PARAMETERS: Final = [
    FILE_ID,
    parameter(
        "header",
        "Range",
        f"The bytes to answer: one range or up to {MAX_RANGES}; malformed ones are ignored.",
        examples=["bytes=0-1023", "bytes=-500", "bytes=0-99,200-299"],
    ),
    parameter("header", "If-Range", "Answer the range only if the file still has this ETag."),
    parameter("header", "If-None-Match", "Answer 304 if the file has one of these ETags."),
    parameter("header", "If-Match", "Answer 412 unless the file has one of these ETags."),
    parameter("header", "If-Modified-Since", "Answer 304 if the bytes are not newer."),
    parameter("header", "If-Unmodified-Since", "Answer 412 if the bytes are newer."),
]

VALIDATORS: Final = {
    "ETag": header("The strong entity tag: the SHA-256 in hexadecimal.", pattern='^"[^"]+"$'),
    "Last-Modified": header("When the bytes were uploaded."),
    "Cache-Control": header(
        "Keep it, but ask again before each use; of a signed address, for an hour at the most."
    ),
}
OF_BYTES: Final = {
    **VALIDATORS,
    "Accept-Ranges": header("`bytes`", const="bytes"),
    "Content-Length": header("Length of this body in bytes.", pattern="^[0-9]+$"),
    "Content-Disposition": header("`inline` or `attachment`, and the file's name."),
    "Repr-Digest": header("SHA-256 of the whole file (RFC 9530).", pattern="^sha-256=:.+:$"),
    "X-Content-Type-Options": header("`nosniff`", const="nosniff"),
    "Cross-Origin-Resource-Policy": header("`cross-origin`", const="cross-origin"),
    "Content-Security-Policy": header("Keeps markup from acting in a browser.", required=False),
}
BYTES: Final = {"schema": {"type": "string", "format": "binary"}}


def content_paths() -> Json:
    """Return the path items of files as bytes."""
    return {
        "/v1/media/files/{file_id}/download": with_head(
            operation(
                "downloadFile",
                "content",
                "Download a file",
                "Answers the bytes as an attachment, whole or in ranges. A public file needs no"
                " token, nor does a signed address.",
                security=EITHER,
                parameters=[*PARAMETERS, disposition_parameter(), EXPIRES, SIGNATURE],
                responses=_responses(),
            )
        ),
        "/v1/media/files/{file_id}/stream": with_head(
            operation(
                "streamFile",
                "content",
                "Stream a file",
                "Answers the bytes to be shown in place, whole or in ranges, for players that seek."
                " Types that a browser could run, SVG and HTML among them, are attachments here"
                " too. A public file needs no token, nor does a signed address.",
                security=EITHER,
                parameters=[*PARAMETERS, disposition_parameter(), EXPIRES, SIGNATURE],
                responses=_responses(),
            )
        ),
    }


def _responses() -> Json:
    one_range = header("Which bytes these are; absent for several.", required=False)
    return {
        "200": {
            "description": "The whole file.",
            "headers": OF_BYTES,
            "content": {"*/*": BYTES},
        },
        "206": {
            "description": "The bytes that were asked for; several ranges come as parts.",
            "headers": {**OF_BYTES, "Content-Range": one_range},
            "content": {"*/*": BYTES, "multipart/byteranges": BYTES},
        },
        "304": {"description": "Your copy is current.", "headers": VALIDATORS},
        "307": {
            "description": "The bytes are at this address, for a few minutes. Only where the"
            " operator has set so; clients follow by themselves, and send their token here alone.",
            "headers": {"Location": header("A pre-signed address of the storage.")},
        },
        **problems(_CODES),
    }
