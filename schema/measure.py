"""How large a GraphQL document is: its depth, aliases and cost, in linear time.

Cost counts objects rather than values, so that whole objects stay cheap as the schema grows, while
pages in pages multiply. A field with a selection costs 1, and that selection as often as its page
has items; the fields without one, which are the values of an object, cost 1 for every ten.

Every selection set is measured once, after those below it and on an explicit stack: fragments that
double sixty times, fragments in a cycle and very deep nesting all cost what their text costs.
What the text alone decides is kept for the documents that a parser cache hands out again.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from schema.costs import CEILING, UNITS, Costs, Step, Term, page_size, units_of_values

MUTATION_COST: Final = 10
"""What a root field of a mutation costs, beside its selection."""

_PAGE_ARGUMENTS = frozenset({"first", "last", "limit"})
_CONNECTION_FIELDS = frozenset({"edges", "nodes"})
_INTROSPECTION_ROOTS = frozenset({"__schema", "__type"})
# Introspection lists take no page size and answer from memory: a field costs a tenth, times the
# sizes that such lists have. With a factor below the real one, nested lists block for seconds.
_INTROSPECTION_LISTS = {
    "types": 50,
    "fields": 10,
    "args": 3,
    "inputFields": 5,
    "enumValues": 5,
    "directives": 5,
    "interfaces": 2,
    "possibleTypes": 2,
}
_DOCUMENTS_KEPT = 128  # as many documents as Strawberry's ParserCache keeps


class _Scope(NamedTuple):
    """A selection set and whether introspection surrounds it, where lists are known by name."""

    node: SelectionSetNode
    introspecting: bool

    @property
    def key(self) -> tuple[int, bool]:
        return id(self.node), self.introspecting


class _Shape(NamedTuple):
    """What the text alone decides about a selection set, or about one field or spread in it."""

    depth: int
    aliases: int
    fields: int  # at the top level, fragments expanded
    values: int  # those of them without a selection
    pages: bool  # whether the items of a connection are selected


class _Selections:
    """The members of a selection set, its inline fragments opened."""

    def __init__(self, scope: _Scope, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.fields: list[FieldNode] = []
        self.nested: list[tuple[FieldNode | None, _Scope]] = []  # None stands for a spread
        pending = [scope.node]
        while pending:
            for node in pending.pop().selections:
                if isinstance(node, FieldNode):
                    self._add_field(node, introspecting=scope.introspecting)
                elif isinstance(node, InlineFragmentNode):
                    pending.append(node.selection_set)
                elif isinstance(node, FragmentSpreadNode) and node.name.value in fragments:
                    spread = fragments[node.name.value].selection_set
                    self.nested.append((None, _Scope(spread, scope.introspecting)))

    def _add_field(self, field: FieldNode, *, introspecting: bool) -> None:
        self.fields.append(field)
        if field.selection_set:
            introspecting = introspecting or field.name.value in _INTROSPECTION_ROOTS
            self.nested.append((field, _Scope(field.selection_set, introspecting)))

    def shape(self) -> _Shape:
        """Return the shape of the fields alone, without what is below or in fragments."""
        count = len(self.fields)
        values = sum(field.selection_set is None for field in self.fields)
        # Repeated fields count like aliases: validation compares them in pairs.
        plain = {field.name.value for field in self.fields if not field.alias}
        pages = any(field.name.value in _CONNECTION_FIELDS for field in self.fields)
        return _Shape(min(count, 1), count - len(plain), count, values, pages)


class _Measurement:
    """Measures every selection set that it meets, each once and after those below it."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._index: dict[tuple[int, bool], int] = {}
        self.steps: list[Step] = []
        self.shapes: list[_Shape] = []

    def measure(self, root: _Scope) -> int:
        """Return the index of ``root``'s step and shape."""
        entered: dict[tuple[int, bool], _Selections] = {}
        pending = [root]
        while pending:
            scope = pending[-1]
            if scope.key in self._index:
                pending.pop()
            elif selections := entered.get(scope.key):
                self._leave(scope, selections)
            else:
                entered[scope.key] = selections = _Selections(scope, self._fragments)
                pending += (below for _, below in selections.nested)
        return self._index[root.key]

    def depth(self, *, introspecting: bool) -> int:
        """Return the depth of the deepest selection set inside or outside introspection."""
        scopes = (index for key, index in self._index.items() if key[1] == introspecting)
        return max((self.shapes[index].depth for index in scopes), default=0)

    def _leave(self, scope: _Scope, selections: _Selections) -> None:
        """Measure a selection set from what is measured below it."""
        shapes = [selections.shape()]
        terms: list[Term] = []
        for field, below in selections.nested:
            index = self._index.get(below.key)
            if index is None:  # A cycle of fragments: validation refuses it.
                continue
            shape = self.shapes[index]
            if field is None:
                terms.append(Term((1,), index))
            else:
                sizes = _sizes(field, shape, introspecting=scope.introspecting)
                terms.append(Term(sizes, index, _label(field)))
                entering = below.introspecting and not scope.introspecting
                shape = _Shape(0 if entering else shape.depth + 1, shape.aliases, 0, 0, pages=False)
            shapes.append(shape)
        self._index[scope.key] = len(self.steps)
        self.shapes.append(_merged(shapes))
        self.steps.append(_step(selections.fields, self.shapes[-1], terms, scope))


