"""A client that holds every answer of the running server to the OpenAPI document."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # ships no type hints

from core.settings import Settings
from rest.openapi.document import build_openapi
from server.app import create_app

Document = dict[str, Any]
DOCUMENT: Document = build_openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
MAX_UPLOAD_BYTES = 1000
FILE = "file_00000000000000000000000000"
ORIGIN = "http://media.example"
CONTENT = b"0123456789" * 10


def operations() -> list[tuple[str, str, Document]]:
    return [
        (path, method, operation)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
    ]


def validate(value: Any, schema: Document) -> None:
    """Raise ``ValidationError`` unless ``value`` fits a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    Draft202012Validator(whole).validate(value)


def check_against(documented: Document, response: httpx.Response) -> None:
    for name, header in documented.get("headers", {}).items():
        assert name in response.headers or not header["required"], name
        if name in response.headers:
            validate(response.headers[name], header["schema"])
    if "content" not in documented:
        assert response.content == b""
        return
    kind = response.headers["content-type"].partition(";")[0]
    assert kind in documented["content"] or "*/*" in documented["content"], kind
    if kind.endswith("json"):
        validate(response.json(), documented["content"][kind]["schema"])


class Api:
    """A client that holds every answer to the document."""

    def __init__(self, client: httpx.AsyncClient, app: Any) -> None:
        self.client = client
        self.app = app

    async def ask(
        self, method: str, path: str, status: int, *, signed_in: bool = True, **more: Any
    ) -> httpx.Response:
        """Send a request, and hold the answer to ``status`` and to the document."""
        if not signed_in:
            self.client.headers.pop("authorization", None)
        response = await self.client.request(method, path, **more)
        assert response.status_code == status, response.text
        check_against(self._documented(method, path, response), response)
        return response

    async def sign_in(self) -> None:
        """Be a new guest from now on."""
        session = (await self.ask("POST", "/llm/auth/guest-login", 200)).json()
        self.client.headers["authorization"] = f"Bearer {session['access_token']}"

    async def upload(self, status: int = 200, content: bytes = CONTENT, **fields: Any) -> Any:
        """Upload ``content``, and return the file if it was taken."""
        files = {"file": ("digits.txt", content)}
        response = await self.ask("POST", "/v1/media/upload", status, files=files, data=fields)
        return response.json().get("data")

    def _documented(self, method: str, path: str, response: httpx.Response) -> Document:
        plain = path.partition("?")[0]
        for template, item in DOCUMENT["paths"].items():
            if plain == template or re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), plain):
                found: Document = item[method.lower()]["responses"][str(response.status_code)]
                return found
        pytest.fail(f"{path} is not documented")


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Api]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield Api(client, app)
