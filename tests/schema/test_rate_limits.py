"""What GraphQL documents count as."""

from collections import Counter

import pytest
from graphql import parse

from schema.build import build_schema
from schema.rate_limits import MUTATIONS, operations
from services.limits.rate_limits import OperationClass

READ, WRITE = OperationClass.READ, OperationClass.WRITE
PROCESSING = OperationClass.PROCESSING


def test_every_mutation_is_told_what_it_counts_as() -> None:
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    assert MUTATIONS.keys() == mutation.fields.keys()


FRAGMENTS = """
{ ...f ...f a: viewer { id } } fragment f on Query { viewer { id } b: viewer { id } }
"""
DELETIONS = """
mutation { a: delete(id: "1") b: delete(id: "2") c: bulkDelete(ids: []) { deletedCount } }
"""
MIXED = 'mutation { a: delete(id: "1") b: analyze(id: "2") { fileType } }'


@pytest.mark.parametrize(
    ("document", "counted"),
    [
        ("{ viewer { id } }", {}),  # every request has been counted as a read
        ("{ viewer { id } viewer { kind } }", {}),
        ("{ viewer { id } a: viewer { id } files { totalCount } }", {READ: 2}),
        (FRAGMENTS, {READ: 2}),
        ("{ ... on Query { a: viewer { id } } ... { b: viewer { id } } }", {READ: 1}),
        ('mutation { delete(id: "1") }', {WRITE: 1}),
        (DELETIONS, {WRITE: 3}),
        (MIXED, {WRITE: 1, PROCESSING: 1}),
        ("mutation ($f: Upload!) { a: upload(file: $f) { id } }", {}),
        ("mutation { somethingNew }", {WRITE: 1}),
    ],
)
def test_each_root_field_counts_under_each_name(
    document: str, counted: dict[OperationClass, int]
) -> None:
    assert operations(parse(document), None) == Counter(counted)


def test_only_the_operation_that_runs_counts() -> None:
    document = parse('query q { viewer { id } } mutation m { delete(id: "1") }')
    assert operations(document, "q") == Counter()
    assert operations(document, "m") == Counter({WRITE: 1})


def test_fragments_that_double_are_entered_once() -> None:
    doubling = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(200))
    last = "fragment f200 on Query { a: viewer { id } b: viewer { id } }"
    assert operations(parse(f"{{ ...f0 }} {doubling} {last}"), None) == Counter({READ: 1})
