"""How an error reads in a GraphQL response."""

from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError

from core.errors import ErrorCode, MediaError
from edge.errors import INTERNAL_MESSAGE


def graphql_error(error: GraphQLError) -> dict[str, Any]:
    """Return ``error`` as GraphQL shows it, with ``extensions.code``; faults are not described."""
    cause = _cause(error)
    formatted: dict[str, Any] = dict(error.formatted)
    if isinstance(cause, MediaError):
        return {**formatted, **graphql_refusal(cause)}
    code, message = _graphql_code(error, cause)
    return {**formatted, "message": message, "extensions": {"code": code.value}}


def graphql_refusal(error: MediaError) -> dict[str, Any]:
    """Return the message and the extensions of an error of the domain, in GraphQL's spelling."""
    figures = {_camel_case(name): value for name, value in error.figures.items()}
    extensions = {"code": error.code.value, **({"figures": figures} if figures else {})}
    return {"message": error.message, "extensions": extensions}


def _camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _cause(error: GraphQLError) -> Exception | None:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _graphql_code(error: GraphQLError, cause: Exception | None) -> tuple[ErrorCode, str]:
    if cause is not None and not isinstance(cause, GraphQLError):
        return ErrorCode.INTERNAL, INTERNAL_MESSAGE
    if error.path is None or isinstance(cause, GraphQLError):
        return _request_code(error), error.message
    return ErrorCode.INTERNAL, INTERNAL_MESSAGE


def _request_code(error: GraphQLError) -> ErrorCode:
    parsing = isinstance(_cause(error) or error, GraphQLSyntaxError)
    return ErrorCode.GRAPHQL_PARSE_FAILED if parsing else ErrorCode.GRAPHQL_VALIDATION_FAILED
