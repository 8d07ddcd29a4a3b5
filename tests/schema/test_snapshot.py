"""The exported schema: as the code has it, and described to the last argument."""

from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLSchema, build_schema, is_input_object_type, is_specified_scalar_type
from graphql.type import is_interface_type, is_introspection_type, is_object_type

from schema.build import export

SNAPSHOT = Path(__file__).parents[2] / "schema" / "schema.graphql"


def undescribed(schema: GraphQLSchema) -> Iterator[str]:
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        if not kind.description:
            yield name
        if is_object_type(kind) or is_interface_type(kind) or is_input_object_type(kind):
            for field_name, field in kind.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                for argument, described in getattr(field, "args", {}).items():
                    if not described.description:
                        yield f"{name}.{field_name}({argument})"


def test_the_snapshot_is_the_schema_of_the_code() -> None:
    exported = export()
    assert SNAPSHOT.read_text() == exported, "write it anew: media schema > schema/schema.graphql"


def test_every_type_field_and_argument_is_described() -> None:
    assert list(undescribed(build_schema(export()))) == []
