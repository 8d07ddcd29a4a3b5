"""The server behind nginx, which sends the bytes of a local folder itself."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.acceptance.samples import image, noise
from tests.acceptance.serving import Server
from tests.nginx import nginx

LIMIT = 4_000_000
CONTENT = noise(3_000_000)
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'


class Pair(NamedTuple):
    """The same server, through nginx and by itself."""

    behind: httpx.Client
    direct: httpx.Client


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Serve with ``MEDIA_DOWNLOADS=nginx``."""
    folder = tmp_path_factory.mktemp("nginx")
    server = Server(folder / "data", downloads="nginx", max_upload_bytes=LIMIT)
    objects = folder / "data" / "objects"
    with (
        nginx(folder / "nginx", [f"127.0.0.1:{server.port}"], objects) as url,
        server.client(server.guest()) as direct,
        httpx.Client(base_url=url, headers=direct.headers, trust_env=False) as behind,
    ):
        yield Pair(behind, direct)
    assert server.stop() == 0
    assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def path(pair: Pair) -> str:
    answer = pair.behind.post("/v1/media/upload", files={"file": ('a "b" 🎬.bin', CONTENT)})
    assert answer.status_code == 200, answer.text
    return f"/v1/media/files/{answer.json()['data']['id']}/download"


def test_nginx_sends_the_file_with_the_headers_of_the_server(pair: Pair, path: str) -> None:
    sent, told = pair.behind.get(path), pair.direct.get(path)
    assert told.headers["x-accel-redirect"].startswith("/_objects/")
    assert told.content == b""
    assert sent.content == CONTENT
    assert "x-accel-redirect" not in sent.headers
    same = told.headers.keys() - {"x-accel-redirect", "content-length", "date", "server"}
    same -= {"x-request-id", "ratelimit", "ratelimit-policy"}
    assert {name: sent.headers.get(name) for name in same} == {
        name: told.headers[name] for name in same
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bytes=0-0", CONTENT[:1]),
        ("bytes=1000000-1999999", CONTENT[1_000_000:2_000_000]),
        ("bytes=-500", CONTENT[-500:]),
    ],
)
@pytest.mark.parametrize("condition", [{}, {"if-range": ETAG}])
def test_ranges_are_sent(
    pair: Pair, path: str, wanted: str, expected: bytes, condition: dict[str, str]
) -> None:
    answer = pair.behind.get(path, headers={"range": wanted, **condition})
    assert (answer.status_code, answer.content) == (206, expected)


def test_a_range_of_something_else_starts_over(pair: Pair, path: str) -> None:
    answer = pair.behind.get(path, headers={"range": "bytes=5-9", "if-range": '"another"'})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_what_a_client_has_is_not_sent_again(pair: Pair, path: str) -> None:
    answer = pair.behind.get(path, headers={"if-none-match": ETAG})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == ETAG


def test_head_tells_what_get_would(pair: Pair, path: str) -> None:
    answer = pair.behind.head(path)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["etag"] == ETAG


def test_nobody_reaches_the_objects_but_by_the_server(pair: Pair, path: str) -> None:
    inside = pair.direct.get(path).headers["x-accel-redirect"]
    assert pair.behind.get(inside).status_code == 404
    stranger = httpx.get(pair.behind.base_url.join(path), trust_env=False)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "UNAUTHENTICATED")


def test_large_uploads_go_through_and_too_large_ones_are_refused_in_words(pair: Pair) -> None:
    too_large = pair.behind.post(
        "/v1/media/upload", files={"file": ("a.bin", bytes(LIMIT + 100_000))}
    )
    assert (too_large.status_code, too_large.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_signed_previews_are_answered_from_the_cache(pair: Pair) -> None:
    answer = pair.behind.post("/v1/media/upload", files={"file": ("a.png", image("PNG"))})
    file_id = answer.json()["data"]["id"]
    made = pair.behind.post(f"/v1/media/files/{file_id}/preview").json()["data"]
    first, second = (httpx.get(made["preview_url"], trust_env=False) for _ in range(2))
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")
    assert first.content == second.content
    assert len(first.content) == made["size"]
    altered = httpx.get(made["preview_url"] + "A", trust_env=False)
    assert altered.status_code == 403