def _step(fields: list[FieldNode], shape: _Shape, terms: list[Term], scope: _Scope) -> Step:
    if scope.introspecting:
        return Step(len(fields), 0, tuple(terms))
    objects = sum(field.selection_set is not None for field in fields)
    return Step(objects * UNITS, units_of_values(shape.values), tuple(terms))


def _label(field: FieldNode) -> str:
    alias = f"{field.alias.value}: " if field.alias else ""
    return f"{alias}{field.name.value}"


def _merged(shapes: list[_Shape]) -> _Shape:
    depths, *counts, pages = zip(*shapes, strict=True)
    aliases, fields, values = (min(sum(count), CEILING) for count in counts)
    return _Shape(max(depths), aliases, fields, values, any(pages))


def _sizes(field: FieldNode, shape: _Shape, *, introspecting: bool) -> tuple[int | str, ...]:
    """Return how often the field's selection set counts: numbers and names of variables."""
    if introspecting:
        return (_INTROSPECTION_LISTS.get(field.name.value, 1),)
    values = [a.value for a in field.arguments or () if a.name.value in _PAGE_ARGUMENTS]
    sizes = (
        v.name.value if isinstance(v, VariableNode) else page_size(_literal(v)) for v in values
    )
    return tuple(sizes) or (page_size(None) if shape.pages else 1,)


def _literal(node: ValueNode | None) -> int | None:
    if not isinstance(node, IntValueNode):
        return None
    # int() refuses thousands of digits, and ten of them are over every limit.
    return int(node.value) if len(node.value) <= len(str(CEILING)) else CEILING


class _Operation(NamedTuple):
    name: str | None
    step: int
    defaults: dict[str, int | None]  # of the variables


class Measures:
    """How large a document is: what its text alone decides, and the cost, given the variables.

    ``depth`` counts levels of fields outside introspection and ``introspection_depth`` those of
    introspection, its root field included (1 when there is none); ``aliases`` counts aliased
    fields, and plain ones that a selection set repeats, with fragments expanded, up to
    ``CEILING``. Each is the largest of any selection set in the document.
    """

    def __init__(self, document: DocumentNode) -> None:
        fragments = [d for d in document.definitions if isinstance(d, FragmentDefinitionNode)]
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        measured = _Measurement({d.name.value: d for d in fragments})
        self._operations = [_operation(d, measured) for d in operations]
        for fragment in fragments:
            about_types = fragment.type_condition.name.value.startswith("__")
            measured.measure(_Scope(fragment.selection_set, about_types))
        self._steps = measured.steps
        sizes = (size for step in self._steps for term in step.terms for size in term.sizes)
        self._variables = {size for size in sizes if isinstance(size, str)}
        self.depth = measured.depth(introspecting=False)
        self.introspection_depth = measured.depth(introspecting=True) + 1
        self.aliases = max((shape.aliases for shape in measured.shapes), default=0)

    def cost(self, name: str | None, variables: Mapping[str, Any]) -> int:
        """Return what the operation of that name costs, the first if None; 0 if there is none."""
        found = self._costs(name, variables)
        return found[0].total(found[1]) if found else 0

    def most_expensive(self, name: str | None, variables: Mapping[str, Any]) -> str | None:
        """Return the path of the field that the operation's cost comes from, as far as one does."""
        found = self._costs(name, variables)
        return found[0].most_expensive(found[1]) if found else None

    def _costs(self, name: str | None, variables: Mapping[str, Any]) -> tuple[Costs, int] | None:
        named = (o for o in self._operations if name is None or o.name == name)
        operation = next(named, None)
        if operation is None:
            return None
        given = {v: variables.get(v, operation.defaults.get(v)) for v in self._variables}
        return Costs(self._steps, given), operation.step


def _operation(definition: OperationDefinitionNode, measured: _Measurement) -> _Operation:
    step = measured.measure(_Scope(definition.selection_set, introspecting=False))
    if definition.operation is OperationType.MUTATION:
        shape = measured.shapes[step]
        surcharge = MUTATION_COST * shape.fields - (shape.fields - shape.values)
        measured.steps.append(Step(surcharge * UNITS, 0, (Term((1,), step),)))
        measured.shapes.append(shape)
        step = len(measured.steps) - 1
    name = definition.name.value if definition.name else None
    defaults = {
        d.variable.name.value: _literal(d.default_value)
        for d in definition.variable_definitions or ()
    }
    return _Operation(name, step, defaults)


class _Identity:
    """A document as a cache key: comparing it by content would cost more than measuring it."""

    __slots__ = ("document",)

    def __init__(self, document: DocumentNode) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.document is other.document


@lru_cache(maxsize=_DOCUMENTS_KEPT)
def _measures(document: _Identity) -> Measures:
    return Measures(document.document)


def measure(document: DocumentNode) -> Measures:
    """Return the measures of ``document``, which need not be valid; kept for the same object."""
    return _measures(_Identity(document))
