"""GraphiQL as a page: under a strict policy, and in words if it was not built."""

from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from server import web
from server.graphql import graphql

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    monkeypatch.setattr("server.graphql.page", partial(web.page, dist=tmp_path))
    app = Starlette(routes=[Route("/graphql", graphql, methods=["GET", "POST"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://media.test")


async def test_a_browser_gets_the_built_page(client: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "graphiql.html").write_text("<!doctype html><title>GraphiQL</title>")
    answer = await client.get("/graphql", headers=BROWSER)
    assert answer.text == "<!doctype html><title>GraphiQL</title>"
    policy = answer.headers["content-security-policy"].split("; ")
    expected = {**web.POLICY, "style-src": "'self' 'unsafe-inline'"}  # for Monaco alone
    assert policy == [f"{name} {sources}" for name, sources in expected.items()]


async def test_without_a_build_a_browser_reads_how_to_build(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphql", headers=BROWSER)
    assert answer.status_code == 503
    assert "scripts/web" in answer.text
