"""The same application under Granian, an ASGI server that others may prefer."""

import hashlib
from collections.abc import Iterator

import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.samples import noise
from tests.acceptance.serving import Server, eventually
from tests.acceptance.wire import END, exchange, part, send_and_leave, upload_head

GRANIAN = (
    *("-m", "granian", "--interface", "asgi", "--factory", "--loop", "uvloop"),
    *("--host", "127.0.0.1", "--port", "{port}", "server.asgi:app"),
)
CONTENT = noise(5_000_000)


@pytest.fixture(scope="module")
def granian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(
        tmp_path_factory.mktemp("granian") / "data", GRANIAN, max_upload_bytes=6_000_000
    )
    yield server
    server.stop()
    assert "Traceback" not in server.log


def test_files_go_in_and_come_out(granian: Server) -> None:
    with granian.client(granian.guest()) as client:
        answer = client.post("/v1/media/upload", files={"file": ("a.bin", CONTENT)})
        file = answer.json()["data"]
        assert file["checksum"] == hashlib.sha256(CONTENT).hexdigest()
        path = f"/v1/media/files/{file['id']}/download"
        assert client.get(path).content == CONTENT
        part_ = client.get(path, headers={"range": "bytes=100-299"})
        assert (part_.status_code, part_.content) == (206, CONTENT[100:300])
        assert client.head(path).headers["content-length"] == str(len(CONTENT))
        document = "mutation ($file: Upload!) { upload(file: $file) { size } }"
        sent = Gql(client).upload(document, {"file": None}, {"file": ("b.bin", CONTENT[:1000])})
        assert sent == {"upload": {"size": 1000}}
        assert Gql(client).data("{ viewer { filesCount } }") == {"viewer": {"filesCount": 2}}


def test_what_is_too_large_is_refused_and_what_breaks_off_leaves_nothing(granian: Server) -> None:
    token = granian.guest()
    with granian.client(token) as client:
        answer = client.post("/v1/media/upload", files={"file": ("a.bin", CONTENT * 2)})
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    body = part("file", "large.bin", CONTENT) + END
    send_and_leave(granian, upload_head(token, f"Content-Length: {len(body)}"), body[:1_000_000])
    eventually(granian.is_settled, "failed uploads are cleared up")
    granian.assert_library_is_sound()


def test_a_request_is_for_one_host(granian: Server) -> None:
    heads = (
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    )
    for head in heads:
        answer = exchange(granian, head, method="GET")
        assert (answer.status, answer.code) == (400, "VALIDATION_FAILED")
