"""The errors of the domain: a stable code and a sentence that is safe to show. No HTTP here."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Every code that a caller can meet, over REST and GraphQL alike."""

    VALIDATION_FAILED = "VALIDATION_FAILED"
    BAD_MULTIPART = "BAD_MULTIPART"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    INSUFFICIENT_SCOPE = "INSUFFICIENT_SCOPE"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    CONFLICT = "CONFLICT"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    PRECONDITION_FAILED = "PRECONDITION_FAILED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    UNSUPPORTED_TRANSFER_ENCODING = "UNSUPPORTED_TRANSFER_ENCODING"
    UNSUPPORTED_FILE_TYPE = "UNSUPPORTED_FILE_TYPE"
    FILE_TOO_COMPLEX = "FILE_TOO_COMPLEX"
    FILE_ENCRYPTED = "FILE_ENCRYPTED"
    PROCESSING_FAILED = "PROCESSING_FAILED"
    PROCESSING_TIMED_OUT = "PROCESSING_TIMED_OUT"
    RANGE_NOT_SATISFIABLE = "RANGE_NOT_SATISFIABLE"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    TOO_MANY_UPLOADS = "TOO_MANY_UPLOADS"
    IDEMPOTENCY_KEY_IN_USE = "IDEMPOTENCY_KEY_IN_USE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    UNAVAILABLE = "UNAVAILABLE"
    BUSY = "BUSY"
    STORAGE_FULL = "STORAGE_FULL"
    INTERNAL = "INTERNAL"


class MediaError(Exception):
    """A failure with a stable ``code`` and a public ``message``; never holds secrets or paths.

    ``figures`` go with it for programs, by names in snake case.
    """

    code: ErrorCode = ErrorCode.INTERNAL

    def __init__(self, message: str, **figures: int | str | None) -> None:
        super().__init__(message)
        self.message = message
        self.figures = figures


class ValidationFailedError(MediaError):
    """Raised when an argument is wrong; the message names it and says what to change."""

    code = ErrorCode.VALIDATION_FAILED


class BadMultipartError(MediaError):
    """Raised when a multipart body is malformed, cut off or maps its files wrongly."""

    code = ErrorCode.BAD_MULTIPART


class UnauthenticatedError(MediaError):
    """Raised when no caller is signed in, or the token is not valid."""

    code = ErrorCode.UNAUTHENTICATED


class ForbiddenError(MediaError):
    """Raised when the caller may see the thing but not do this to it."""

    code = ErrorCode.FORBIDDEN


class InsufficientScopeError(MediaError):
    """Raised when an API key that may only read is used to change something."""

    code = ErrorCode.INSUFFICIENT_SCOPE


class NotFoundError(MediaError):
    """Raised when the thing does not exist, or the caller may not know that it does."""

    code = ErrorCode.NOT_FOUND


class ConflictError(MediaError):
    """Raised when the thing changed or went away under the request; starting over may succeed."""

    code = ErrorCode.CONFLICT


class PayloadTooLargeError(MediaError):
    """Raised in mid-stream when a file or a body passes its limit."""

    code = ErrorCode.PAYLOAD_TOO_LARGE


class UnsupportedMediaTypeError(MediaError):
    """Raised when a request's content type or content encoding is not one that is read here."""

    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE


class UnsupportedTransferEncodingError(MediaError):
    """Raised when a request's body comes in a transfer coding other than ``chunked``."""

    code = ErrorCode.UNSUPPORTED_TRANSFER_ENCODING


class UnsupportedFileTypeError(MediaError):
    """Raised when what was asked for cannot be made of a file of this type."""

    code = ErrorCode.UNSUPPORTED_FILE_TYPE


class FileTooComplexError(MediaError):
    """Raised when a file would take more memory, pixels or pages than processing may use."""

    code = ErrorCode.FILE_TOO_COMPLEX


class FileEncryptedError(MediaError):
    """Raised when a file asks for a password."""

    code = ErrorCode.FILE_ENCRYPTED


class ProcessingFailedError(MediaError):
    """Raised when a file is broken, or its processing crashed."""

    code = ErrorCode.PROCESSING_FAILED


class ProcessingTimedOutError(MediaError):
    """Raised when the processing of a file took too long."""

    code = ErrorCode.PROCESSING_TIMED_OUT


class RequestTimeoutError(MediaError):
    """Raised when a client stops sending its body for too long."""

    code = ErrorCode.REQUEST_TIMEOUT


class QuotaExceededError(MediaError):
    """Raised when an upload would take the account over its quota."""

    code = ErrorCode.QUOTA_EXCEEDED


class RateLimitedError(MediaError):
    """Raised when a caller has done too much in a short time; nothing was done of this."""

    code = ErrorCode.RATE_LIMITED


class TooManyUploadsError(MediaError):
    """Raised when an account has more under way at once than it may; a retry may succeed."""

    code = ErrorCode.TOO_MANY_UPLOADS


class KeyInUseError(MediaError):
    """Raised when a request with the same idempotency key is under way."""

    code = ErrorCode.IDEMPOTENCY_KEY_IN_USE


class KeyReusedError(MediaError):
    """Raised when an idempotency key comes again with something else."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED


class QueryTooComplexError(MediaError):
    """Raised when a GraphQL document passes the depth, alias, token or cost limit."""

    code = ErrorCode.QUERY_TOO_COMPLEX


class UnavailableError(MediaError):
    """Raised when an engine the request needs does not answer now; a retry may succeed."""

    code = ErrorCode.UNAVAILABLE


class BusyError(MediaError):
    """Raised when the processing queue is full; retry later."""

    code = ErrorCode.BUSY


class StorageFullError(MediaError):
    """Raised when the storage has no room for the bytes."""

    code = ErrorCode.STORAGE_FULL


def explained(error: Exception) -> str:
    """Return an error in words for whoever runs the server, with the cause that no caller sees.

    It is one line, whatever the libraries have written.
    """
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    sentence, reason = str(error), str(cause) or type(cause).__name__
    whole = sentence if reason in sentence else f"{sentence} ({reason})"
    return " ".join(whole.split())
