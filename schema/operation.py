"""Which operation of a document runs (GraphQL specification, section 6.1, GetOperation)."""

from collections.abc import Iterator

from graphql import OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from core.errors import ValidationFailedError


class OneOperation(SchemaExtension):
    """Refuses a document of several operations that names none; Strawberry runs the first."""

    def on_parse(self) -> Iterator[None]:
        """Check the document when it is parsed."""
        yield
        context = self.execution_context
        named = context._provided_operation_name is not None  # noqa: SLF001 - the public one guesses
        if context.graphql_document is None or named:
            return
        definitions = context.graphql_document.definitions
        if sum(isinstance(node, OperationDefinitionNode) for node in definitions) > 1:
            raise ValidationFailedError("The document has several operations: give operationName.")
