"""The one table of errors: code → HTTP status, and how an error reads in REST and GraphQL."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.errors import ErrorCode, MediaError, RateLimitedError

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
    ErrorCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    ErrorCode.NOT_ACCEPTABLE: HTTPStatus.NOT_ACCEPTABLE,
    ErrorCode.REQUEST_TIMEOUT: HTTPStatus.REQUEST_TIMEOUT,
    ErrorCode.CONFLICT: HTTPStatus.CONFLICT,
    ErrorCode.PRECONDITION_FAILED: HTTPStatus.PRECONDITION_FAILED,
    ErrorCode.PAYLOAD_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.RANGE_NOT_SATISFIABLE: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    ErrorCode.UNSUPPORTED_FILE_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.FILE_TOO_COMPLEX: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.FILE_ENCRYPTED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.PROCESSING_FAILED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.PROCESSING_TIMED_OUT: HTTPStatus.UNPROCESSABLE_ENTITY,
    ErrorCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
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
}
_CODES: Final = {
    HTTPStatus.NOT_FOUND: ErrorCode.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorCode.METHOD_NOT_ALLOWED,
}


def error_headers(error: MediaError) -> dict[str, str]:
    """Return the headers that belong on the answer to ``error``."""
    waiting = {"retry-after": str(error.retry_after)} if isinstance(error, RateLimitedError) else {}
    return {**_HEADERS.get(error.code, {}), **waiting, **getattr(error, "headers", {})}


def problem(request: Request, code: ErrorCode, detail: str, headers: Mapping[str, str]) -> Response:
    """Return the problem details of an error (RFC 9457)."""
    status = STATUS[code]
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code.value,
        "instance": request.url.path,
    }
    # Without it caches may keep some of them as they see fit (RFC 9111, section 4.2.2).
    own = {"cache-control": "no-store", "content-type": PROBLEM}
    return Response(orjson.dumps(body), status.value, {**headers, **own})


async def on_media_error(request: Request, error: Exception) -> Response:
    """Answer an error of the domain."""
    assert isinstance(error, MediaError)  # noqa: S101 - registered for nothing else
    if error.code is ErrorCode.BUSY:  # the queue does what it is for; what fills it may be many
        logger.warning("%s %s: %s", request.method, request.url.path, error)
    elif STATUS[error.code] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
    return problem(request, error.code, error.message, error_headers(error))


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
    return problem(request, ErrorCode.INTERNAL, INTERNAL_MESSAGE, {})


def graphql_error(error: GraphQLError) -> dict[str, Any]:
    """Return ``error`` as GraphQL shows it, with ``extensions.code``; faults are not described."""
    code, message = _graphql_code(error)
    formatted: dict[str, Any] = dict(error.formatted)
    return {**formatted, "message": message, "extensions": {"code": code.value}}


def _graphql_code(error: GraphQLError) -> tuple[ErrorCode, str]:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, MediaError):
        return cause.code, cause.message
    if cause is not None and not isinstance(cause, GraphQLError):
        return ErrorCode.INTERNAL, INTERNAL_MESSAGE
    if error.path is None or isinstance(cause, GraphQLError):
        return _request_code(error), error.message
    return ErrorCode.INTERNAL, INTERNAL_MESSAGE


def _request_code(error: GraphQLError) -> ErrorCode:
    parsing = error.message.startswith("Syntax Error")
    return ErrorCode.GRAPHQL_PARSE_FAILED if parsing else ErrorCode.GRAPHQL_VALIDATION_FAILED
