"""Documents against limits, and the message of what is refused."""

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, parse

from core.errors import QueryTooComplexError
from schema.limits import QueryLimits, check_limits

NO_LIMIT = 10**9
UNLIMITED: dict[str, Any] = dict.fromkeys(
    ["max_depth", "max_introspection_depth", "max_aliases", "max_tokens", "max_cost"], NO_LIMIT
)


def refusal(
    query: str | DocumentNode,
    variables: Mapping[str, Any] | None = None,
    operation_name: str | None = None,
    **limits: Any,
) -> str | None:
    """Return the message of the refusal, None when the document passes."""
    document = parse(query) if isinstance(query, str) else query
    try:
        check_limits(document, operation_name, variables, QueryLimits(**limits))
    except QueryTooComplexError as error:
        return error.message
    return None
