"""JSON bodies of every route: a field that is not one is refused by its name."""

from pathlib import Path
from typing import Final

import pytest

from core.settings import Settings
from tests.rest.described import FILE, SCHEMAS, Document, operations, served

GRAPHQL: Final = "/graphql"  # its specification leaves other fields to extensions
READING_JSON: Final = [
    (path, method)
    for path, method, operation in operations()
    if "application/json" in operation.get("requestBody", {}).get("content", {}) and path != GRAPHQL
]


@pytest.mark.parametrize(("path", "method"), READING_JSON)
async def test_an_unknown_field_is_named(tmp_path: Path, path: str, method: str) -> None:
    async with served(Settings(data_dir=tmp_path)) as api:
        await api.sign_in()
        address = path.replace("{file_id}", FILE)
        answer = await api.ask(method.upper(), address, 400, json={"colour": "red"})
    assert answer.json()["code"] == "VALIDATION_FAILED"
    assert "'colour'" in answer.json()["detail"]


@pytest.mark.parametrize(("path", "method"), READING_JSON)
def test_every_body_says_that_it_takes_no_other_fields(path: str, method: str) -> None:
    (schema,) = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for found, by, operation in operations()
        if (found, by) == (path, method)
    ]
    assert resolved(schema)["additionalProperties"] is False


def resolved(schema: Document) -> Document:
    named = schema.get("$ref", "").rpartition("/")[2]
    return SCHEMAS[named] if named else schema
