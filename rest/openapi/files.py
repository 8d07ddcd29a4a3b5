"""The operations on files as JSON: upload, list, look at, change, delete."""

from typing import Any, Final

from core.errors import ErrorCode
from models.file import Visibility
from rest.openapi.codes import JSON_BODY, ONE_FILE, READING, WRITING
from rest.openapi.parts import (
    EITHER,
    FILE_ID,
    Json,
    answer,
    enveloped,
    json_body,
    limited_number,
    operation,
    parameter,
    problems,
    ref,
    with_head,
)
from services.access.bounds import MAX_PAGE
from services.files.files import MAX_BULK_DELETE
from services.files.listing import MAX_OFFSET, Scope
from services.files.metadata import MAX_TAGS
from services.files.paging import DEFAULT_PAGE, Order, SortKey
from services.files.visibilities import MAX_AT_ONCE
from services.uploads.idempotency import MAX_KEY_LENGTH

_TAG: Final = "files"
_SCOPES: Final = (
    "Whose files: your own, those shared with everybody or with you by name, or everyone's."
)
_KEYS: Final = (
    ErrorCode.IDEMPOTENCY_KEY_IN_USE,
    ErrorCode.IDEMPOTENCY_KEY_REUSED,
    ErrorCode.NOT_FOUND,  # what a retry asks for has been deleted
)
_QUOTA: Final = (
    ErrorCode.QUOTA_EXCEEDED,
    ErrorCode.TOO_MANY_UPLOADS,
    ErrorCode.RATE_LIMITED,
)


def file_paths() -> Json:
    """Return the path items of files as JSON."""
    return {
        "/v1/media/upload": {"post": _upload()},
        "/v1/media/files": with_head(_list()),
        "/v1/media/files/bulk-delete": {"post": _bulk_delete()},
        "/v1/media/files/bulk-visibility": {"post": _bulk_visibility()},
        "/v1/media/files/bulk-tag": {"post": _bulk_tag()},
        "/v1/media/files/{file_id}": {
            **with_head(_get()),
            "patch": _patch(),
            "delete": _delete(),
        },
    }


