"""The pieces that operations are put together from."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from core.errors import ErrorCode
from edge.errors import STATUS

Json = dict[str, Any]

ANYONE: Final[list[Json]] = []
SIGNED_IN: Final[list[Json]] = [{"bearer": []}]
EITHER: Final[list[Json]] = [{"bearer": []}, {}]
"""A token is looked at, but some answers need none."""

MEANINGS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.VALIDATION_FAILED: "An argument is wrong; `detail` names it.",
    ErrorCode.BAD_MULTIPART: "The multipart body is malformed, cut off or lacks a part.",
    ErrorCode.UNAUTHENTICATED: "No token, or one that is not valid; sign in.",
    ErrorCode.FORBIDDEN: "You may see it, but not do this to it.",
    ErrorCode.INSUFFICIENT_SCOPE: "Your API key may only read.",
    ErrorCode.NOT_FOUND: "It does not exist, or is hidden from you.",
    ErrorCode.METHOD_NOT_ALLOWED: "The address does not answer this method; see `Allow`.",
    ErrorCode.NOT_ACCEPTABLE: "`Accept` names no content type that is answered here.",
    ErrorCode.CONFLICT: "It changed under the request, start over; or more than one is meant.",
    ErrorCode.REQUEST_TIMEOUT: "The body stopped coming for too long.",
    ErrorCode.PRECONDITION_FAILED: "`If-Match` or `If-Unmodified-Since` rules the request out.",
    ErrorCode.PAYLOAD_TOO_LARGE: "The file or the body passes its limit.",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "The body's content type or encoding is not read here.",
    ErrorCode.UNSUPPORTED_TRANSFER_ENCODING: "The transfer coding of the body is not `chunked`.",
    ErrorCode.RANGE_NOT_SATISFIABLE: "No requested range lies within the file.",
    ErrorCode.QUERY_TOO_COMPLEX: "The GraphQL document passes a limit.",
    ErrorCode.GRAPHQL_PARSE_FAILED: "The GraphQL document is not GraphQL.",
    ErrorCode.GRAPHQL_VALIDATION_FAILED: "The GraphQL document does not fit the schema.",
    ErrorCode.QUOTA_EXCEEDED: "The upload would pass your quota.",
    ErrorCode.RATE_LIMITED: "You, or your address, did too much in a short time; retry.",
    ErrorCode.TOO_MANY_UPLOADS: "Your uploads under way hold all they may; retry.",
    ErrorCode.IDEMPOTENCY_KEY_IN_USE: "An upload with this key is under way; retry.",
    ErrorCode.IDEMPOTENCY_KEY_REUSED: "The key was sent with another upload.",
    ErrorCode.UNAVAILABLE: "Database or storage does not answer now; retry.",
    ErrorCode.STORAGE_FULL: "The server has no room left.",
    ErrorCode.UNSUPPORTED_FILE_TYPE: "This cannot be made of a file of this type.",
    ErrorCode.FILE_TOO_COMPLEX: "The file takes more memory, pixels or pages than may be used.",
    ErrorCode.FILE_ENCRYPTED: "The file asks for a password.",
    ErrorCode.PROCESSING_FAILED: "The file is broken, or its processing crashed.",
    ErrorCode.PROCESSING_TIMED_OUT: "The processing of the file took too long.",
    ErrorCode.BUSY: "Too many requests wait for a worker; retry.",
    ErrorCode.INTERNAL: "A fault of the server, which has been logged.",
}
"""What each code means to a client, in a sentence."""

_PROBLEM: Final = "application/problem+json"


def ref(schema: str) -> Json:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{schema}"}


def _typed(schema: Json) -> Json:
    return schema if {"type", "$ref"} & schema.keys() else {"type": "string", **schema}


def header(description: str, *, required: bool = True, **schema: Any) -> Json:
    """Return a response header of type string, or of what ``schema`` says."""
    return {"description": description, "required": required, "schema": _typed(schema)}


def parameter(where: str, name: str, description: str, **schema: Any) -> Json:
    """Return an optional parameter; one in the path is required, as it must be there."""
    required = {"required": True} if where == "path" else {}
    found = {"name": name, "in": where, "description": description, "schema": _typed(schema)}
    return {**found, **required}


def limited_number(name: str, description: str, low: int, high: int, default: int) -> Json:
    """Return a parameter of the query that is a whole number."""
    limits = {"minimum": low, "maximum": high, "default": default}
    return parameter("query", name, description, type="integer", **limits)


def answer(description: str, schema: Json, **more: Any) -> Json:
    """Return a response with a JSON body."""
    return {"description": description, "content": json_content(schema), **more}


def json_content(schema: Json) -> Json:
    """Return the content of a body that is JSON."""
    return {"application/json": {"schema": schema}}


def json_body(schema: str, *, required: bool) -> Json:
    """Return the body of a request that is JSON of a schema of the document."""
    return {"required": required, "content": json_content(ref(schema))}


def enveloped(schema: Json) -> Json:
    """Return the schema of ``{"data": …}``."""
    return {"type": "object", "required": ["data"], "properties": {"data": schema}}


def problems(codes: Iterable[ErrorCode]) -> Json:
    """Return the responses of errors: one for each status, with the codes it may carry."""
    grouped: dict[HTTPStatus, list[ErrorCode]] = {}
    for code in sorted({*codes, ErrorCode.INTERNAL}):
        grouped.setdefault(STATUS[code], []).append(code)
    return {str(status.value): problem(status, grouped[status]) for status in sorted(grouped)}


def problem(status: HTTPStatus, codes: Iterable[ErrorCode]) -> Json:
    """Return the response of an error with that status."""
    values = [code.value for code in codes]
    narrowed = {"status": {"const": status.value}, "code": {"enum": values}}
    found = {
        "description": "\n".join(f"* `{value}`: {MEANINGS[ErrorCode(value)]}" for value in values),
        "content": {_PROBLEM: {"schema": {**ref("Problem"), "properties": narrowed}}},
    }
    return {**found, "headers": _HEADERS[status]} if status in _HEADERS else found


def operation(  # noqa: PLR0913 - the members of an OpenAPI operation
    operation_id: str,
    tag: str,
    summary: str,
    description: str,
    *,
    responses: Json,
    security: list[Json] = SIGNED_IN,
    limited: bool = True,
    **more: Any,
) -> Json:
    """Return an operation; ``more`` holds its ``parameters`` and ``requestBody``.

    One that is ``limited`` may be refused for its rate, and every answer tells of the limits.
    """
    return {
        "operationId": operation_id,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "security": security,
        **more,
        "responses": _with_limits(responses) if limited else responses,
    }


def _with_limits(responses: Json) -> Json:
    status = HTTPStatus.TOO_MANY_REQUESTS
    refused = {str(status.value): problem(status, [ErrorCode.RATE_LIMITED])}
    return {
        name: {**response, "headers": {**response.get("headers", {}), **_RATE_LIMIT}}
        for name, response in {**refused, **responses}.items()
    }


def with_head(get: Json) -> Json:
    """Return a path's ``get``, and the ``head`` that answers its headers alone."""
    responses = {
        status: {name: value for name, value in response.items() if name != "content"}
        for status, response in get["responses"].items()
        if status not in _OF_GET
    }
    parameters = [one for one in get.get("parameters", []) if one["name"] not in _RANGE_HEADERS]
    head = {
        **get,
        "operationId": f"{get['operationId']}Headers",
        "summary": f"{get['summary']}: the headers",
        "description": "As GET, without the body.",
        **({"parameters": parameters} if parameters else {}),
        "responses": responses,
    }
    return {"get": get, "head": head}


