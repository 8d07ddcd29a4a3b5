"""Everything that the schema offers says what it is: GraphiQL's documentation has no gaps."""

from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from schema.build import export


def _silent_of_type(kind: GraphQLNamedType) -> Iterator[str]:
    if not kind.description:
        yield kind.name
    if isinstance(kind, GraphQLEnumType):
        yield from (f"{kind.name}.{name}" for name, v in kind.values.items() if not v.description)
    if isinstance(kind, GraphQLInputObjectType):
        yield from (f"{kind.name}.{name}" for name, f in kind.fields.items() if not f.description)
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            if not field.description:
                yield f"{kind.name}.{name}"
            for argument, given in field.args.items():
                if not given.description:
                    yield f"{kind.name}.{name}({argument}:)"


def _silent(schema: GraphQLSchema) -> list[str]:
    """Return what has no description, by its schema coordinate."""
    found = [
        coordinate
        for kind in schema.type_map.values()
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
        for coordinate in _silent_of_type(kind)
    ]
    directives = (each for each in schema.directives if not is_specified_directive(each))
    return found + [f"@{directive.name}" for directive in directives if not directive.description]


def test_everything_in_the_schema_has_a_description() -> None:
    assert _silent(build_schema(export())) == []


def test_whatever_has_none_is_found() -> None:
    """The walk itself: every kind of thing that can lack a description."""
    schema = build_schema(
        'type Query { a(b: I): E } input I { c: Int } enum E { F } scalar S "" type T { g: Int }'
        " directive @d on FIELD"
    )
    assert sorted(_silent(schema)) == sorted(
        ["Query", "Query.a", "Query.a(b:)", "I", "I.c", "E", "E.F", "S", "T", "T.g", "@d"]
    )
