"""The limits in a Strawberry schema, with the caches of parsing and validation in any order."""

from collections.abc import AsyncIterator
from itertools import permutations
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, get_introspection_query
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache

from core.errors import ErrorCode, QueryTooComplexError
from schema.limits import LimitsExtension, QueryLimits
from tests.schema.documents import doubling


@strawberry.type
class Query:
    """A type that nests in itself."""

    @strawberry.field
    def a(self) -> "Query":
        """Return the same again."""
        return Query()

    @strawberry.field
    def n(self) -> int:
        """Return a leaf."""
        return 1


@strawberry.type
class Mutation:
    """One mutation that is awaited."""

    @strawberry.mutation
    async def touch(self) -> int:
        """Return at once, but by way of the event loop."""
        return 1


class Validated(SchemaExtension):
    """Counts the documents that reach validation."""

    seen = 0

    async def on_validate(self) -> AsyncIterator[None]:
        """Count."""
        Validated.seen += 1
        yield


ORDERS = [
    [LimitsExtension],
    *permutations([LimitsExtension, ParserCache, ValidationCache]),
]


def schema_of(extensions: Any) -> strawberry.Schema:
    return strawberry.Schema(Query, Mutation, extensions=list(extensions))


def only(errors: list[GraphQLError] | None) -> GraphQLError:
    assert errors is not None
    assert len(errors) == 1
    return errors[0]


OVER = {
    "deep": "{ a " * 13 + "{ n }" + "}" * 13,
    "too deep to parse": "{ a " * 10_000 + "}" * 10_000,
    "values too deep to parse": "{ a(x: " + "[" * 900 + "]" * 900 + ") { n } }",
    "tokens": "{ " + "n " * 2000 + "}",
    "comments": "# comment\n" * 3000 + "{ n }",
    "characters": "{ n }" + " " * 100_000,
    "aliases": "{ " + " ".join(f"n{i}: n" for i in range(101)) + "}",
    "doubling": doubling(60).replace("x {", "a {").replace("a: y", "n"),
    "invalid too": "{ nowhere " * 13 + "{ n }" + "}" * 13,
}


@pytest.mark.parametrize("query", OVER.values(), ids=OVER.keys())
@pytest.mark.parametrize("extensions", ORDERS)
async def test_a_refusal_is_the_only_error_in_any_order_of_extensions(
    extensions: list[type[SchemaExtension]], query: str
) -> None:
    result = await schema_of(extensions).execute(query)
    assert result.data is None
    error = only(result.errors)
    assert isinstance(error.original_error, QueryTooComplexError)
    assert error.original_error.code is ErrorCode.QUERY_TOO_COMPLEX
    assert error.message == error.original_error.message
    assert "allowed" in error.message


@pytest.mark.parametrize("extensions", ORDERS)
async def test_the_parser_stops_reading_at_the_token_limit(
    extensions: list[type[SchemaExtension]],
) -> None:
    error = only((await schema_of(extensions).execute(OVER["tokens"])).errors)
    assert error.message == "The query has more than 2000 tokens; at most 2000 are allowed."


@pytest.mark.parametrize("query", OVER.values(), ids=OVER.keys())
def test_a_refusal_is_the_only_error_of_a_synchronous_execution(query: str) -> None:
    error = only(schema_of([LimitsExtension]).execute_sync(query).errors)
    assert isinstance(error.original_error, QueryTooComplexError)


@pytest.mark.parametrize("query", OVER.values(), ids=OVER.keys())
async def test_nothing_is_validated_after_a_refusal(query: str) -> None:
    Validated.seen = 0
    await schema_of([LimitsExtension, ParserCache, Validated]).execute(query)
    assert Validated.seen == 0
    await schema_of([LimitsExtension, ParserCache, Validated]).execute("{ n }")
    assert Validated.seen == 1


@pytest.mark.parametrize("extensions", ORDERS)
async def test_a_cached_document_is_answered_and_refused_again(
    extensions: list[type[SchemaExtension]],
) -> None:
    schema = schema_of(extensions)
    for _ in range(3):
        assert (await schema.execute("{ a { n } }")).data == {"a": {"n": 1}}
        assert (await schema.execute(OVER["aliases"])).errors
        assert (await schema.execute(get_introspection_query())).errors is None


async def test_a_parser_cache_filled_under_other_limits_lets_nothing_through() -> None:
    query = "{ a { a { n } } }"
    assert (await schema_of([ParserCache]).execute(query)).errors is None
    for limits in (QueryLimits(max_depth=2), QueryLimits(max_tokens=5), QueryLimits()):
        schema = schema_of([lambda limits=limits: LimitsExtension(limits), ParserCache])
        assert bool((await schema.execute(query)).errors) == (limits != QueryLimits())


@pytest.mark.parametrize("extensions", ORDERS)
async def test_other_errors_stay_as_they_are(extensions: list[type[SchemaExtension]]) -> None:
    schema = schema_of(extensions)
    for query, message in [
        ("{ n", "Syntax Error: Expected Name, found <EOF>."),
        ("{ m }", "Cannot query field 'm' on type 'Query'."),
        ('{ "Document contains more than" }', "Syntax Error: Expected Name, found String"),
    ]:
        error = only((await schema.execute(query)).errors)
        assert error.message.startswith(message)
        assert not isinstance(error.original_error, QueryTooComplexError)


async def test_as_many_async_mutations_as_are_allowed_do_run() -> None:
    query = "mutation { " + " ".join(f"m{i}: touch" for i in range(100)) + "}"
    result = await schema_of([LimitsExtension]).execute(query)
    assert result.errors is None
    assert result.data == {f"m{i}": 1 for i in range(100)}
