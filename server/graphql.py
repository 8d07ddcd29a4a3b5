"""GraphQL over HTTP: a request in, a result out, uploads staged as they stream.

Source: GraphQL over HTTP (GraphQL Foundation, draft of August 2026).
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
from core.errors import (
    ErrorCode,
    MediaError,
    RateLimitedError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
)
from core.observation import note_code
from edge.accept import best_match
from edge.errors import STATUS, error_headers
from edge.request import (
    application_of,
    base_url,
    json_object,
    meter_of,
    parse_object,
    spend,
    viewer_of,
)
from resolvers.context import Context
from resolvers.loaders import Loaders
from schema.build import build_schema
from server.graphql_errors import graphql_error, graphql_refusal
from server.graphql_uploads import StagedRequest, staged_request
from server.web import page
from services.limits.rate_limits import OperationClass
from services.uploads.idempotency import Attempt

RESPONSE_TYPE: Final = "application/graphql-response+json"
LEGACY_TYPE: Final = "application/json"
PARTIAL_SUCCESS: Final = 294
"""The status of data beside errors (GraphQL over HTTP, "Partial success"); of one type alone."""

_PAGE_TYPE: Final = "text/html"

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
        media_type = _negotiate(_accept(request))
        await spend(request, OperationClass.READ)
        viewer = await viewer_of(request)
        async with _staged(request, viewer) as staged:
            operation = _operation(staged.operations)
            result = await _execute(request, viewer, operation, staged.attempt)
    except MediaError as error:
        note_code(error.code.value)
        body = {"errors": [graphql_refusal(error)]}
        return _respond(body, STATUS[error.code].value, media_type, error_headers(error))
    return _result(result, media_type)


def _wants_page(request: Request) -> bool:
    asks = request.method == "GET" and "query" not in request.query_params
    return asks and best_match([_accept(request)], (LEGACY_TYPE, _PAGE_TYPE)) == _PAGE_TYPE


def _accept(request: Request) -> str:
    return ",".join(request.headers.getlist("accept")) or "*/*"


def _negotiate(accept: str) -> str:
    # Who names the newer type knows it; who takes anything may be older than it.
    names_it = RESPONSE_TYPE in accept.lower()
    offers = (RESPONSE_TYPE, LEGACY_TYPE) if names_it else (LEGACY_TYPE, RESPONSE_TYPE)
    wanted = best_match([accept], offers)
    if wanted is None:
        raise NotAcceptableError(f"GraphQL answers in {RESPONSE_TYPE} or {LEGACY_TYPE}.")
    return wanted


@asynccontextmanager
async def _staged(request: Request, viewer: Viewer) -> AsyncIterator[StagedRequest]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in {"GET", "HEAD"}:
        yield StagedRequest(_from_query(request))
    elif kind == "multipart/form-data":
        async with staged_request(request, viewer) as staged:
            yield staged
    elif kind == "application/json":
        yield StagedRequest(await json_object(request))
    else:
        raise UnsupportedMediaTypeError(
            "Send GraphQL as application/json, or as multipart/form-data with files."
        )


def _from_query(request: Request) -> dict[str, Any]:
    parsed: dict[str, Any] = {name: given for name, given in request.query_params.items() if given}
    for name in ("variables", "extensions"):
        if name in parsed:
            parsed[name] = parse_object(parsed[name].encode(errors="surrogatepass"), name)
    return parsed


def _operation(parsed: Mapping[str, Any]) -> Operation:
    query, variables = parsed.get("query"), parsed.get("variables")
    name, extensions = parsed.get("operationName"), parsed.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise ValidationFailedError("query must be a string that holds a GraphQL document.")
    if not isinstance(variables, dict | None):
        raise ValidationFailedError("variables must be an object.")
    if not isinstance(name, str | None):
        raise ValidationFailedError("operationName must be a string.")
    if not isinstance(extensions, dict | None):
        raise ValidationFailedError("extensions must be an object.")
    return Operation(query, variables, name or None)


async def _execute(
    request: Request, viewer: Viewer, operation: Operation, attempt: Attempt | None
) -> ExecutionResult:
    application = application_of(request)
    loaders = Loaders(application, viewer)
    context = Context(application, viewer, base_url(request), loaders, attempt, meter_of(request))
    schema = build_schema(introspection=application.settings.introspection)
    try:
        result = await schema.execute(
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
    _raise_if_limited(result)
    return result


def _raise_if_limited(result: ExecutionResult) -> None:
    """Raise the refusal that kept all of the document from running: the answer is a 429."""
    for error in result.errors or ():
        if isinstance(error.original_error, RateLimitedError):
            raise error.original_error


def _result(result: ExecutionResult, media_type: str) -> Response:
    errors = [graphql_error(error) for error in result.errors or ()]
    for error in errors:
        note_code(error["extensions"]["code"])
    if result.data is None and errors and not any("path" in error for error in errors):
        status = 400 if media_type == RESPONSE_TYPE else 200
        return _respond({"errors": errors}, status, media_type, {})
    if errors:
        status = PARTIAL_SUCCESS if media_type == RESPONSE_TYPE else 200
        return _respond({"data": result.data, "errors": errors}, status, media_type, {})
    return _respond({"data": result.data}, 200, media_type, {})


def _respond(
    body: Mapping[str, Any], status: int, media_type: str, headers: Mapping[str, str]
) -> Response:
    content_type = f"{media_type}; charset=utf-8"
    return Response(orjson.dumps(body), status, {**headers, "content-type": content_type})
