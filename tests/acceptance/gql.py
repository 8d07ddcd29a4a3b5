"""GraphQL as a browser speaks it: documents as JSON, files by the multipart specification."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
import orjson

SPEC: Final = "application/graphql-response+json"
LEGACY: Final = "application/json"

FilePart = tuple[str, bytes]
"""File name and content."""


class Gql:
    """Asks the GraphQL endpoint."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def post(self, query: str, variables: Mapping[str, Any] | None = None) -> httpx.Response:
        """Send an operation and return the response."""
        return self._client.post("/graphql", json={"query": query, "variables": variables})

    def data(self, query: str, **variables: Any) -> Any:
        """Return an operation's data; fail if there are errors."""
        return _data(self.post(query, variables))

    def code(self, query: str, **variables: Any) -> str:
        """Return the code of an operation's only error."""
        (error,) = self.post(query, variables).json()["errors"]
        code: str = error["extensions"]["code"]
        return code

    def multipart(
        self, operations: object, mapping: object, files: Mapping[str, FilePart]
    ) -> httpx.Response:
        """Send the parts of a multipart request, whatever they are, in the right order."""
        parts: list[tuple[str, Any]] = [
            ("operations", (None, _json(operations))),
            ("map", (None, _json(mapping))),
            *files.items(),
        ]
        return self._client.post("/graphql", files=parts)

    def upload(
        self, query: str, variables: Mapping[str, Any], files: Mapping[str, FilePart]
    ) -> Any:
        """Return the data of an operation with ``files``, by their paths in the variables."""
        named = {str(number): path for number, path in enumerate(files)}
        parts = {name: files[path] for name, path in named.items()}
        mapping = {name: [f"variables.{path}"] for name, path in named.items()}
        return _data(self.multipart({"query": query, "variables": variables}, mapping, parts))


def _json(value: object) -> bytes:
    return value if isinstance(value, bytes) else orjson.dumps(value)


def _data(response: httpx.Response) -> Any:
    body = response.json()
    assert "errors" not in body, body
    return body["data"]


def codes(answer: httpx.Response) -> list[str]:
    """Return the codes of a response's errors, none of which shows a stack trace."""
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    errors = answer.json()["errors"]
    assert all(error["message"] for error in errors)
    return [error["extensions"]["code"] for error in errors]
