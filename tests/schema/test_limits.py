"""The limits of a document against its definitions, hostile shapes and a naive reference."""

import math
from collections.abc import Mapping

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_introspection_query,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.schema.documents import FIELDS, documents, doubling
from tests.schema.refusing import NO_LIMIT, UNLIMITED, refusal

# Depth, aliases, tokens


def test_depth_counts_levels_of_fields_and_names_what_it_measured() -> None:
    def nested(levels: int) -> str:
        return "{ a " * levels + "}" * levels

    assert refusal(nested(12)) is None
    assert refusal(nested(14)) == "The query is 14 levels deep; at most 12 are allowed."


def test_depth_holds_in_unused_fragments_and_operations_that_are_not_asked_for() -> None:
    deep = "{ a { b { c } } }"
    assert refusal(f"query Q {{ a }} query R {deep}", None, "Q", max_depth=2) is not None
    assert refusal(f"query Q {{ a }} fragment f on Query {deep}", None, "Q", max_depth=2)


def test_aliases_are_counted_through_fragments_and_across_the_document() -> None:
    query = "{ x: a ...f y { ...f } } fragment f on Query { p: a q: a { r: b } s }"
    assert refusal(query, max_aliases=7) is None
    assert refusal(query, max_aliases=6) == (
        "The query aliases or repeats 7 fields; at most 6 are allowed."
    )


def test_repeated_fields_count_like_aliases() -> None:
    assert refusal("{ " + "a { b } " * 101 + "}") is None
    assert refusal("{ " + "a { b } " * 102 + "}") is not None


def test_an_alias_that_looks_like_introspection_hides_no_depth() -> None:
    assert refusal("{ __schema: a { b { c } } }", max_depth=2) is not None


def test_fifty_aliased_uploads_pass_and_a_thousand_mutations_do_not() -> None:
    def uploads(count: int) -> str:
        variables = " ".join(f"$f{i}: Upload!" for i in range(count))
        fields = " ".join(f"u{i}: upload(file: $f{i}) {{ id }}" for i in range(count))
        return f"mutation ({variables}) {{ {fields} }}"

    assert refusal(uploads(50)) is None
    assert refusal(uploads(1000)) is not None
    assert refusal(uploads(1000), max_tokens=NO_LIMIT) is not None


def test_a_directive_repeated_thousands_of_times_has_too_many_tokens() -> None:
    message = refusal("{ a " + "@skip(if: false) " * 3000 + "}")
    assert message == "The query has 21003 tokens; at most 2000 are allowed."


# Hostile shapes


@pytest.mark.parametrize("spread", ["...f{0} ...f{0}", "x {{ ...f{0} ...f{0} }}"])
def test_fragments_that_double_sixty_times_are_refused(spread: str) -> None:
    query = doubling(60, spread)
    limits = {**UNLIMITED, "max_aliases": 100}
    assert refusal(query, **limits) == (
        "The query aliases or repeats 1000000000 or more fields; at most 100 are allowed."
    )
    assert "costs 1000000000 or more;" in str(refusal(query, **{**UNLIMITED, "max_cost": 10_000}))


def test_five_thousand_chained_fragments_need_no_recursion() -> None:
    query = doubling(5000, "x {{ ...f{0} }}")
    assert refusal(query, max_tokens=NO_LIMIT) == (
        "The query is 5001 levels deep; at most 12 are allowed."
    )
    assert refusal(doubling(5000, "...f{0}"), max_tokens=NO_LIMIT) is None


def test_ten_thousand_nested_selection_sets_need_no_recursion() -> None:
    innermost = parse("{ a }").definitions[0]
    assert isinstance(innermost, OperationDefinitionNode)
    selection_set = innermost.selection_set
    (leaf,) = selection_set.selections
    assert isinstance(leaf, FieldNode)
    for _ in range(10_000):
        field = FieldNode(name=leaf.name, selection_set=selection_set)
        selection_set = SelectionSetNode(selections=(field,))
    operation = OperationDefinitionNode(operation=innermost.operation, selection_set=selection_set)
    assert "10001 levels" in str(refusal(DocumentNode(definitions=(operation,))))


@pytest.mark.parametrize(
    "query",
    [
        "{ ...f } fragment f on Query { a ...f }",
        "{ ...f } fragment f on Query { a ...g } fragment g on Query { b { ...f } }",
        "{ ...f ...g } fragment f on Query { ...g ...g } fragment g on Query { ...f ...f }",
        "{ ...nowhere }",
        "{ a { } }",
        "{ ...f } fragment f on Query { a } fragment f on Query { b }",
        "type Query { a: Int }",
        "fragment f on Query { a }",
    ],
)
def test_what_validation_will_refuse_ends_and_is_left_to_it(query: str) -> None:
    assert refusal(query) is None


# Introspection


@pytest.mark.parametrize("everything", [True, False])
def test_the_standard_introspection_queries_pass(*, everything: bool) -> None:
    query = get_introspection_query(
        descriptions=everything,
        specified_by_url=everything,
        directive_is_repeatable=everything,
        schema_description=everything,
        input_value_deprecation=everything,
        experimental_directive_deprecation=everything,
        one_of=everything,
    )
    assert refusal(query) is None
    assert refusal(query, max_depth=1, max_introspection_depth=15) is None
    assert refusal(query, max_introspection_depth=14) == (
        "Introspection is 15 levels deep; at most 14 are allowed."
    )


