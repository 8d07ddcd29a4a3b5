"""A page of everything that the schema has of a file costs well under the limit."""

from collections.abc import Iterator, Sequence

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    parse,
    validate,
)

from schema.build import build_schema
from schema.limits import DEFAULT_LIMITS, check_limits
from schema.measure import measure

PAGE_ARGUMENTS = {"first", "last", "after", "before", "limit"}
SAMPLES = {"Int": "1", "String": '"x"', "Boolean": "true", "ID": '"x"', "Float": "1.5"}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema()._schema


def literal(type_: GraphQLInputType) -> str:
    """Return a value of an input type, as a document writes it."""
    if is_non_null_type(type_):
        return literal(type_.of_type)
    if is_list_type(type_):
        return f"[{literal(type_.of_type)}]"
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    return SAMPLES[type_.name]  # type: ignore[union-attr]


def arguments(field: GraphQLField) -> str:
    """Return every argument of a field, except those that page: lists within have their default."""
    given = [
        f"{name}: {literal(argument.type)}"
        for name, argument in field.args.items()
        if name not in PAGE_ARGUMENTS
    ]
    return f"({', '.join(given)})" if given else ""


def selection(type_: GraphQLObjectType, above: Sequence[str] = ()) -> str:
    """Return every field of a type, and of the types in it; a type within itself is left out."""
    return "{ " + " ".join(fields(type_, (*above, type_.name))) + " }"


def fields(type_: GraphQLObjectType, above: Sequence[str]) -> Iterator[str]:
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if is_leaf_type(named):
            yield name + arguments(field)
        elif is_object_type(named) and named.name not in above:
            yield f"{name}{arguments(field)} {selection(named, above)}"


def test_a_full_page_with_every_field_in_both_shapes_stays_well_under_the_limit(
    schema: GraphQLSchema,
) -> None:
    assert schema.query_type is not None
    connection = schema.type_map["FileConnection"]
    assert isinstance(connection, GraphQLObjectType)
    page = selection(connection)
    assert "edges { cursor node { id" in page
    assert "nodes { id" in page
    assert "previewUrl(format: " in page
    document = parse(f"{{ files(first: 100) {page} }}")
    assert validate(schema, document) == []
    check_limits(document, None, None)
    assert measure(document).cost(None, {}) < DEFAULT_LIMITS.max_cost / 2
