"""The error codes that many operations have in common."""

from typing import Final

from core.errors import ErrorCode

READING: Final = (ErrorCode.UNAUTHENTICATED, ErrorCode.UNAVAILABLE)
"""Of what a caller reads."""

WRITING: Final = (*READING, ErrorCode.INSUFFICIENT_SCOPE, ErrorCode.STORAGE_FULL)
"""Of what a caller changes."""

ONE_FILE: Final = (ErrorCode.NOT_FOUND, ErrorCode.FORBIDDEN)
"""Of what is done to one file, which may be hidden from the caller, or be another's."""

JSON_BODY: Final = (
    ErrorCode.VALIDATION_FAILED,
    ErrorCode.BAD_MULTIPART,  # a body of any kind that is cut off
    ErrorCode.REQUEST_TIMEOUT,
    ErrorCode.PAYLOAD_TOO_LARGE,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
)
"""Of bodies."""