def test_nested_and_multiplied_introspection_is_refused() -> None:
    nested = "{ __schema { types " + "{ fields { type " * 8 + "{ name }" + "}}" * 8 + "} }"
    assert refusal(nested) is not None
    types = " ".join(f"t{i}: type {{ fields {{ name type {{ name }} }} }}" for i in range(90))
    assert refusal(f"{{ __schema {{ types {{ fields {{ {types} }} }} }} }}") is not None


def test_a_fragment_on_a_type_of_introspection_has_the_depth_of_introspection() -> None:
    fragment = "fragment T on __Type { ofType { ofType { ofType { name } } } }"
    assert refusal('{ __type(name: "A") { ...T } }' + fragment, max_depth=2) is None
    assert refusal("{ a }" + fragment, max_depth=2) is None
    assert refusal("{ a }" + fragment, max_introspection_depth=3) is not None


# Against a reference that expands everything


class Reference:
    """Depth, aliases and cost by plain recursion, as their definitions read."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, int]) -> None:
        self.sets = {
            d.name.value: d.selection_set
            for d in document.definitions
            if isinstance(d, FragmentDefinitionNode)
        }
        self.variables = variables

    def fields(self, node: SelectionSetNode, *, spreads: bool = True) -> list[FieldNode]:
        """Return the fields of a selection set, those of its spreads included."""
        found: list[FieldNode] = []
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                found.append(selection)
            elif not isinstance(selection, FragmentSpreadNode):
                found += self.fields(selection.selection_set, spreads=spreads)  # type: ignore[attr-defined]
            elif spreads:
                found += self.fields(self.sets[selection.name.value])
        return found

    def spreads(self, node: SelectionSetNode) -> list[SelectionSetNode]:
        """Return the selection sets of the fragments spread in this one."""
        found: list[SelectionSetNode] = []
        for selection in node.selections:
            if isinstance(selection, FragmentSpreadNode):
                found.append(self.sets[selection.name.value])
            elif not isinstance(selection, FieldNode):
                found += self.spreads(selection.selection_set)  # type: ignore[attr-defined]
        return found

    def depth(self, node: SelectionSetNode | None) -> int:
        """Return the levels of fields."""
        fields = self.fields(node) if node else []
        return max((1 + self.depth(field.selection_set) for field in fields), default=0)

    def aliases(self, node: SelectionSetNode | None) -> int:
        """Return the aliased and the repeated fields at every level."""
        if node is None:
            return 0
        fields = self.fields(node, spreads=False)
        plain = [field.name.value for field in fields if not field.alias]
        own = len(fields) - len(plain) + sum(plain.count(n) - 1 for n in set(plain))
        below = sum(self.aliases(field.selection_set) for field in fields)
        return own + below + sum(self.aliases(spread) for spread in self.spreads(node))

    def cost(self, node: SelectionSetNode) -> int:
        """Return one for each field with a selection and each ten values, times their pages."""
        fields = self.fields(node)
        objects = [field for field in fields if field.selection_set]
        values = len(fields) - len(objects)
        return math.ceil(values / 10) + sum(
            1 + self.size(field) * self.cost(field.selection_set)
            for field in objects
            if field.selection_set
        )

    def size(self, field: FieldNode) -> int:
        """Return how often what is below the field counts."""
        for argument in field.arguments or ():
            if isinstance(argument.value, IntValueNode):
                return max(1, int(argument.value.value))
            assert isinstance(argument.value, VariableNode)
            return self.variables[argument.value.name.value]
        inside = self.fields(field.selection_set) if field.selection_set else []
        return 20 if {f.name.value for f in inside} & {"edges", "nodes"} else 1


@given(documents(), st.integers(1, 50))
def test_every_measure_is_that_of_full_expansion(query: str, n: int) -> None:
    document = parse(query)
    reference = Reference(document, {"n": n, "m": 4})
    sets = [d.selection_set for d in document.definitions]  # type: ignore[attr-defined]
    measures = {
        "max_depth": max(reference.depth(node) for node in sets),
        "max_aliases": max(reference.aliases(node) for node in sets),
        "max_cost": reference.cost(sets[0]),
    }
    assert refusal(document, {"n": n}, **{**UNLIMITED, **measures}) is None
    for name, measure in measures.items():
        limits = {**UNLIMITED, name: measure - 1}
        assert f" {measure} " in str(refusal(document, {"n": n}, **limits)).replace(";", " ")


@given(documents(), FIELDS, st.integers(1, 6), st.integers(0, 6), st.integers(1, 300))
def test_a_document_that_grows_is_never_let_through_for_it(
    query: str, field: str, depth: int, aliases: int, most: int
) -> None:
    limits = {**UNLIMITED, "max_depth": depth, "max_aliases": aliases, "max_cost": most}
    grown = query.replace("root: top {", f"root: top {{ {field} ")
    if refusal(grown, {"n": 3}, **limits) is None:
        assert refusal(query, {"n": 3}, **limits) is None
        assert refusal(query, {"n": 2}, **limits) is None


@given(st.text("{}.f()$:@ab1", max_size=60))
def test_whatever_parses_passes_or_is_refused(text: str) -> None:
    try:
        document = parse(text)
    except GraphQLError:
        return
    refusal(document)
