"""What documents cost, and which field the refusal names."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse

from tests.schema.refusing import UNLIMITED, refusal


def cost(query: str, variables: Mapping[str, Any] | None = None) -> int:
    """Return the cost as the refusal tells it, with the other limits out of the way."""
    message = refusal(query, variables, **{**UNLIMITED, "max_cost": -1})
    assert message is not None
    return int(message.removeprefix("The query costs ").split(";")[0])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ a }", 1),
        ("query Named { a { b } c }", 3),
        ("{ a b c }", 1),
        ("{ a(first: 10) { b c } }", 11),
        ("{ a(first: 10) { b { d } c { e } } }", 1 + 10 * (2 + 2)),
        ("{ a { b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 } }", 2),
        ("{ a { b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 b10 } }", 3),
        ("{ a { b0 b1 b2 b3 b4 ...f } } fragment f on A { b5 b6 b7 b8 b9 b10 }", 3),
        ("{ a(last: 10) { b } }", 11),
        ("{ a(limit: 10) { b } }", 11),
        ("{ a(first: 10) }", 1),
        ("{ a(first: 0) { b } }", 2),
        ("{ a(first: -5) { b } }", 2),
        ("{ a(first: null) { b } }", 21),
        ("{ a(ids: [1, 2, 3]) { b } }", 2),
        ("{ a(first: 2) { b(first: 3) { c } } }", 1 + 2 * (1 + 3)),
        ("{ a(first: 2, last: 3) { b } }", 1 + 5),
        ("{ files { edges { node { id } } } }", 1 + 20 * 3),
        ("{ files { edges { cursor node { id } } } }", 1 + 20 * 4),
        ("{ files { nodes { id } } }", 1 + 20 * 2),
        ("{ files(first: 5) { edges { node { id } } } }", 1 + 5 * 3),
        ("{ files { ...c } } fragment c on C { ... { edges { cursor } } }", 1 + 20 * 2),
        ("{ a { ...f ...f } } fragment f on A { b c }", 2),
        ("{ ... on Query { a } ... { b } }", 1),
        ("mutation { a { b } c: a { b } }", 2 * 10 + 2),
        ("mutation { ...m } fragment m on Mutation { a b }", 20),
        ("subscription { a { b } }", 2),
        ("mutation { a { b } c d }", 3 * 10 + 1),
        ("{ types { fields { args } } }", 3),
        ("{ __type { fields { name } name } }", 1 + 2),  # and 1 + 10 + 1 tenths
        ("{ __schema { types { fields { name } } } }", 1 + 56),  # and 50 * (1 + 10) + 1 tenths
    ],
)
def test_a_query_costs_its_fields_times_the_pages_around_them(query: str, expected: int) -> None:
    assert cost(query) == expected


@pytest.mark.parametrize(
    ("variables", "size"),
    [
        ({"n": 7}, 7),
        ({"n": 7.0}, 7),
        ({}, 3),
        (None, 3),
        ({"other": 9}, 3),
        ({"n": None}, 20),
        ({"n": "7"}, 20),
        ({"n": True}, 20),
        ({"n": [7]}, 20),
        ({"n": -1}, 1),
        ({"n": float("nan")}, 1),
    ],
)
def test_a_variable_or_its_default_is_the_page_size(
    variables: dict[str, Any] | None, size: int
) -> None:
    assert cost("query ($n: Int = 3) { a(first: $n) { b } }", variables) == 1 + size


def test_a_variable_without_a_default_counts_as_a_page() -> None:
    assert cost("query ($n: Int) { a(first: $n) { b } }") == 21


def test_one_document_is_costed_anew_for_other_variables_and_operations() -> None:
    document = parse(
        "query A($n: Int = 2) { ...f } query B($n: Int = 5) { ...f b }"
        "fragment f on Query { a(first: $n) { b } }"
    )
    limits = {**UNLIMITED, "max_cost": 6}
    assert refusal(document, {}, "A", **limits) is None
    assert refusal(document, {"n": 6}, "A", **limits) is not None
    assert refusal(document, {}, "A", **limits) is None
    assert refusal(document, {}, "B", **limits) is not None
    assert refusal(document, {}, "unknown", **limits) is None


def test_infinite_and_enormous_page_sizes_are_refused() -> None:
    query = "query ($n: Int) { a(first: $n) { b } }"
    assert refusal(query, {"n": float("inf")}) is not None
    assert refusal(query, {"n": 10**5000}) is not None
    assert refusal("{ a(first: " + "9" * 10_000 + ") { b } }") is not None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("{ a(first: 30) { b } c(first: 9) { b } }", "a"),
        ("{ files(first: 9) { edges { node { x { y } z { y } } } } }", "files.edges.node"),
        ("{ files { edges { node { id } } nodes { id } } }", "files.edges"),
        ("{ files { nodes { id } totalCount } }", "files.nodes"),
        ("query ($n: Int) { a(first: $n) { b } c(first: 40) { b } }", "a"),
        ("{ a { b } } ", "a"),
        ("{ big: a(first: 30) { b { c } } }", "big: a.b"),
        (
            "{ ...f } fragment f on A { x { y } ...g } fragment g on A { a(last: 9) { b } }",
            "a",
        ),
        ("mutation { a(first: 30) { b } }", "a"),
        ("{ __schema { types { fields { name } } } }", "__schema.types.fields"),
        ("{ a b c }", None),
    ],
)
def test_a_refusal_names_the_most_expensive_field(query: str, field: str | None) -> None:
    message = str(refusal(query, {"n": 50}, **{**UNLIMITED, "max_cost": 0}))
    hint = f" The most expensive field is {field}: ask for a smaller page or less of it."
    assert message.endswith("are allowed." + (hint if field else ""))


def test_a_long_name_is_not_repeated_whole() -> None:
    query = "{ %s(first: 100) { b(first: 100) { c } } }" % ("a" * 5_000)
    assert len(str(refusal(query))) < 300


def test_pages_in_pages_are_refused_however_few_values_they_ask_for() -> None:
    assert refusal("{ a(first: 100) { b(first: 90) { c } } }") is None
    assert str(refusal("{ a(first: 100) { b(first: 100) { c } } }")).startswith(
        "The query costs 10101; at most 10000 are allowed."
    )
    aliased = " ".join(f"p{i}: files(first: 100) {{ nodes {{ id }} }}" for i in range(50))
    assert refusal(f"{{ {aliased} }}") is not None
