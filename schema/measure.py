"""How large a GraphQL document is: its depth, aliases and cost, in linear time.

Every selection set is measured once, after those below it and on an explicit stack: fragments that
double sixty times, fragments in a cycle and very deep nesting all cost what their text costs.
What the text alone decides is kept for the documents that a parser cache hands out again.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

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

DEFAULT_PAGE_SIZE = 20
"""The items that a connection is taken to return when the query does not say."""

MUTATION_COST = 10
"""The cost of one root field of a mutation; every other field costs 1."""

CEILING = 10**9
"""Where counts stop, so that doubling fragments make no huge integers."""

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
_UNITS = 10  # of one cost: what a field counts for, where one of introspection counts for 1
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
    pages: bool  # whether the items of a connection are selected


class _Step(NamedTuple):
    """The units that a selection set costs: its own, and multiples of those of earlier steps."""

    own: int
    terms: tuple[tuple[int | str, int], ...]  # (number or variable name, index of the step)


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
        # Repeated fields count like aliases: validation compares them in pairs.
        plain = {field.name.value for field in self.fields if not field.alias}
        pages = any(field.name.value in _CONNECTION_FIELDS for field in self.fields)
        return _Shape(min(count, 1), count - len(plain), count, pages)


class _Measurement:
    """Measures every selection set that it meets, each once and after those below it."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._index: dict[tuple[int, bool], int] = {}
        self.steps: list[_Step] = []
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
        terms: list[tuple[int | str, int]] = []
        for field, below in selections.nested:
            index = self._index.get(below.key)
            if index is None:  # A cycle of fragments: validation refuses it.
                continue
            shape = self.shapes[index]
            sizes: list[int | str] = [1]
            if field:
                sizes = _sizes(field, shape, introspecting=scope.introspecting)
                entering = below.introspecting and not scope.introspecting
                shape = _Shape(0 if entering else shape.depth + 1, shape.aliases, 0, pages=False)
            terms += ((size, index) for size in sizes)
            shapes.append(shape)
        self._index[scope.key] = len(self.steps)
        own = len(selections.fields) * (1 if scope.introspecting else _UNITS)
        self.steps.append(_Step(own, tuple(terms)))
        self.shapes.append(_merged(shapes))


def _merged(shapes: list[_Shape]) -> _Shape:
    depths, aliases, fields, pages = zip(*shapes, strict=True)
    return _Shape(max(depths), min(sum(aliases), CEILING), min(sum(fields), CEILING), any(pages))


def _sizes(field: FieldNode, shape: _Shape, *, introspecting: bool) -> list[int | str]:
    """Return how often the field's selection set counts: numbers and names of variables."""
    if introspecting:
        return [_INTROSPECTION_LISTS.get(field.name.value, 1)]
    values = [a.value for a in field.arguments or () if a.name.value in _PAGE_ARGUMENTS]
    sizes = [v.name.value if isinstance(v, VariableNode) else _size(_literal(v)) for v in values]
    return sizes or [DEFAULT_PAGE_SIZE if shape.pages else 1]


def _literal(node: ValueNode | None) -> int | None:
    if not isinstance(node, IntValueNode):
        return None
    # int() refuses thousands of digits, and ten of them are over every limit.
    return int(node.value) if len(node.value) <= len(str(CEILING)) else CEILING


def _size(value: object) -> int:
    """Return a page size as a multiplier; null, absent and ill-typed ones give the default."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DEFAULT_PAGE_SIZE
    return int(max(1, min(value, CEILING)))


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
        self._variables = {size for s in self._steps for size, _ in s.terms if type(size) is str}
        self.depth = measured.depth(introspecting=False)
        self.introspection_depth = measured.depth(introspecting=True) + 1
        self.aliases = max((shape.aliases for shape in measured.shapes), default=0)

    def cost(self, name: str | None, variables: Mapping[str, Any]) -> int:
        """Return what the operation of that name costs, the first if None; 0 if there is none.

        The unit is one field outside introspection, rounded up; the cost stops at ``CEILING``.
        """
        named = (o for o in self._operations if name is None or o.name == name)
        operation = next(named, None)
        if operation is None:
            return 0
        sizes = {v: _size(variables.get(v, operation.defaults.get(v))) for v in self._variables}
        costs: list[int] = []
        for own, terms in self._steps:
            cost = own + sum(
                (sizes[size] if isinstance(size, str) else size) * costs[index]
                for size, index in terms
            )
            costs.append(min(cost, CEILING * _UNITS))
        return -(-costs[operation.step] // _UNITS)


def _operation(definition: OperationDefinitionNode, measured: _Measurement) -> _Operation:
    step = measured.measure(_Scope(definition.selection_set, introspecting=False))
    if definition.operation is OperationType.MUTATION:
        surcharge = (MUTATION_COST - 1) * measured.shapes[step].fields * _UNITS
        measured.steps.append(_Step(surcharge, ((1, step),)))
        measured.shapes.append(measured.shapes[step])
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