FILE_ID: Final = parameter("path", "file_id", "The file's id; what is no id of a file is a 404.")
NO_STORE: Final = {"Cache-Control": header("`no-store`", const="no-store")}

# A range is looked at for GET alone (RFC 9110, section 14.2), and GET alone sent elsewhere.
_OF_GET: Final = frozenset({"206", "307", "416"})
_RANGE_HEADERS: Final = frozenset({"Range", "If-Range"})

_RATE_LIMIT: Final = {
    "RateLimit-Policy": header(
        'What is allowed: `"read";q=1200;w=60`, 1200 in 60 seconds.', required=False
    ),
    "RateLimit": header(
        'What is left: `"read";r=1199;t=1`, 1199 now, and more in a second.', required=False
    ),
}
_RETRY_AFTER: Final = {
    "Retry-After": header("Seconds to wait before trying again.", pattern="^[0-9]+$")
}
_HEADERS: Final[Mapping[HTTPStatus, Json]] = {
    HTTPStatus.TOO_MANY_REQUESTS: _RETRY_AFTER,
    HTTPStatus.UNAUTHORIZED: {
        "WWW-Authenticate": header("The scheme to sign in with (RFC 6750, section 3).")
    },
    HTTPStatus.METHOD_NOT_ALLOWED: {"Allow": header("The methods that are answered here.")},
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: {
        "Content-Range": header("`bytes */` and the size of the file in bytes."),
        "Accept-Ranges": header("`bytes`", const="bytes"),
    },
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY_AFTER,
}
