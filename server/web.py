"""The browser app: its pages under a strict policy, its assets for good, precompressed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from edge.accept import best_match

DIST: Final = Path(__file__).parent.parent / "web" / "dist"

POLICY: Final[Mapping[str, str]] = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""What a page may load (Content Security Policy Level 3): nothing from anywhere else."""

_PAGE_HEADERS: Final = {
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_ASSET_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
}
_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_NOT_BUILT: Final = """\
The API runs, but its page for browsers has not been built.

Build it in the folder of this server, and reload this page:

    scripts/web

It needs Node.js 20.19 or newer, or installs one into .venv. "make run" does the same before
it serves.

The API works without it: GraphQL is at /graphql, REST at /v1/media, and what REST offers
stands in /openapi.json.
"""


def page(name: str, changes: Mapping[str, str] | None = None, *, dist: Path = DIST) -> Response:
    """Return the built page ``name``, or one in plain words that says how to build it.

    ``changes`` are directives that differ from POLICY, for a page that cannot do without.
    """
    if not (dist / name).is_file():
        return PlainTextResponse(_NOT_BUILT, 503, {"cache-control": "no-store"})
    headers = {**_PAGE_HEADERS, "content-security-policy": _policy({**POLICY, **(changes or {})})}
    return FileResponse(dist / name, media_type="text/html; charset=utf-8", headers=headers)


async def library(_: Request) -> Response:
    """Answer the library's page."""
    return page("index.html")


async def asset(request: Request) -> Response:
    """Answer a built asset in the best encoding that the client takes; its name is its version.

    Raises:
        HTTPException: 404, there is no such asset.
    """
    path = DIST / "assets" / request.path_params["name"]  # the route's name holds no slash
    if path.suffix not in _TYPES or not _is_file(path):
        raise HTTPException(404)
    media_type = _TYPES[path.suffix]
    encoding, path = _encoded(path, request.headers.getlist("accept-encoding"))
    headers = {**_ASSET_HEADERS, **({"content-encoding": encoding} if encoding else {})}
    return FileResponse(path, media_type=media_type, headers=headers)


def _encoded(path: Path, accepted: list[str]) -> tuple[str | None, Path]:
    """Return the encoding that the client wants most of those that the file has, and its file."""
    compressed = {name: path.with_name(path.name + end) for name, end in _ENCODINGS.items()}
    offers = [name for name, file in compressed.items() if file.is_file()]
    encoding = best_match(accepted, offers) if offers else None
    return encoding, compressed[encoding] if encoding else path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except ValueError:  # a name that no file can have
        return False


def _policy(directives: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())
