"""Traces: one span a request, below the caller's, and what a collector gets of it."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette

from core.settings import Settings, SettingsError
from server.app import create_app

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


class Collector(HTTPServer):
    """Takes spans as an OpenTelemetry collector does, by OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Taking)

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                one.value.string_value
                for one in resource.resource.attributes
                if one.key == "service.name"
            }
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)


class _Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.path == "/v1/traces"
        self.server.take(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        host, port = listening.server_address[:2]
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{host!s}:{port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        yield listening
        listening.shutdown()
        thread.join()


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://media.example") as client,
    ):
        yield client


def attributes(span: Any) -> dict[str, Any]:
    values = {one.key: one.value for one in span.attributes}
    return {
        name: value.int_value if value.HasField("int_value") else value.string_value
        for name, value in values.items()
    }


async def test_each_request_is_a_span_below_its_caller_s(
    tmp_path: Path, collector: Collector
) -> None:
    async with served(create_app(Settings(data_dir=tmp_path, tracing=True))) as client:
        secret = {"signature": "s3cr3t", "expires": "1"}
        given = {**CALLER, "x-request-id": "mine"}
        await client.get("/v1/media/files/x/download", params=secret, headers=given)
        await client.post("/graphql", json={"query": "{ viewer { id } }"})
    download, viewer = collector.spans
    assert collector.services == {"media"}
    assert download.name == "GET /v1/media/files/{file_id}/download"
    assert (download.trace_id.hex(), download.parent_span_id.hex()) == (TRACE, SPAN)
    assert download.kind == download.SPAN_KIND_SERVER
    assert attributes(download) == {
        "http.response.status_code": 403,
        "http.route": "GET /v1/media/files/{file_id}/download",
        "media.request_id": "mine",
        "error.type": "FORBIDDEN",
    }
    assert viewer.name == "query viewer"
    assert viewer.parent_span_id == b""
    assert "s3cr3t" not in str(collector.spans)


async def test_the_service_is_called_what_its_variable_says(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "our-media")
    async with served(create_app(Settings(data_dir=tmp_path, tracing=True))) as client:
        await client.get("/healthz")
    assert collector.services == {"our-media"}


async def test_a_fault_is_a_span_in_error(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a fault that holds what is private")

    async with served(create_app(Settings(data_dir=tmp_path, tracing=True))) as client:
        monkeypatch.setattr("services.files.files.Files.get", broken)
        assert (await client.get("/v1/media/files/x")).status_code == 500
    (span,) = collector.spans
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert attributes(span)["error.type"] == "INTERNAL"
    assert "private" not in str(span)


async def test_a_caller_that_does_not_sample_is_followed(
    tmp_path: Path, collector: Collector
) -> None:
    async with served(create_app(Settings(data_dir=tmp_path, tracing=True))) as client:
        await client.get("/healthz", headers={"traceparent": f"00-{TRACE}-{SPAN}-00"})
    assert collector.spans == []


async def test_requests_do_not_wait_for_a_collector_that_is_not_there(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{unused_tcp_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    async with served(create_app(Settings(data_dir=tmp_path, tracing=True))) as client:
        answers = await asyncio.gather(*(client.get("/healthz") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}


def test_tracing_without_opentelemetry_stops_the_start_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "opentelemetry.exporter.otlp.proto.http"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SettingsError, match="MEDIA_TRACING=on: install opentelemetry-sdk"):
        create_app(Settings(data_dir=tmp_path, tracing=True))
