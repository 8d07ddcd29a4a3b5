"""The examples in GraphiQL: every one runs as it stands, and no operation goes without one."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import FieldNode, OperationDefinitionNode, build_schema, parse, validate

from schema.build import export
from tests.acceptance.gql import FilePart, Gql

FOLDER: Final = Path(__file__).parents[2] / "web" / "src" / "graphiql" / "examples"
EXAMPLES: Final[list[dict[str, Any]]] = json.loads((FOLDER / "index.json").read_text())
NOTE: Final[FilePart] = ("note.txt", b"Meet me at the harbour at nine, and bring the maps.")
# What examples may do to a file that is not one of their own: make something of it.
HARMLESS: Final = {"preview", "extractText", "analyze"}

every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["name"])


def query_of(example: dict[str, Any]) -> str:
    return (FOLDER / f"{example['name']}.graphql").read_text()


def fields_of(example: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the fields of the root types that an example asks for."""
    return {
        (operation.operation.value, field.name.value)
        for operation in parse(query_of(example)).definitions
        if isinstance(operation, OperationDefinitionNode)
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
    }


def filled(example: dict[str, Any], file_id: str) -> dict[str, Any]:
    """Return the variables as the page fills them in."""
    text = json.dumps(example.get("variables", {}))
    variables: dict[str, Any] = json.loads(
        text.replace("{file}", file_id).replace("{example}", file_id)
    )
    return variables


def test_every_document_is_listed() -> None:
    listed = sorted(example["name"] for example in EXAMPLES)
    assert listed == sorted(path.stem for path in FOLDER.glob("*.graphql"))


def test_every_operation_of_the_schema_has_an_example() -> None:
    schema = build_schema(export())
    assert schema.query_type
    assert schema.mutation_type
    offered = {("query", name) for name in schema.query_type.fields}
    offered |= {("mutation", name) for name in schema.mutation_type.fields}
    assert offered - set().union(*map(fields_of, EXAMPLES)) == set()


@every_example
def test_an_example_says_what_it_is_and_fits_the_schema(example: dict[str, Any]) -> None:
    assert example["title"]
    assert example["about"]
    assert validate(build_schema(export()), parse(query_of(example))) == []


@every_example
def test_an_example_changes_nothing_but_what_examples_made(example: dict[str, Any]) -> None:
    """Running one by mistake must not cost anybody a file."""
    changed = {name for kind, name in fields_of(example) if kind == "mutation"} - HARMLESS
    assert not (changed and "{file}" in json.dumps(example.get("variables")))


@every_example
def test_an_example_runs_as_it_stands(example: dict[str, Any], gql: Gql) -> None:
    upload = query_of(next(each for each in EXAMPLES if each["name"] == "upload"))
    variables = {"file": None, "input": {"tags": ["example"]}}
    made = gql.upload(upload, variables, {"file": NOTE})["upload"]
    query, given = query_of(example), filled(example, made["id"])
    if example["name"] == "upload":
        answer = gql.upload(query, given, {"file": NOTE})
    elif example["name"] == "uploadMany":
        files = {"files.0": NOTE, "files.1": ("second.txt", b"The second of two.")}
        answer = gql.upload(query, given | {"files": [None, None]}, files)
    else:
        answer = gql.data(query, **given)
    assert all(value is not None for value in answer.values())
