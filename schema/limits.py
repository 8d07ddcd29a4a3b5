"""The size limits of a GraphQL document: depth, aliases, tokens, length and cost.

``schema.measure`` tells in linear time how large a document is; here it is held to its bounds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, GraphQLSyntaxError
from strawberry.extensions import SchemaExtension

from core.errors import QueryTooComplexError
from schema.costs import CEILING
from schema.measure import measure


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """How large a document may be; each bound is inclusive.

    ``max_depth`` counts levels of fields, ``{ a { b } }`` being 2; what is below ``__schema`` and
    ``__type`` has ``max_introspection_depth`` instead, which the standard introspection query
    reaches exactly. ``max_aliases`` counts aliased fields, and plain ones that a selection set
    repeats, with fragments expanded. ``max_tokens`` counts tokens and comments, ``max_length``
    characters. ``max_cost`` bounds the estimate that ``check_limits`` describes; its default
    admits a page of 100 files with every field, as ``edges`` and as ``nodes``, at less than half,
    and the standard introspection query once.
    """

    max_depth: int = 12
    max_introspection_depth: int = 15
    max_aliases: int = 100
    max_tokens: int = 2_000
    max_length: int = 100_000
    max_cost: int = 10_000


DEFAULT_LIMITS = QueryLimits()


def check_limits(
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
    limits: QueryLimits = DEFAULT_LIMITS,
) -> None:
    """Return if ``document`` keeps within ``limits``; that it is valid is not looked at.

    Depth and aliases hold for every operation and fragment in it, because validation walks them
    all; cost holds for the named operation, the first when the name is None. A field with a
    selection costs 1, a root field of a mutation 10, and every ten values of an object (fields
    without a selection) 1. ``first``, ``last`` or ``limit``, literal or variable, multiplies the
    cost of the field's selection set, by 1 at least; without them a field that selects ``edges``
    or ``nodes`` counts as a page of 20. A field of introspection costs a tenth, times the usual
    sizes of the lists around it. ``@skip`` and ``@include`` change nothing.

    Raises:
        QueryTooComplexError: A limit is passed; the message says the measure and the limit, and
            of cost the most expensive field.
    """
    measures = measure(document)
    _refuse_above(limits.max_tokens, document.token_count, "The query has {} tokens")
    _refuse_above(limits.max_depth, measures.depth, "The query is {} levels deep")
    _refuse_above(
        limits.max_introspection_depth,
        measures.introspection_depth,
        "Introspection is {} levels deep",
    )
    _refuse_above(limits.max_aliases, measures.aliases, "The query aliases or repeats {} fields")
    cost = measures.cost(operation_name, variables or {})
    if cost > limits.max_cost:
        field = measures.most_expensive(operation_name, variables or {})
        named = (
            f" The most expensive field is {field}: ask for a smaller page or less of it."
            if field
            else ""
        )
        _refuse_above(limits.max_cost, cost, "The query costs {}", named)


class LimitsExtension(SchemaExtension):
    """Refuses a document over its limits after parsing and before validation.

    List it first, before ``ParserCache`` and ``ValidationCache``: it then bounds what they read
    and keep. A factory sets other limits: ``lambda: LimitsExtension(QueryLimits(max_depth=8))``.
    A refusal reaches the result as a GraphQLError whose ``original_error`` is the
    ``QueryTooComplexError``.
    """

    def __init__(self, limits: QueryLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits

    def on_operation(self) -> Iterator[None]:
        """Bound what the parser reads; a parser cache's refusal comes through here."""
        context = self.execution_context
        length = len(context.query or "")
        _refuse_above(self._limits.max_length, length, "The query has {} characters")
        context.parse_options["max_tokens"] = self._limits.max_tokens
        try:
            yield
        except GraphQLSyntaxError as error:
            self._refuse_unreadable(error)
            raise

    def on_parse(self) -> Iterator[None]:
        """Check the document when it is parsed, by whichever extension."""
        yield
        context = self.execution_context
        for error in context.pre_execution_errors or ():
            self._refuse_unreadable(error)
        if context.graphql_document:
            check_limits(
                context.graphql_document, context.operation_name, context.variables, self._limits
            )

    def _refuse_unreadable(self, error: Exception) -> None:
        """Raise if the parser gave up on size, which only the text of its errors tells."""
        description = error.description if isinstance(error, GraphQLSyntaxError) else ""
        if description.startswith("Document is nested too deeply"):
            raise QueryTooComplexError(
                "The query is nested too deeply to be read;"
                f" at most {self._limits.max_depth} levels are allowed."
            ) from error
        if description.startswith("Document contains more than"):
            limit = self._limits.max_tokens
            raise QueryTooComplexError(
                f"The query has more than {limit} tokens; at most {limit} are allowed."
            ) from error


def _refuse_above(limit: int, measured: int, sentence: str, hint: str = "") -> None:
    if measured > limit:
        shown = f"{CEILING} or more" if measured >= CEILING else str(measured)
        message = f"{sentence.format(shown)}; at most {limit} are allowed.{hint}"
        raise QueryTooComplexError(message)
