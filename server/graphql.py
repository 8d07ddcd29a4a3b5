"""GraphQL over HTTP: a request in, a result out, uploads staged as they stream.

Source: GraphQL over HTTP (GraphQL Foundation, Stage 2 draft).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from auth.viewer import Viewer
from core.errors import ErrorCode, MediaError, UnsupportedMediaTypeError, ValidationFailedError
from resolvers.context import Context
from resolvers.loaders import Loaders
from schema.build import build_schema
from server.errors import STATUS, error_headers, graphql_error
from server.graphql_uploads import staged_request
from server.web import page
from streaming.accept import accepted_ranges
from streaming.request import application_of, base_url, json_object, parse_object, viewer_of

RESPONSE_TYPE: Final = "application/graphql-response+json"
LEGACY_TYPE: Final = "application/json"

_BY_METHOD: Final = {
    "GET": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}

# Monaco, the editor in GraphiQL, writes style elements; scripts stay as strict as everywhere.
_GRAPHIQL_POLICY: Final = {"style-src": "'self' 'unsafe-inline'"}


class MethodError(MediaError):
    """Raised when a mutation comes by GET."""

    code = ErrorCode.METHOD_NOT_ALLOWED
    headers: Final = {"allow": "POST"}


class NotAcceptableError(MediaError):
    """Raised when the Accept header names nothing that GraphQL answers in."""

    code = ErrorCode.NOT_ACCEPTABLE


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks to execute (GraphQL over HTTP, section 5.1)."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


async def graphql(request: Request) -> Response:
    """Answer one GraphQL request, or the GraphiQL page to a browser that asks for a page."""
    if _wants_page(request):
        return page("graphiql.html", _GRAPHIQL_POLICY)
    media_type = LEGACY_TYPE
    try:
        media_type = _negotiate(request.headers.get("accept", "*/*"))
        viewer = await viewer_of(request)
        async with _request_object(request, viewer) as parsed:
            result = await _execute(request, viewer, _operation(parsed))
    except MediaError as error:
        body = {"errors": [{"message": error.message, "extensions": {"code": error.code.value}}]}
        return _respond(body, STATUS[error.code].value, media_type, error_headers(error))
    return _result(result, media_type)


def _wants_page(request: Request) -> bool:
    asks = request.method == "GET" and "query" not in request.query_params
    return asks and "text/html" in request.headers.get("accept", "")


def _negotiate(accept: str) -> str:
    ranges = set(accepted_ranges(accept))
    if RESPONSE_TYPE in ranges:
        return RESPONSE_TYPE
    if ranges & {LEGACY_TYPE, "application/*", "*/*", ""}:
        return LEGACY_TYPE
    raise NotAcceptableError(f"GraphQL answers in {RESPONSE_TYPE} or {LEGACY_TYPE}.")


@asynccontextmanager
async def _request_object(request: Request, viewer: Viewer) -> AsyncIterator[dict[str, Any]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in {"GET", "HEAD"}:
        yield _from_query(request)
    elif kind == "multipart/form-data":
        async with staged_request(request, viewer) as parsed:
            yield parsed
    elif kind == "application/json":
        yield await json_object(request)
    else:
        raise UnsupportedMediaTypeError(
            "Send GraphQL as application/json, or as multipart/form-data with files."
        )


def _from_query(request: Request) -> dict[str, Any]:
    parsed: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if parsed.get(name):
            parsed[name] = parse_object(parsed[name].encode(errors="surrogatepass"))
    return parsed


def _operation(parsed: Mapping[str, Any]) -> Operation:
    query, variables = parsed.get("query"), parsed.get("variables") or None
    name, extensions = parsed.get("operationName") or None, parsed.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise ValidationFailedError("query must be a string that holds a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise ValidationFailedError("variables must be an object.")
    if not isinstance(name, str | None):
        raise ValidationFailedError("operationName must be a string.")
    if not isinstance(extensions, dict | None):
        raise ValidationFailedError("extensions must be an object.")
    return Operation(query, variables, name)


async def _execute(request: Request, viewer: Viewer, operation: Operation) -> ExecutionResult:
    application = application_of(request)
    context = Context(application, viewer, base_url(request), Loaders(application, viewer))
    schema = build_schema(introspection=application.settings.introspection)
    try:
        return await schema.execute(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.name,
            allowed_operation_types=_BY_METHOD.get(request.method, {OperationType.QUERY}),
        )
    except CannotGetOperationTypeError as error:
        refusal = ValidationFailedError(error.as_http_error_reason())
        return ExecutionResult(None, [GraphQLError(refusal.message, original_error=refusal)])
    except InvalidOperationTypeError as error:
        raise MethodError("Send mutations by POST; subscriptions are not offered.") from error


def _result(result: ExecutionResult, media_type: str) -> Response:
    errors = [graphql_error(error) for error in result.errors or ()]
    if result.data is None and errors and not any("path" in error for error in errors):
        status = 400 if media_type == RESPONSE_TYPE else 200
        return _respond({"errors": errors}, status, media_type, {})
    body = {"data": result.data, "errors": errors} if errors else {"data": result.data}
    return _respond(body, 200, media_type, {})


def _respond(
    body: Mapping[str, Any], status: int, media_type: str, headers: Mapping[str, str]
) -> Response:
    content_type = f"{media_type}; charset=utf-8"
    return Response(orjson.dumps(body), status, {**headers, "content-type": content_type})
