"""The browser app's pages and assets, as they are served."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server import web

SCRIPT = b"console.log('a script');" * 100


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Library</title>")
    (tmp_path / "secret.js").write_text("not an asset")
    (assets / "app-1.js").write_bytes(SCRIPT)
    (assets / "app-1.js.br").write_bytes(b"brotli")
    (assets / "app-1.js.gz").write_bytes(b"gzip")
    (assets / "plain-1.svg").write_text("<svg/>")
    monkeypatch.setattr(web, "DIST", tmp_path)
    return tmp_path


@pytest.fixture
def client(dist: Path) -> httpx.AsyncClient:
    async def home(_: Request) -> Response:
        return web.page("index.html", {"style-src": "'self' 'unsafe-inline'"}, dist=dist)

    routes = [Route("/", home), Route("/assets/{name}", web.asset)]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    return httpx.AsyncClient(transport=transport, base_url="http://media.test")


async def test_a_page_allows_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert not re.search(r"https?:|\*|unsafe-eval'(?<!wasm-unsafe-eval')", policy)
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_without_a_build_the_page_says_how_to_build(tmp_path: Path) -> None:
    answer = web.page("index.html", dist=tmp_path)
    assert answer.status_code == 503
    assert b"scripts/web" in bytes(answer.body)
    assert b"/graphql" in bytes(answer.body)


@pytest.mark.parametrize(
    ("accept", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("br;q=0, gzip", "gzip", b"gzip"),
        ("br;q=0, *", "gzip", b"gzip"),
        ("gzip;q=1, br;q=0.5", "gzip", b"gzip"),
        ("*;q=0", None, SCRIPT),
        ("identity", None, SCRIPT),
    ],
)
async def test_an_asset_comes_in_the_best_encoding_and_for_good(
    client: httpx.AsyncClient, accept: str, encoding: str | None, body: bytes
) -> None:
    headers = {"accept-encoding": accept}
    async with client.stream("GET", "/assets/app-1.js", headers=headers) as answer:
        assert b"".join([piece async for piece in answer.aiter_raw()]) == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_an_asset_that_was_not_compressed_comes_as_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/plain-1.svg")
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "name", ["none.js", "..%2Fsecret.js", "%2e%2e%2findex.html", "app-1.js.br", "", "%00.js"]
)
async def test_nothing_but_an_asset_is_served(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/assets/{name}")
    assert answer.status_code == 404
