"""Transfers that take their time: deletion, shutdown and interruption in the middle of them."""

import hashlib
import signal
import socket
from collections.abc import Callable
from http.client import HTTPResponse

import httpx
import pytest

from tests.acceptance.conftest import MIB
from tests.acceptance.samples import noise
from tests.acceptance.serving import Server, eventually
from tests.acceptance.wire import END, head, part, read_answer, upload_head

LARGE = noise(30 * MIB)
DIGEST = hashlib.sha256(LARGE).hexdigest()
FIRST = 100_000


@pytest.fixture
def large(client: httpx.Client) -> str:
    """Store a file that no socket buffers whole."""
    return store(client)


def store(client: httpx.Client) -> str:
    answer = client.post("/v1/media/upload", files={"file": ("large.bin", LARGE)})
    file_id: str = answer.json()["data"]["id"]
    return file_id


def begin_download(server: Server, token: str, file_id: str) -> tuple[socket.socket, HTTPResponse]:
    """Read the beginning of a download, and leave the rest to the server's patience."""
    connection = server.connect()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    connection.sendall(head(f"GET /v1/media/files/{file_id}/download", token))
    response = HTTPResponse(connection)
    response.begin()
    assert response.status == 200
    return connection, response


def test_a_running_download_outlives_the_deletion_of_its_file(
    server: Server, client: httpx.Client, token: str, large: str
) -> None:
    connection, response = begin_download(server, token, large)
    with connection:
        start = response.read(FIRST)
        assert client.delete(f"/v1/media/files/{large}").status_code == 204
        assert client.get(f"/v1/media/files/{large}/download").status_code == 404
        eventually(server.is_settled, "the bytes are removed")
        assert hashlib.sha256(start + response.read()).hexdigest() == DIGEST


@pytest.mark.parametrize("path", ["download", "stream"])
def test_an_interrupted_download_resumes_where_it_stopped(
    server: Server, client: httpx.Client, token: str, large: str, path: str
) -> None:
    connection, response = begin_download(server, token, large)
    with connection:
        start = response.read(FIRST)
        etag = response.headers["etag"]
    wanted = {"range": f"bytes={FIRST}-", "if-range": etag}
    rest = client.get(f"/v1/media/files/{large}/{path}", headers=wanted)
    assert rest.status_code == 206
    assert rest.headers["content-range"] == f"bytes {FIRST}-{len(LARGE) - 1}/{len(LARGE)}"
    assert hashlib.sha256(start + rest.content).hexdigest() == DIGEST


@pytest.mark.parametrize(
    "validator", ['"another"', 'W/"{digest}"', "Thu, 01 Jan 1970 00:00:00 GMT"]
)
def test_a_download_of_something_else_starts_over(
    client: httpx.Client, large: str, validator: str
) -> None:
    wanted = {"range": f"bytes={FIRST}-", "if-range": validator.format(digest=DIGEST)}
    whole = client.get(f"/v1/media/files/{large}/download", headers=wanted)
    assert whole.status_code == 200
    assert hashlib.sha256(whole.content).hexdigest() == DIGEST


def test_ranges_past_the_end_are_refused(client: httpx.Client, large: str) -> None:
    wanted = {"range": f"bytes={len(LARGE)}-"}
    answer = client.get(f"/v1/media/files/{large}/download", headers=wanted)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(LARGE)}"
    assert answer.json()["code"] == "RANGE_NOT_SATISFIABLE"


def test_a_shutdown_waits_for_the_download_that_runs(start: Callable[..., Server]) -> None:
    server = start()
    token = server.guest()
    with server.client(token) as client:
        file_id = store(client)
    connection, response = begin_download(server, token, file_id)
    with connection:
        first = response.read(FIRST)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(server), "no new connection is taken")
        assert hashlib.sha256(first + response.read()).hexdigest() == DIGEST
    assert server.process.wait(20) == 0


def test_a_shutdown_waits_for_the_upload_that_runs(start: Callable[..., Server]) -> None:
    server = start()
    token = server.guest()
    body = part("file", "large.bin", LARGE) + END
    with server.connect() as connection:
        connection.sendall(upload_head(token, f"Content-Length: {len(body)}"))
        connection.sendall(body[: 5 * MIB])
        eventually(lambda: server.traces()["upload"], "the upload has begun")
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses_connections(server), "no new connection is taken")
        connection.sendall(body[5 * MIB :])
        assert read_answer(connection).status == 200
    assert server.process.wait(20) == 0
    again = start()
    with again.client(token) as client:
        (file,) = client.get("/v1/media/files").json()["data"]
        got = client.get(f"/v1/media/files/{file['id']}/download").content
    assert file["checksum"] == DIGEST == hashlib.sha256(got).hexdigest()
    again.assert_library_is_sound()


def test_a_shutdown_ends_what_takes_too_long_and_half_stores_nothing(
    start: Callable[..., Server],
) -> None:
    server = start(drain_seconds=1)
    token = server.guest()
    with server.connect() as connection:
        connection.sendall(upload_head(token, f"Content-Length: {len(LARGE)}"))
        connection.sendall(part("file", "large.bin", LARGE)[: 5 * MIB])
        eventually(lambda: server.traces()["upload"], "the upload has begun")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0
    traces = server.traces()
    assert set(map(len, traces.values())) == {0}, traces


def test_an_interrupt_from_the_keyboard_ends_as_quietly(start: Callable[..., Server]) -> None:
    server = start()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(20) == 0
    assert "Traceback" not in server.log


def refuses_connections(server: Server) -> bool:
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False
