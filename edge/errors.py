"""The one table of errors: code → HTTP status, and an error as problem details (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.errors import ErrorCode, MediaError
from core.observation import note_code, request_id

logger = logging.getLogger("media.server")

STATUS: Final[Mapping[ErrorCode, HTTPStatus]] = {
    ErrorCode.VALIDATION_FAILED: HTTPStatus.BAD_REQUEST,
    ErrorCode.BAD_MULTIPART: HTTPStatus.BAD_REQUEST,
    ErrorCode.QUERY_TOO_COMPLEX: HTTPStatus.BAD_REQUEST,
    ErrorCode.GRAPHQL_PARSE_FAILED: HTTPStatus.BAD_REQUEST,
    ErrorCode.GRAPHQL_VALIDATION_FAILED: HTTPStatus.BAD_REQUEST,
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.INSUFFICIENT_SCOPE: HTTPStatus.FORBIDDEN,
    ErrorCode.QUOTA_EXCEEDED: HTTPStatus.FORBIDDEN,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.TOO_MANY_UPLOADS: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    ErrorCode.NOT_ACCEPTABLE: HTTPStatus.NOT_ACCEPTABLE,
    ErrorCode.REQUEST_TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    ErrorCode.CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.IDEMPOTENCY_KEY_IN_USE: HTTPStatus.CONFLICT,
    ErrorCode.PRECONDITION_FAILED: HTTPStatus.PRECONDITION_FAILED,
    ErrorCode.PAYLOAD_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.RANGE_NOT_SATISFIABLE: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    ErrorCode.UNSUPPORTED_FILE_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.IDEMPOTENCY_KEY_REUSED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.FILE_TOO_COMPLEX: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.FILE_ENCRYPTED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.PROCESSING_FAILED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.PROCESSING_TIMED_OUT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
    ErrorCode.UNSUPPORTED_TRANSFER_ENCODING: HTTPStatus.NOT_IMPLEMENTED,
    ErrorCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorCode.STORAGE_FULL: HTTPStatus.INSUFFICIENT_STORAGE,
}
"""Every code of the domain has its status here; a test holds it complete."""

INTERNAL_MESSAGE: Final = "Something went wrong in the server; the fault has been logged."
PROBLEM: Final = "application/problem+json"

_HEADERS: Final[Mapping[ErrorCode, Mapping[str, str]]] = {
    ErrorCode.UNAUTHENTICATED: {"www-authenticate": 'Bearer realm="media"'},
    ErrorCode.INSUFFICIENT_SCOPE: {
        "www-authenticate": 'Bearer realm="media", error="insufficient_scope", scope="write"'
    },
    ErrorCode.UNAVAILABLE: {"retry-after": "2"},
    ErrorCode.BUSY: {"retry-after": "5"},
    ErrorCode.IDEMPOTENCY_KEY_IN_USE: {"retry-after": "5"},
    ErrorCode.TOO_MANY_UPLOADS: {"retry-after": "5"},
}
_KNOWN_SHORTAGES: Final = {ErrorCode.BUSY, ErrorCode.STORAGE_FULL, ErrorCode.UNAVAILABLE}
"""What is no fault of the program, and comes many times over: a line each in the log will do."""

_CODES: Final = {
    HTTPStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorCode.METHOD_NOT_ALLOWED,
}


def error_headers(error: MediaError) -> dict[str, str]:
    """Return the headers that belong on the answer to ``error``."""
    wait = error.figures.get("retry_after_seconds")
    told = {} if wait is None else {"retry-after": str(wait)}
    return {**_HEADERS.get(error.code, {}), **told, **getattr(error, "headers", {})}


def problem(
    request: Request,
    code: ErrorCode,
    detail: str,
    headers: Mapping[str, str],
    figures: Mapping[str, Any] | None = None,
) -> Response:
    """Return the problem details of an error (RFC 9457), its figures as a member of their own."""
    status = STATUS[code]
    note_code(code.value)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code.value,
        "instance": request.scope["path"],
        **({"figures": figures} if figures else {}),
    }
    # Without it caches may keep some of them as they see fit (RFC 9111, section 4.2.2).
    own = {"cache-control": "no-store", "content-type": PROBLEM}
    return Response(orjson.dumps(body), status.value, {**headers, **own})


async def on_media_error(request: Request, error: Exception) -> Response:
    """Answer an error of the domain."""
    assert isinstance(error, MediaError)  # noqa: S101 - registered for nothing else
    if error.code in _KNOWN_SHORTAGES:
        because = "" if error.__cause__ is None else f" ({error.__cause__!r})"
        logger.warning("%s %s: %s%s", request.method, request.url.path, error, because)
    elif error.code is ErrorCode.INTERNAL:
        logger.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    return problem(request, error.code, error.message, error_headers(error), error.figures)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer what routing refuses: an unknown address, or a method that it does not have."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    code = _CODES.get(HTTPStatus(error.status_code), ErrorCode.VALIDATION_FAILED)
    details = {
        ErrorCode.NOT_FOUND: "There is nothing at this address.",
        ErrorCode.METHOD_NOT_ALLOWED: f"This address does not answer {request.method}.",
    }
    return problem(request, code, details.get(code, error.detail), error.headers or {})


async def on_fault(request: Request, _error: Exception) -> Response:
    """Answer a fault of the server, which the server itself logs."""
    # Made outside of what gives every other answer its id.
    noted = request_id()
    headers = {} if noted is None else {"x-request-id": noted}
    return problem(request, ErrorCode.INTERNAL, INTERNAL_MESSAGE, headers)
