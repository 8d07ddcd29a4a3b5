"""What is told of requests: their ids, their lines in the log, their figures."""

import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from core.logs import JsonFormatter
from core.metrics import REGISTRY, served_metrics
from core.observation import OBSERVATION
from core.settings import Settings
from server.app import create_app

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
DOCUMENTS = [
    ("{ viewer { id } }", None, "query viewer", ["viewer"]),
    ("query A { viewer { id } } query B { files { nodes { id } } }", "B", "query files", ["files"]),
    ("{ a: viewer { id } b: viewer { kind } }", None, "query viewer", ["viewer"]),
    (
        (
            "query Q { ...f ... on Query { files { totalCount } } }"
            " fragment f on Query { viewer { id } }"
        ),
        None,
        "query several",
        ["files", "viewer"],
    ),
    ('mutation { delete(id: "x") }', None, "mutation delete", ["delete"]),
]


class Lines(logging.Handler):
    """The lines that requests leave, as a log in JSON has them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    def last(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.texts[-1])
        return told


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, logger = Lines(), logging.getLogger("media.access")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://media.example") as client,
    ):
        yield client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(data_dir=tmp_path, log_format="json"))
    async with served(app) as client:
        session = (await client.post("/llm/auth/guest-login")).json()
        client.headers["authorization"] = f"Bearer {session['access_token']}"
        client.headers["x-account"] = session["user_id"]
        yield client


async def new_file(client: httpx.AsyncClient, content: bytes = b"content") -> str:
    answer = await client.post("/v1/media/upload", files={"file": ("a.txt", content)})
    file_id: str = answer.json()["data"]["id"]
    return file_id


@pytest.mark.parametrize("path", ["/healthz", "/v1/media/files", "/nowhere", "/graphql?query=x"])
async def test_every_answer_names_its_request(client: httpx.AsyncClient, path: str) -> None:
    for given in ("mine-1.2_3~", "x" * 128):
        answer = await client.get(path, headers={"x-request-id": given})
        assert answer.headers.get_list("x-request-id") == [given]
    made = set()
    for odd in ("", "two words", "x" * 129, "a;b", "é".encode(), "<script>"):
        answer = await client.get(path, headers={"x-request-id": odd})
        made.add(answer.headers["x-request-id"])
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert len(made) == 6


async def test_a_fault_names_its_request_and_is_told(
    client: httpx.AsyncClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("services.files.listing.Listing.counted_page", broken)
    answer = await client.get("/v1/media/files", headers={"x-request-id": "faulty"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "faulty")
    told = lines.last()
    assert (told["status"], told["code"], told["request_id"]) == (500, "INTERNAL", "faulty")


async def test_the_line_of_a_request_tells_who_did_what_and_how_it_went(
    client: httpx.AsyncClient, lines: Lines
) -> None:
    content = b"x" * 100_000
    file_id = await new_file(client, content)
    uploaded = lines.last()
    assert uploaded["operation"] == "POST /v1/media/upload"
    assert uploaded["account"] == client.headers["x-account"]
    assert len(content) < uploaded["bytes_in"] < len(content) + 1000
    await client.get(f"/v1/media/files/{file_id}/download")
    told = lines.last()
    assert told.pop("duration_ms") > 0
    assert told.pop("time").endswith("Z")
    assert re.fullmatch(r"[0-9a-f]{32}", told.pop("request_id"))
    message = told.pop("message")
    assert message.startswith(f"GET /v1/media/files/{file_id}/download: 200 in ")
    assert told == {
        "level": "info",
        "logger": "media.access",
        "method": "GET",
        "path": f"/v1/media/files/{file_id}/download",
        "operation": "GET /v1/media/files/{file_id}/download",
        "status": 200,
        "code": None,
        "account": client.headers["x-account"],
        "bytes_in": 0,
        "bytes_out": len(content),
    }


@pytest.mark.parametrize(
    ("request_line", "operation", "refusal"),
    [
        ("GET /v1/media/files/x", "GET /v1/media/files/{file_id}", (404, "NOT_FOUND")),
        ("HEAD /v1/media/files?x=1", "HEAD /v1/media/files", (400, "VALIDATION_FAILED")),
        ("GET /a/b/c", "GET unmatched", (404, "NOT_FOUND")),
        ("BREW /healthz", "other /healthz", (405, "METHOD_NOT_ALLOWED")),
        ("OPTIONS /v1/media/files", "OPTIONS /v1/media/files", (405, "METHOD_NOT_ALLOWED")),
        ("POST /graphql", "POST /graphql", (415, "UNSUPPORTED_MEDIA_TYPE")),
    ],
)
async def test_what_is_refused_is_told_with_its_code(
    client: httpx.AsyncClient,
    lines: Lines,
    request_line: str,
    operation: str,
    refusal: tuple[int, str],
) -> None:
    method, path = request_line.split()
    await client.request(method, path)
    told = lines.last()
    assert (told["status"], told["code"]) == refusal
    assert told["operation"] == operation


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_a_document_is_told_by_its_root_fields(
    client: httpx.AsyncClient,
    lines: Lines,
    document: tuple[str, str | None, str, list[str]],
) -> None:
    query, name, operation, fields = document
    await client.post("/graphql", json={"query": query, "operationName": name})
    told = lines.last()
    assert told["operation"] == operation
    assert sorted(told["graphql"]["fields"]) == fields
    code = "NOT_FOUND" if "mutation" in query else None
    assert (told["status"], told["code"]) == (200, code)


@pytest.mark.parametrize("query", ["{ colour }", "{", "{ ...f } fragment f on Query { ...f }"])
async def test_a_document_that_is_refused_has_no_fields_but_its_code(
    client: httpx.AsyncClient, lines: Lines, query: str
) -> None:
    await client.post("/graphql", json={"query": query})
    told = lines.last()
    assert told["operation"] == "POST /graphql"
    assert told["code"].startswith("GRAPHQL_")
    assert "graphql" not in told


async def test_no_line_holds_a_token_a_signature_or_content(
    client: httpx.AsyncClient, lines: Lines
) -> None:
    file_id = await new_file(client, b"the content of the file")
    signed = (await client.post(f"/v1/media/files/{file_id}/signed-url")).json()["data"]["url"]
    signature = httpx.URL(signed).params["signature"]
    assert (await client.get(signed)).content == b"the content of the file"
    await client.get(f"{signed}altered")
    query = "query ($secret: ID!) { file(id: $secret) { id } }"
    await client.post("/graphql", json={"query": query, "variables": {"secret": "a variable"}})
    await client.get("/v1/media/files", params={"name": "a search"})
    told = "\n".join(lines.texts)
    assert len(lines.texts) == 6
    token = client.headers["authorization"].removeprefix("Bearer ")
    for secret in (token, signature, "the content", "a variable", "a search", "expires="):
        assert secret not in told


@pytest.mark.parametrize(
    ("given", "trace_id"),
    [
        (f"00-{TRACE}-{SPAN}-01", TRACE),
        (f"cc-{TRACE}-{SPAN}-00-later", TRACE),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}", None),
        ("", None),
    ],
)
async def test_a_trace_that_a_request_belongs_to_is_told(
    client: httpx.AsyncClient, lines: Lines, given: str, trace_id: str | None
) -> None:
    await client.get("/healthz", headers={"traceparent": given})
    told = lines.last()
    assert told.get("trace_id") == trace_id
    assert told.get("span_id") == (SPAN if trace_id else None)


async def test_requests_leave_no_trace_of_themselves_for_others(client: httpx.AsyncClient) -> None:
    await client.get("/healthz")
    assert OBSERVATION.get() is None


async def test_without_json_requests_are_told_at_debug_alone(tmp_path: Path, lines: Lines) -> None:
    async with served(create_app(Settings(data_dir=tmp_path))) as client:
        await client.get("/healthz")
        assert lines.last()["level"] == "debug"
        logging.getLogger("media.access").setLevel(logging.INFO)
        await client.get("/healthz")
        assert len(lines.texts) == 1


def figure(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_requests_are_counted_by_operation_and_class_of_status(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    path = "GET /v1/media/files/{file_id}"
    before = figure("media_requests_total", operation=path, status="4xx")
    settings = Settings(data_dir=tmp_path, metrics_address=address)
    async with served(create_app(settings)) as client, httpx.AsyncClient(trust_env=False) as reader:
        with served_metrics(settings.metrics_listener):
            for _ in range(3):
                await client.get("/v1/media/files/x")
            figures = (await reader.get(f"http://{address}/metrics")).text
        with pytest.raises(httpx.ConnectError):
            await reader.get(f"http://{address}/metrics")
    after = figure("media_requests_total", operation=path, status="4xx")
    assert after - before == 3
    assert f'media_requests_total{{operation="{path}",status="4xx"}} {after}' in figures
    assert f'media_request_duration_seconds_count{{operation="{path}"}} {after}' in figures
    sent = figure("media_sent_bytes_total", operation=path)
    assert sent > 0
