"""The OpenAPI document: valid, complete, and true to the routes and constants of the code."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.endpoints import HTTPEndpoint

from core.errors import ErrorCode
from core.settings import Settings
from edge.errors import STATUS
from rest.query import PARAMETERS
from server.app import ROUTES
from tests.rest.described import DOCUMENT, ORIGIN, SCHEMAS, Document, operations, served

METHODS = {"get", "head", "post", "patch", "delete"}
FOR_BROWSERS = {"/", "/assets/{name}"}


def routed() -> Iterator[tuple[str, str]]:
    for route in ROUTES:
        endpoint: Any = route.endpoint
        if isinstance(endpoint, type) and issubclass(endpoint, HTTPEndpoint):
            methods = METHODS & vars(endpoint).keys()
            methods |= {"head"} if "get" in methods else set()
        else:
            methods = {method.lower() for method in route.methods or ()}
        yield from ((route.path, method) for method in methods if route.path not in FOR_BROWSERS)


def test_the_document_is_valid_openapi() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_every_route_is_described_and_nothing_else() -> None:
    described = {(path, method) for path, method, _ in operations()}
    assert described == set(routed())


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    described = [operation for *_, operation in operations()]
    assert len({one["operationId"] for one in described}) == len(described)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for one in described:
        assert one["summary"]
        assert one["description"]
        assert tags.issuperset(one["tags"])
        assert "security" in one


def test_the_version_is_the_project_s() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert DOCUMENT["info"]["version"] == project["version"]


def test_every_parameter_of_a_list_is_described_and_no_other() -> None:
    parameters = DOCUMENT["paths"]["/v1/media/files"]["get"]["parameters"]
    assert tuple(one["name"] for one in parameters) == PARAMETERS


def test_every_error_code_is_one_of_a_problem() -> None:
    code = SCHEMAS["Problem"]["properties"]["code"]
    assert code["enum"] == [one.value for one in ErrorCode]
    assert all(f"`{one.value}`" in code["description"] for one in ErrorCode)


@pytest.mark.parametrize(("path", "method", "operation"), operations())
def test_every_code_stands_under_its_own_status(
    path: str, method: str, operation: Document
) -> None:
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            codes = content["schema"].get("properties", {}).get("code", {}).get("enum", [])
            assert {str(STATUS[ErrorCode(code)].value) for code in codes} <= {status}


async def test_the_document_is_served_with_the_address_of_the_server(tmp_path: Path) -> None:
    async with served(Settings(data_dir=tmp_path)) as api:
        document = (await api.ask("GET", "/openapi.json", 200)).json()
        await api.ask("HEAD", "/openapi.json", 200)
    assert document == {**DOCUMENT, "servers": [{"url": ORIGIN}]}


async def test_the_document_names_the_public_address_where_one_is_set(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, public_url="https://media.example.org")
    async with served(settings) as api:
        document = (await api.ask("GET", "/openapi.json", 200)).json()
    assert document["servers"] == [{"url": "https://media.example.org"}]
