"""What a document asks for, in the names of its root fields, for logs and figures."""

from collections.abc import Iterator
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.extensions import SchemaExtension

from core.observation import OBSERVATION

_MAX_FIELDS: Final = 20
_MAX_NAME: Final = 100


class ObservedOperation(SchemaExtension):
    """Notes the operation that is executed; a document that is refused before is not looked at."""

    def on_execute(self) -> Iterator[None]:
        """Note it before it runs."""
        seen, document = OBSERVATION.get(), self.execution_context.graphql_document
        if seen is not None and document is not None:
            operation = _operation(document, self.execution_context.operation_name)
            if operation is not None:
                fields = _root_fields(document, operation.selection_set)
                seen.root_fields = tuple(fields)[:_MAX_FIELDS]
                what = next(iter(fields)) if len(fields) == 1 else "several"
                # Its values are the schema's fields: a client cannot make up more of them.
                seen.operation = f"{operation.operation.value} {what}"
                seen.document_name = operation.name.value[:_MAX_NAME] if operation.name else None
        yield


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    every = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    named = (one for one in every if name is None or (one.name and one.name.value == name))
    return next(named, None)


def _root_fields(document: DocumentNode, selected: SelectionSetNode) -> dict[str, None]:
    fragments = {
        one.name.value: one.selection_set
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
    found: dict[str, None] = {}
    left, met = [selected], set[str]()
    while left:
        for node in left.pop().selections:
            if isinstance(node, FieldNode):
                found[node.name.value] = None
            elif isinstance(node, InlineFragmentNode):
                left.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in met:
                met.add(node.name.value)
                left.append(fragments[node.name.value])
    return found
