"""Executes operations just as graphql-core does, but reads plain fields straight off their objects.

graphql-core takes each field of each object through a resolver, a resolve info, a path and a chain
of completion methods. For an attribute all this can only come to the attribute's coerced value, so
this executor reads and coerces it directly. Why the results are the same:

- The direct way is for **plain** fields only: Strawberry's own attribute resolver, or one that is
  declared to be a function of context and parent (``COMPUTED``), without arguments, extensions,
  permissions, middleware, directives (but @skip and @include) or @defer.
- It is **pure, and complete or void**: it reads attributes, calls such functions, asks
  ``is_type_of``, coerces leaves and touches no state of the execution. At whatever it does not know
  to be ordinary (an exception, an awaitable, a null where none may be, a failed coercion, an
  iterable that is no list) it raises; then its result is dropped and graphql-core executes that
  field from the start. So errors, their paths and the propagation of nulls are always
  graphql-core's own.
- Which fields are selected, and in what order, is graphql-core's own ``collect_subfields``.

Attributes, functions, ``is_type_of`` and scalars' coercions must therefore be repeatable.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from inspect import iscoroutine
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias, cast

import graphql
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path, gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Info: TypeAlias = graphql.GraphQLResolveInfo[Any]
Object: TypeAlias = graphql.GraphQLObjectType
Complete: TypeAlias = Callable[[Any], Any]
Results: TypeAlias = dict[str, Any]

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF

COMPUTED = "computed"
"""In a field's ``metadata``: a function of context and parent that its resolver comes down to."""

# Leaf types whose coercion gives a value of exactly this Python type back as it is.
UNCHANGED: dict[Any, type] = {graphql.GraphQLString: str, graphql.GraphQLID: str}
# Python types whose values are neither null, nor awaitable, nor exceptions.
ORDINARY = frozenset({str, int, float, bool, datetime})


class NotOrdinaryError(Exception):
    """This is for graphql-core to execute; never leaves the module."""


class Read(NamedTuple):
    """How to get a selected field's value and complete it: leaves by ``leaf``, objects by type."""

    name: str
    details: FieldDetailsList
    get: Callable[[Any], Any]  # raises for a field that is not plain
    unchanged: type | None = None  # a value of exactly this type is complete as it is
    leaf: Complete | None = None
    field: Any = None  # the GraphQLField
    named_type: Any = None


class Plan(NamedTuple):
    """How to read the fields selected from an object type, in their order."""

    reads: list[Read]
    all_plain: bool
    fields: GroupedFieldSet  # held, so that no other takes over its identity


class PlainFieldsExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core's executor with a direct way for plain fields.

    To be passed as ``strawberry.Schema(..., execution_context_class=PlainFieldsExecutor)``. A
    selection set is planned when its first object is met: where there is no data it costs nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[Object, int], Plan] = {}  # by the identity of the fields
        middleware = self.middleware_manager  # may do anything to any field
        self._direct = middleware is None or not middleware.middlewares

    def execute_fields(
        self,
        parent_type: Object,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[Results]:
        """Execute the fields of one object in their order, trying each directly first."""
        if position_context is not None or not self._direct:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        results: Results = {}
        pending: list[str] = []
        try:
            for read in self._plan(parent_type, grouped_field_set).reads:
                try:
                    self._read([read], parent_type, source_value, path, results)
                    continue
                except Exception:  # noqa: BLE001, S110 - graphql-core meets it again, reports it
                    pass
                at = Path(path, read.name, parent_type.name)
                result = self.execute_field(parent_type, source_value, read.details, at, None)
                if result is not graphql.Undefined:
                    results[read.name] = result
                    if self.is_awaitable(result):
                        pending.append(read.name)
        except Exception:
            self.track_async_work([results[name] for name in pending])
            raise
        return _awaited(results, pending) if pending else results

    def complete_list_value(  # noqa: PLR0913, PLR0917 - graphql-core's signature
        self,
        return_type: graphql.GraphQLList[Any],
        field_details_list: FieldDetailsList,
        info: Info,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[Any]:
        """Complete a list that a resolver gave, trying to read its objects directly first."""
        if self._direct and position_context is None and _is_unadorned(field_details_list):
            with suppress(Exception):  # graphql-core meets it again and reports it
                return self._complete(return_type, field_details_list, info, path, result)
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def _read(
        self, reads: list[Read], parent: Object, source: Any, path: Path | None, results: Results
    ) -> None:
        """Read fields of one object into ``results``; raise at anything that is not ordinary."""
        for name, details, get, unchanged, leaf, field, named_type in reads:
            value = get(source)
            if type(value) is unchanged:
                results[name] = value
            elif leaf is not None:
                results[name] = leaf(value)
            else:
                at = Path(path, name, parent.name)
                nodes = [selected.node for selected in details]
                asks = named_type.is_type_of  # which alone gets to see the info
                info = self.build_resolve_info(field, nodes, parent, at) if asks else None
                results[name] = self._complete(field.type, details, info, at, value)

    def _complete(
        self, type_: Any, details: FieldDetailsList, info: Info | None, path: Path, value: Any
    ) -> Any:
        """Complete an object or a list of them, or raise."""
        nullable, type_ = _nullable(type_)
        if value is None and nullable:
            return None
        if graphql.is_list_type(type_):
            return [
                self._complete(type_.of_type, details, info, Path(path, index, None), item)
                for index, item in enumerate(_listed(value))
            ]
        if not graphql.is_object_type(type_):
            raise NotOrdinaryError
        fields, deferred, _ = self.collect_subfields(type_, details)
        plan = self._plan(type_, fields)
        if deferred or not plan.all_plain:
            raise NotOrdinaryError
        _refuse_unordinary(value, self.is_awaitable)
        if type_.is_type_of:
            verdict = type_.is_type_of(value, cast("Info", info))
            if iscoroutine(verdict):
                verdict.close()  # graphql-core asks again and awaits the answer
            if verdict is not True:
                raise NotOrdinaryError
        results: Results = {}
        self._read(plan.reads, type_, value, path, results)
        return results

    def _plan(self, parent: Object, fields: GroupedFieldSet) -> Plan:
        plan = self._plans.get((parent, id(fields)))
        if plan is None:
            reads = [self._plan_read(parent, *selected) for selected in fields.items()]
            plan = Plan(reads, all(read.get is not _not_plain for read in reads), fields)
            self._plans[parent, id(fields)] = plan
        return plan

    def _plan_read(self, parent: Object, name: str, details: FieldDetailsList) -> Read:
        field = self.schema.get_field(parent, details[0].node.name.value)
        if field and _is_unadorned(details):
            if field is graphql.TypeNameMetaFieldDef:
                return Read(name, details, lambda _: parent.name, str)
            named_type = graphql.get_named_type(field.type)
            leaf = _leaf(field.type, self.is_awaitable)
            get = self._getter(field)
            if get and (leaf or graphql.is_object_type(named_type)):
                unchanged = UNCHANGED.get(_nullable(field.type)[1])
                return Read(name, details, get, unchanged, leaf, field, named_type)
        return Read(name, details, _not_plain)

    def _getter(self, field: graphql.GraphQLField) -> Callable[[Any], Any] | None:
        """Return how to get a plain field's value from its parent; None for all others."""
        definition = field.extensions.get(DEFINITION)
        if (
            field.args
            or not isinstance(definition, StrawberryField)
            or definition.extensions
            or type(definition).get_result is not StrawberryField.get_result
        ):
            return None
        if COMPUTED in definition.metadata and _is_strawberrys(field.resolve):
            return partial(definition.metadata[COMPUTED], self.context_value)
        if (
            definition.is_basic_field
            and definition.default_resolver is getattr
            and getattr(field.resolve, "_is_default", False)  # has not been replaced
        ):
            return attrgetter(definition.python_name)
        return None


def _is_strawberrys(resolve: Any) -> bool:
    return getattr(resolve, "__module__", None) == GraphQLCoreConverter.__module__


def _is_unadorned(details: FieldDetailsList) -> bool:
    """Tell whether no directive acts on the field but those that its collection has acted upon."""
    return all(
        directive.name.value in {"skip", "include"}
        for selected in details
        for directive in selected.node.directives or ()
    )


def _leaf(type_: Any, is_awaitable: Callable[[Any], bool]) -> Complete | None:
    """Return how to complete a leaf or a list of leaves; None for all other types."""
    nullable, type_ = _nullable(type_)
    complete: Complete | None = None
    if graphql.is_leaf_type(type_):
        complete = _coercion(type_, is_awaitable)
    elif graphql.is_list_type(type_) and (item := _leaf(type_.of_type, is_awaitable)):
        complete = lambda value: [item(each) for each in _listed(value)]  # noqa: E731 - a closure
    if complete and nullable:
        return lambda value: None if value is None else complete(value)
    return complete


def _coercion(type_: graphql.GraphQLLeafType, is_awaitable: Callable[[Any], bool]) -> Complete:
    coerce, unchanged = type_.coerce_output_value, UNCHANGED.get(type_)

    def complete(value: Any) -> Any:
        if type(value) is unchanged:
            return value
        if type(value) not in ORDINARY:
            _refuse_unordinary(value, is_awaitable)
        coerced = coerce(value)
        if type(coerced) not in ORDINARY:
            _refuse_unordinary(coerced, is_awaitable)
        return coerced

    return complete


def _nullable(type_: Any) -> tuple[bool, Any]:
    return (False, type_.of_type) if graphql.is_non_null_type(type_) else (True, type_)


def _not_plain(_: Any) -> Any:
    raise NotOrdinaryError


def _listed(value: Any) -> Any:
    return value if type(value) is list or type(value) is tuple else _not_plain(value)


def _refuse_unordinary(value: Any, is_awaitable: Callable[[Any], bool]) -> None:
    """Raise for what graphql-core does not take for a value that is there."""
    absent = value is None or value is graphql.Undefined
    if absent or isinstance(value, Exception) or is_awaitable(value):
        raise NotOrdinaryError


async def _awaited(results: Results, pending: list[str]) -> Results:
    """Put the values of the pending results in their places."""
    if len(pending) == 1:
        results[pending[0]] = await results[pending[0]]
    else:
        values = await gather_with_cancel(*(results[name] for name in pending))
        results.update(zip(pending, values, strict=True))
    return results
