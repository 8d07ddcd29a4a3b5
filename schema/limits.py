"""The size limits of a GraphQL document: depth, aliases, tokens and cost, in linear time.

Every selection set is measured once, after those below it and on an explicit stack: fragments that
double sixty times, fragments in a cycle and very deep nesting all cost what their text costs.
What the text alone decides is kept for the documents that a parser cache hands out again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from strawberry.extensions import SchemaExtension

from core.errors import QueryTooComplexError

DEFAULT_PAGE_SIZE = 20
"""The items that a connection is taken to return when the query does not say."""

MUTATION_COST = 10
"""The cost of one root field of a mutation; every other field costs 1."""

_CEILING = 10**9  # Counts stop here, so that doubling fragments make no huge integers.
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
_PLANS_KEPT = 128  # as many documents as Strawberry's ParserCache keeps


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """How large a document may be; each bound is inclusive.

    ``max_depth`` counts levels of fields, ``{ a { b } }`` being 2; what is below ``__schema`` and
    ``__type`` has ``max_introspection_depth`` instead, which the standard introspection query
    reaches exactly. ``max_aliases`` counts aliased fields, and plain ones that a selection set
    repeats, with fragments expanded. ``max_tokens`` counts tokens and comments, ``max_length``
    characters. ``max_cost`` bounds the estimate that ``check_limits`` describes; its default
    admits 100 files of 60 fields each, and the standard introspection query once.
    """

    max_depth: int = 12
    max_introspection_depth: int = 15
    max_aliases: int = 100
    max_tokens: int = 2_000
    max_length: int = 100_000
    max_cost: int = 10_000


DEFAULT_LIMITS = QueryLimits()


def check_limits(
    document: DocumentNode,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
    limits: QueryLimits = DEFAULT_LIMITS,
) -> None:
    """Return if ``document`` keeps within ``limits``; that it is valid is not looked at.

    Depth and aliases hold for every operation and fragment in it, because validation walks them
    all; cost holds for the named operation, the first when the name is None. A field costs 1, a
    mutation's root field 10. ``first``, ``last`` or ``limit``, literal or variable, multiplies the
    cost of the field's selection set, by 1 at least; without them a field that selects ``edges``
    or ``nodes`` counts as a page of 20. A field of introspection costs a tenth, times the usual
    sizes of the lists around it. ``@skip`` and ``@include`` change nothing.

    Raises:
        QueryTooComplexError: A limit is passed; the message tells the measure and the limit.
    """
    plan = _plan(_Identity(document))
    _refuse_above(limits.max_tokens, document.token_count, "The query has {} tokens")
    _refuse_above(limits.max_depth, plan.depth, "The query is {} levels deep")
    _refuse_above(
        limits.max_introspection_depth, plan.introspection_depth, "Introspection is {} levels deep"
    )
    _refuse_above(limits.max_aliases, plan.aliases, "The query aliases or repeats {} fields")
    _refuse_above(limits.max_cost, plan.cost(operation_name, variables or {}), "The query costs {}")


class LimitsExtension(SchemaExtension):
    """Refuses a document over its limits after parsing and before validation.

    List it first, before ``ParserCache`` and ``ValidationCache``: it then bounds what they read
    and keep. A factory sets other limits: ``lambda: LimitsExtension(QueryLimits(max_depth=8))``.
    A refusal reaches the result as a GraphQLError whose ``original_error`` is the
    ``QueryTooComplexError``.
    """

    def __init__(self, limits: QueryLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits

    def on_operation(self) -> Iterator[None]:
        """Bound what the parser reads; a parser cache's refusal comes through here."""
        context = self.execution_context
        length = len(context.query or "")
        _refuse_above(self._limits.max_length, length, "The query has {} characters")
        context.parse_options["max_tokens"] = self._limits.max_tokens
        try:
            yield
        except GraphQLSyntaxError as error:
            self._refuse_unreadable(error)
            raise

    def on_parse(self) -> Iterator[None]:
        """Check the document when it is parsed, by whichever extension."""
        yield
        context = self.execution_context
        for error in context.pre_execution_errors or ():
            self._refuse_unreadable(error)
        if context.graphql_document:
            check_limits(
                context.graphql_document, context.operation_name, context.variables, self._limits
            )

    def _refuse_unreadable(self, error: Exception) -> None:
        """Raise if the parser gave up on size, which only the text of its errors tells."""
        description = error.description if isinstance(error, GraphQLSyntaxError) else ""
        if description.startswith("Document is nested too deeply"):
            raise QueryTooComplexError(
                "The query is nested too deeply to be read;"
                f" at most {self._limits.max_depth} levels are allowed."
            ) from error
        if description.startswith("Document contains more than"):
            limit = self._limits.max_tokens
            raise QueryTooComplexError(
                f"The query has more than {limit} tokens; at most {limit} are allowed."
            ) from error


def _refuse_above(limit: int, measured: int, sentence: str) -> None:
    if measured > limit:
        shown = f"{_CEILING} or more" if measured >= _CEILING else str(measured)
        raise QueryTooComplexError(f"{sentence.format(shown)}; at most {limit} are allowed.")


class _Identity:
    """A document as a cache key: comparing it by content would cost more than measuring it."""

    __slots__ = ("document",)

    def __init__(self, document: DocumentNode) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.document is other.document


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
    return _Shape(max(depths), min(sum(aliases), _CEILING), min(sum(fields), _CEILING), any(pages))


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
    return int(node.value) if len(node.value) <= len(str(_CEILING)) else _CEILING


def _size(value: object) -> int:
    """Return a page size as a multiplier; null, absent and ill-typed ones give the default."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DEFAULT_PAGE_SIZE
    return int(max(1, min(value, _CEILING)))


class _Operation(NamedTuple):
    name: str | None
    step: int
    defaults: dict[str, int | None]  # of the variables


class _Plan:
    """A document measured, but for the cost, which variables decide as well."""

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
        """Return what the operation of that name costs, or the first; 0 when there is none."""
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
            costs.append(min(cost, _CEILING * _UNITS))
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


@lru_cache(maxsize=_PLANS_KEPT)
def _plan(document: _Identity) -> _Plan:
    return _Plan(document.document)
