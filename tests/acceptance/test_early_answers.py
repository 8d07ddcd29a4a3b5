"""Requests that are refused from their head, and what never reaches the application.

The server's own protocol and Granian run the same tests.
"""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.acceptance.conftest import MIB
from tests.acceptance.serving import Server
from tests.acceptance.test_granian import GRANIAN
from tests.acceptance.wire import MULTIPART, exchange, form, head, read_answer, upload_head

LIMIT = 32 * MIB
QUOTA = 16 * MIB
OVER_QUOTA = QUOTA + 8 * MIB
OVER_LIMIT = LIMIT + 8 * MIB
OVER_EVERY_REQUEST = 2 * 1024 * MIB  # more than the files of one request may have together
REST, GRAPHQL = "/v1/media/upload", "/graphql"
EXPECTS = pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)], ids=["", "expect"])
PATHS = pytest.mark.parametrize("path", [REST, GRAPHQL])
FORM = form(("file", "a.txt", b"some text"))


@pytest.fixture(scope="module", params=["own", "granian"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    command = {"command": GRANIAN} if request.param == "granian" else {}
    running = Server(
        tmp_path_factory.mktemp(request.param) / "data",
        **command,
        max_upload_bytes=LIMIT,
        guest_quota_bytes=QUOTA,
    )
    yield running
    running.stop()
    assert "Traceback" not in running.log


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.guest()


def first_status(connection: socket.socket) -> bytes:
    """Return the status of the next response, interim ones included, and leave it unread."""
    return connection.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL)[9:]


def assert_refused(server: Server, request: bytes, status: int, code: str) -> None:
    """Send a head and nothing else: the first response is the refusal, and it says why."""
    with server.connect() as connection:
        connection.sendall(request)
        assert first_status(connection) == b"%d" % status
        answer = read_answer(connection)
        assert answer.code == code
        assert answer.headers["connection"] == "close"


@EXPECTS
@pytest.mark.parametrize(
    ("path", "length"), [(REST, OVER_LIMIT), (GRAPHQL, OVER_EVERY_REQUEST), (REST, 2**62)]
)
def test_a_length_over_the_limit_is_refused_before_the_body_comes(
    server: Server, token: str, path: str, length: int, expect: tuple[str, ...]
) -> None:
    request = upload_head(token, f"Content-Length: {length}", *expect, path=path)
    assert_refused(server, request, 413, "PAYLOAD_TOO_LARGE")


@EXPECTS
@PATHS
def test_a_length_over_the_quota_is_refused_before_the_body_comes(
    server: Server, token: str, path: str, expect: tuple[str, ...]
) -> None:
    request = upload_head(token, f"Content-Length: {OVER_QUOTA}", *expect, path=path)
    assert_refused(server, request, 403, "QUOTA_EXCEEDED")


@EXPECTS
@PATHS
@pytest.mark.parametrize("authorization", [(), ("Authorization: Bearer nobody",)])
def test_a_missing_or_wrong_token_is_refused_before_the_body_comes(
    server: Server, path: str, authorization: tuple[str, ...], expect: tuple[str, ...]
) -> None:
    lines = (*authorization, *expect, f"Content-Type: {MULTIPART}", "Content-Length: 1000")
    assert_refused(server, head(f"POST {path}", None, *lines), 401, "UNAUTHENTICATED")


@EXPECTS
def test_a_json_body_over_its_limit_is_refused_before_it_comes(
    server: Server, token: str, expect: tuple[str, ...]
) -> None:
    lines = ("Content-Type: application/json", f"Content-Length: {2 * MIB}", *expect)
    assert_refused(server, head(f"POST {GRAPHQL}", token, *lines), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("lines", [("Content-Type: text/plain",), ("Content-Encoding: gzip",)])
def test_a_body_that_cannot_be_read_is_refused_before_it_comes(
    server: Server, token: str, lines: tuple[str, ...]
) -> None:
    kind = () if lines[0].startswith("Content-Type") else (f"Content-Type: {MULTIPART}",)
    lines = (*kind, *lines, "Content-Length: 1000", "Expect: 100-continue")
    assert_refused(server, head(f"POST {REST}", token, *lines), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_client_that_expects_100_continue_gets_it_and_then_the_response(
    server: Server, token: str
) -> None:
    length = f"Content-Length: {len(FORM)}"
    with server.connect() as connection:
        connection.sendall(upload_head(token, length, "Expect: 100-continue"))
        assert first_status(connection) == b"100"
        connection.sendall(FORM)
        assert read_answer(connection).status == 200


def test_an_http_1_0_client_never_gets_100_continue(server: Server, token: str) -> None:
    length = f"Content-Length: {len(FORM)}"
    request = upload_head(token, length, "Expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0")
    with server.connect() as connection:
        connection.sendall(request)
        connection.sendall(FORM)
        assert first_status(connection) == b"200"


@EXPECTS
@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip\r\nTransfer-Encoding: chunked"])
def test_a_transfer_coding_other_than_chunked_is_not_implemented(
    server: Server, token: str, coding: str, expect: tuple[str, ...]
) -> None:
    request = upload_head(token, f"Transfer-Encoding: {coding}", *expect)
    assert_refused(server, request, 501, "UNSUPPORTED_TRANSFER_ENCODING")


def test_a_transfer_coding_that_does_not_end_in_chunked_is_a_bad_request(
    server: Server, token: str
) -> None:
    assert exchange(server, upload_head(token, "Transfer-Encoding: gzip")).status == 400


def test_a_trailer_field_is_not_taken_for_a_header(server: Server) -> None:
    query = orjson.dumps({"query": "{ __typename }"})
    chunks = b"%x\r\n%b\r\n0\r\n" % (len(query), query)
    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    trailer = b"X-Request-ID: of-a-trailer\r\n"
    answer = exchange(server, head(f"POST {GRAPHQL}", None, *lines) + chunks + trailer + b"\r\n")
    assert answer.status == 200
    assert answer.headers["x-request-id"] != "of-a-trailer"
    own = (*lines, "X-Request-ID: of-the-head")
    answer = exchange(server, head(f"POST {GRAPHQL}", None, *own) + chunks + trailer + b"\r\n")
    assert answer.headers["x-request-id"] == "of-the-head"


def test_a_request_behind_a_refused_one_is_not_served(server: Server) -> None:
    refused = upload_head("nobody", f"Content-Length: {len(FORM)}") + FORM
    with server.connect() as connection:
        connection.sendall(refused + head("GET /healthz"))
        received = bytearray()
        while piece := connection.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 401 ")
    assert received.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("header", ["Expect: 100-continue", "Expect:"])
def test_curl_gets_the_refusal_of_a_file_over_the_limit(
    server: Server, token: str, tmp_path: Path, header: str
) -> None:
    large = tmp_path / "large.bin"
    large.touch()
    with large.open("r+b") as file:
        file.truncate(OVER_LIMIT)
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            *("curl", "-s", "-o", tmp_path / "answer", "-w", "%{http_code} %{size_upload}"),
            *("-H", f"Authorization: Bearer {token}", "-H", header, "-F", f"file=@{large}"),
            server.url + REST,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    status, sent = done.stdout.split()
    assert status == "413"
    assert orjson.loads((tmp_path / "answer").read_bytes())["code"] == "PAYLOAD_TOO_LARGE"
    assert int(sent) < (1 if "100" in header else OVER_LIMIT)