def _upload() -> Json:
    form = {"schema": ref("UploadForm"), "encoding": {"tags": {"style": "form", "explode": True}}}
    codes = (*WRITING, *JSON_BODY, ErrorCode.CONFLICT, *_QUOTA, *_KEYS)
    return operation(
        "uploadFile",
        _TAG,
        "Upload a file",
        "Stores one file with its metadata. The body is streamed: it may have any size up to the"
        " server's limit (`MEDIA_MAX_UPLOAD_BYTES`), past which it is refused in mid-stream with"
        " 413. When 200 is answered the file is durable and visible; otherwise nothing is left"
        " behind. With an `Idempotency-Key`, a retry within 24 hours answers the first file.",
        parameters=[
            parameter(
                "header",
                "Idempotency-Key",
                "A new one for each upload, the same for its retries: a quoted string.",
                minLength=1,
                maxLength=2 * MAX_KEY_LENGTH + 2,  # each character may be escaped
                examples=['"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
            )
        ],
        requestBody={"required": True, "content": {"multipart/form-data": form}},
        responses={
            "200": answer("The file as it is now.", enveloped(ref("File"))),
            **problems(codes),
        },
    )


def _list() -> Json:
    codes = (*READING, ErrorCode.VALIDATION_FAILED, ErrorCode.FORBIDDEN)
    return operation(
        "listFiles",
        _TAG,
        "List files",
        "Answers a page of the files that fit every filter, your own unless `scope` says"
        " otherwise, and how many there are in all. A parameter that is unknown, or given twice,"
        " is a 400. The scope `all` is the administrators'.",
        parameters=list_parameters(),
        responses={
            "200": answer("A page of the list.", ref("FileList")),
            **problems(codes),
        },
    )


def list_parameters() -> list[Json]:
    """Return what a list may be asked for, with the limits that the service holds."""
    keys = [sign + key.value for key in SortKey for sign in ("", "-")]
    tags = {"type": "array", "items": {"type": "string"}}
    return [
        limited_number("limit", "How many files to answer.", 1, MAX_PAGE, DEFAULT_PAGE),
        limited_number("offset", "How many files to skip.", 0, MAX_OFFSET, 0),
        _query("sort", "The order; `-` before a key is descending.", keys, default=str(Order())),
        parameter("query", "tag", "Only files with this tag; all of several.", **tags),
        parameter(
            "query",
            "type",
            "Only this content type (`image/png`, by any of its names), family (`image`, `video`, "
            "`audio`, `document`, `text`, `archive` or `other`) or top-level type (`image/*`).",
        ),
        _query("visibility", "Only files of this visibility.", [one.value for one in Visibility]),
        parameter("query", "name", "Only files with this in their name, in any case."),
        _query("scope", _SCOPES, [one.value for one in Scope], default=Scope.OWN.value),
    ]


def _query(name: str, description: str, values: list[str], **more: Any) -> Json:
    return parameter("query", name, description, enum=values, **more)


def _get() -> Json:
    return operation(
        "getFile",
        _TAG,
        "Get a file's information",
        "Answers the file's metadata. A public file needs no token. A file that is hidden from"
        " you answers as one that does not exist.",
        security=EITHER,
        parameters=[FILE_ID],
        responses={
            "200": answer("The file.", enveloped(ref("File"))),
            **problems((*READING, ErrorCode.NOT_FOUND)),
        },
    )


def _patch() -> Json:
    codes = (*WRITING, *ONE_FILE, *JSON_BODY)
    return operation(
        "updateFile",
        _TAG,
        "Change a file's metadata",
        "Changes the fields that the body names, and leaves the others as they are.",
        parameters=[FILE_ID],
        requestBody=json_body("FileChanges", required=True),
        responses={
            "200": answer("The file as it is now.", enveloped(ref("File"))),
            **problems(codes),
        },
    )


def _delete() -> Json:
    return operation(
        "deleteFile",
        _TAG,
        "Delete a file",
        "The file is gone for every reader at once; downloads that are running end in full.",
        parameters=[FILE_ID],
        responses={
            "204": {"description": "It is gone."},
            **problems((*WRITING, *ONE_FILE)),
        },
    )


def _bulk_delete() -> Json:
    return operation(
        "bulkDeleteFiles",
        _TAG,
        "Delete many files",
        f"Deletes what you may of up to {MAX_BULK_DELETE} files in one transaction, and tells what"
        " became of each; an id that names nothing is not an error.",
        requestBody=json_body("BulkDelete", required=True),
        responses={
            "200": answer("What became of each file.", enveloped(ref("BulkDeleteResult"))),
            **problems((*WRITING, *JSON_BODY)),
        },
    )


def _bulk_visibility() -> Json:
    return operation(
        "bulkSetVisibility",
        _TAG,
        "Change the visibility of many files",
        f"Gives a visibility to what you may change of up to {MAX_AT_ONCE} files in one"
        " transaction, and tells what became of each; an id that names nothing is not an error."
        " Signed addresses of the files that change end.",
        requestBody=json_body("BulkVisibility", required=True),
        responses={
            "200": answer("What became of each file.", enveloped(ref("BulkVisibilityResult"))),
            **problems((*WRITING, *JSON_BODY)),
        },
    )


def _bulk_tag() -> Json:
    return operation(
        "bulkTagFiles",
        _TAG,
        "Change the tags of many files",
        f"Adds tags to up to {MAX_AT_ONCE} files and removes others from them, in one transaction."
        f" Answers an outcome for each file; one that would have more than {MAX_TAGS} tags stays"
        " as it is. An id that names nothing is not an error.",
        requestBody=json_body("BulkTag", required=True),
        responses={
            "200": answer("What became of each file.", enveloped(ref("BulkTagResult"))),
            **problems((*WRITING, *JSON_BODY)),
        },
    )
