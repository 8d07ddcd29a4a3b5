"""The examples in GraphiQL: every one runs as it stands, and no operation goes without one."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import FieldNode, OperationDefinitionNode, build_schema, parse, validate

from schema.build import export
from tests.acceptance.gql import FilePart, Gql
from tests.acceptance.serving import Server

FOLDER: Final = Path(__file__).parents[2] / "web" / "src" / "graphiql" / "examples"
EXAMPLES: Final[list[dict[str, Any]]] = json.loads((FOLDER / "index.json").read_text())
NOTE: Final[FilePart] = ("note.txt", b"Meet me at the harbour at nine, and bring the maps.")
# What examples may do to a file that is not one of their own: make something of it.
HARMLESS: Final = {"preview", "extractText", "analyze"}

FOR_GUESTS: Final = ("createRecoveryCode", "recoveryCode", "revokeRecoveryCode")
# What needs people with addresses, test_shares_by_email runs.
HERE: Final = [one for one in EXAMPLES if one["name"] not in {"shareByEmail", *FOR_GUESTS}]
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


def filled(example: dict[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """Return the variables as the page fills them in."""
    text = json.dumps(example.get("variables", {}))
    for mark, found in ids.items():
        text = text.replace(mark, found)
    variables: dict[str, Any] = json.loads(text)
    return variables


def run(name: str, gql: Gql, ids: Mapping[str, str], *files: FilePart) -> Any:
    """Run an example, with ``files`` for its one or several files."""
    example = next(each for each in EXAMPLES if each["name"] == name)
    query, variables = query_of(example), filled(example, ids)
    if "file" in variables:
        return gql.upload(query, variables, {"file": files[0]})
    if "files" in variables:
        paths = {f"files.{number}": file for number, file in enumerate(files)}
        return gql.upload(query, variables | {"files": [None] * len(files)}, paths)
    return gql.data(query, **variables)


@pytest.fixture(scope="module")
def user(server: Server) -> Iterator[Gql]:
    """Be a user: guests hold no API keys."""
    with server.client(server.account("user")) as speaking:
        yield Gql(speaking)


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


@pytest.mark.parametrize("example", HERE, ids=lambda example: example["name"])
def test_an_example_runs_as_it_stands(example: dict[str, Any], user: Gql, server: Server) -> None:
    with server.client(server.guest()) as other:
        friend = Gql(other).data("{ viewer { id } }")["viewer"]["id"]
    file_id = run("upload", user, {}, NOTE)["upload"]["id"]
    key_id = run("createApiKey", user, {})["createApiKey"]["apiKey"]["id"]
    ids = {"{file}": file_id, "{example}": file_id, "{exampleKey}": key_id, "{account}": friend}
    if example["name"] == "unshareFile":
        run("shareFile", user, ids)
    answer = run(example["name"], user, ids, NOTE, ("second.txt", b"The second of two."))
    assert all(value is not None for value in answer.values())


def test_the_examples_for_guests_run_as_they_stand(gql: Gql) -> None:
    for name in FOR_GUESTS:
        assert all(value is not None for value in run(name, gql, {}).values())
