"""What the operations of a GraphQL document count as: each root field, aliases and all."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension

from resolvers.context import Context
from services.limits.rate_limits import OperationClass

MUTATIONS: Final[Mapping[str, OperationClass | None]] = {
    "upload": None,  # counted by its files, before they are read
    "uploadMany": None,
    "update": OperationClass.WRITE,
    "delete": OperationClass.WRITE,
    "bulkDelete": OperationClass.WRITE,
    "bulkSetVisibility": OperationClass.WRITE,
    "bulkTag": OperationClass.WRITE,
    "revokeLinks": OperationClass.WRITE,
    "shareFile": OperationClass.WRITE,
    "unshareFile": OperationClass.WRITE,
    "createApiKey": OperationClass.WRITE,
    "revokeApiKey": OperationClass.WRITE,
    "createRecoveryCode": OperationClass.WRITE,
    "revokeRecoveryCode": OperationClass.WRITE,
    "preview": OperationClass.PROCESSING,
    "extractText": OperationClass.PROCESSING,
    "analyze": OperationClass.PROCESSING,
}
"""What each mutation counts as; one that is not named here is a write."""


class RateLimitExtension(SchemaExtension):
    """Refuses a valid document whose operations are too many now, before any of them runs."""

    async def on_execute(self) -> AsyncIterator[None]:
        """Count the operations; ``RateLimitedError`` becomes the result."""
        context = self.execution_context
        request: Context = context.context
        document = context.graphql_document
        if request.meter is not None and document is not None:
            for kind, cost in operations(document, context.operation_name).items():
                await request.meter.spend(kind, cost)
        yield


def operations(document: DocumentNode, name: str | None) -> Counter[OperationClass]:
    """Return how many operations of each class the named, or only, operation asks for.

    Every request has been counted as one read already, which is its first field of a query.
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    chosen = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (name is None or (node.name is not None and node.name.value == name))
    ]
    if not chosen:
        return Counter()
    fields: dict[str, str] = {}
    _collect(chosen[0].selection_set, fragments, fields, set())
    if chosen[0].operation is not OperationType.MUTATION:
        return Counter({OperationClass.READ: len(fields) - 1} if len(fields) > 1 else {})
    kinds = [MUTATIONS.get(field, OperationClass.WRITE) for field in fields.values()]
    return Counter(kind for kind in kinds if kind is not None)


def _collect(
    selections: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    fields: dict[str, str],
    seen: set[str],
) -> None:
    """Gather the fields by the key that each has in the answer; a fragment is entered once."""
    for node in selections.selections:
        if isinstance(node, FieldNode):
            fields[(node.alias or node.name).value] = node.name.value
        elif isinstance(node, InlineFragmentNode):
            _collect(node.selection_set, fragments, fields, seen)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            if node.name.value in fragments:
                _collect(fragments[node.name.value].selection_set, fragments, fields, seen)
