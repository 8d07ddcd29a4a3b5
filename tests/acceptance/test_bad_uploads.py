"""Uploads that are wrong: each gets the answer that names the fault, and nothing is stored."""

import gzip
import itertools
from collections.abc import Iterator

import httpx
import orjson
import pytest

from tests.acceptance.conftest import LIMIT, MIB
from tests.acceptance.serving import Server
from tests.acceptance.wire import (
    BOUNDARY,
    END,
    Answer,
    chunked,
    exchange,
    form,
    part,
    read_answer,
    send_and_leave,
    send_until_answered,
    upload_head,
)

pytestmark = pytest.mark.usefixtures("sound_library", "leaves_nothing")

FILE = part("file", "a.txt", b"some text")
NOISE = bytes(64 * 1024)


def post(server: Server, token: str, body: bytes, *lines: str) -> Answer:
    length = f"Content-Length: {len(body)}"
    return exchange(server, upload_head(token, length, *lines), body)


def assert_refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    "body",
    {
        "nothing": b"",
        "no boundary at all": b"some text",
        "a closing boundary alone": END,
        "cut off in a part's headers": FILE[:30],
        "cut off in the file": FILE[:-4],
        "cut off after the file": FILE,
        "cut off in the closing boundary": FILE + END[:-5],
        "no part named file": form(("other", None, b"x")),
        "two files": form(("file", "a.txt", b"x"), ("file", "b.txt", b"y")),
        "a part without a name": FILE + b"--%b\r\n\r\nx\r\n" % BOUNDARY.encode() + END,
        "1,001 parts": form(*[("tags", None, b"x")] * 1000, ("file", "a.txt", b"x")),
        "a file and 1,000 parts": form(("file", "a.txt", b"x"), *[("tags", None, b"x")] * 1000),
        "10,000 headers": FILE.replace(b"\r\n\r\n", b"\r\nX: y" * 10_000 + b"\r\n\r\n") + END,
        "a field twice": FILE + form(*[("description", None, b"x")] * 2),
        "a field not in UTF-8": FILE + form(("description", None, b"\xff")),
    }.items(),
    ids=lambda named: named[0],
)
def test_a_malformed_form_is_refused(server: Server, token: str, body: tuple[str, bytes]) -> None:
    assert_refused(post(server, token, body[1]), 400, "BAD_MULTIPART")


def test_a_malformed_part_head_is_refused_in_plain_words(server: Server, token: str) -> None:
    answer = post(
        server, token, FILE.replace(b"Content-Disposition:", b"Content-Disposition") + END
    )
    assert_refused(answer, 400, "BAD_MULTIPART")
    assert orjson.loads(answer.body)["detail"] == (
        "The multipart body is malformed: Malformed segment header."
    )


def test_a_form_without_a_boundary_is_refused(client: httpx.Client) -> None:
    answer = client.post(
        "/v1/media/upload",
        content=form(("file", "a.txt", b"x")),
        headers={"content-type": "multipart/form-data"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_MULTIPART")
    assert "boundary" in answer.json()["detail"]


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/mixed", ""])
def test_a_body_that_is_no_form_is_refused(client: httpx.Client, kind: str) -> None:
    answer = client.post("/v1/media/upload", content=b"x", headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_body_is_refused(server: Server, token: str) -> None:
    body = gzip.compress(form(("file", "a.txt", b"x")))
    answer = post(server, token, body, "Content-Encoding: gzip")
    assert_refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_text_field_of_50_mb_is_refused_and_not_read(server: Server, token: str) -> None:
    size = 50 * MIB
    start = part("file", "a.txt", b"x") + part("description", None, b"")[:-2]
    with server.connect() as connection:
        connection.sendall(upload_head(token, "Transfer-Encoding: chunked"))
        body = [start, *itertools.repeat(NOISE, size // len(NOISE))]
        sent = send_until_answered(connection, chunked(body))
        assert_refused(read_answer(connection), 400, "BAD_MULTIPART")
    assert sent < size / 2


def test_endless_part_headers_are_refused_and_not_read(server: Server, token: str) -> None:
    with server.connect() as connection:
        connection.sendall(upload_head(token, "Transfer-Encoding: chunked"))
        body = [FILE[:-20], b"\r\n--a-boundary\r\nX: ", *itertools.repeat(b"y" * 65536, 800)]
        sent = send_until_answered(connection, chunked(body))
        assert_refused(read_answer(connection), 400, "BAD_MULTIPART")
    assert sent < 25 * MIB


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 40, "10, 20", ""])
def test_a_length_that_is_none_is_refused(server: Server, token: str, length: str) -> None:
    answer = exchange(server, upload_head(token, f"Content-Length: {length}"), FILE + END)
    assert answer.status == 400


def test_a_client_that_sends_less_than_it_said_and_waits_is_told(
    server: Server, token: str
) -> None:
    length = len(FILE + END) + 1
    answer = exchange(server, upload_head(token, f"Content-Length: {length}"), FILE + END)
    assert_refused(answer, 408, "REQUEST_TIMEOUT")


@pytest.mark.parametrize("sent", [FILE[:20], FILE[:-4], FILE, FILE + END])
def test_a_client_that_leaves_before_the_end_it_announced_stores_nothing(
    server: Server, token: str, sent: bytes
) -> None:
    send_and_leave(server, upload_head(token, f"Content-Length: {len(FILE + END) + 1}"), sent)


@pytest.mark.parametrize("sent", [FILE[:20], FILE, FILE + END])
def test_a_client_that_leaves_without_the_last_chunk_stores_nothing(
    server: Server, token: str, sent: bytes
) -> None:
    send_and_leave(server, upload_head(token, "Transfer-Encoding: chunked"), *chunked([sent]))


def test_a_client_that_leaves_in_the_middle_of_a_large_file_stores_nothing(
    server: Server, token: str
) -> None:
    start = upload_head(token, f"Content-Length: {LIMIT}") + FILE[:-4]
    send_and_leave(server, start, *[NOISE] * 100)


def large(size: int) -> Iterator[bytes]:
    """Yield the beginning of a form whose file has ``size`` bytes; its end never comes."""
    yield part("file", "large.bin", b"")[:-2]
    yield from itertools.repeat(NOISE, size // len(NOISE))


@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
def test_reading_stops_within_1_mb_of_the_limit(
    server: Server,
    token: str,
    announced: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    length = f"Content-Length: {10 * LIMIT}" if announced else "Transfer-Encoding: chunked"
    body = large(LIMIT + MIB)
    with server.connect() as connection:
        connection.sendall(upload_head(token, length))
        send_until_answered(connection, body if announced else chunked(body))
        # No more is sent, and yet the answer comes: the server did not wait for more.
        answer = read_answer(connection)
    assert_refused(answer, 413, "PAYLOAD_TOO_LARGE")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("announced", [True, False], ids=["with a length", "chunked"])
def test_a_client_that_keeps_sending_gets_the_refusal(
    server: Server,
    token: str,
    announced: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    length = f"Content-Length: {10 * LIMIT}" if announced else "Transfer-Encoding: chunked"
    body = large(10 * LIMIT)
    with server.connect() as connection:
        connection.sendall(upload_head(token, length))
        sent = send_until_answered(connection, body if announced else chunked(body))
        assert_refused(read_answer(connection), 413, "PAYLOAD_TOO_LARGE")
    assert sent < LIMIT + 16 * MIB  # what the buffers of two sockets hold, and then some


def test_a_whole_file_over_the_limit_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/media/upload", files={"file": ("a.bin", bytes(LIMIT + 1))})
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"visibility": "secret"}, "visibility"),
        ({"description": "x" * 10_001}, "description"),
        ({"description": "a\0b"}, "description"),
        ({"filename": "a\0b"}, "filename"),
        ({"filename": "n" * 256}, "filename"),
        ({"tags": "[1]"}, "tags"),
        ({"tags": '["a"'}, "tags"),
        ({"tags": '{"a": 1}' * 20}, "tags"),
        ({"tags": "[" * 100_000}, "tags"),
        ({"tags": '["\\ud800"]'}, "tags"),
        ({"tags": [f"tag {number}" for number in range(51)]}, "tags"),
        ({"tags": "a\0b"}, "tags"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_wrong_metadata_is_refused_by_name(
    client: httpx.Client, fields: dict[str, str | list[str]], named: str
) -> None:
    answer = client.post("/v1/media/upload", files={"file": ("a.txt", b"x")}, data=fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("name", ["a\0.txt", "\0"])
def test_a_nul_in_the_name_of_the_file_is_refused(server: Server, token: str, name: str) -> None:
    answer = post(server, token, form(("file", name, b"x")))
    assert answer.status == 400


def test_an_upload_without_a_token_is_refused_before_its_body_comes(server: Server) -> None:
    start = upload_head("", f"Content-Length: {LIMIT}").replace(b"Bearer ", b"")
    assert_refused(exchange(server, start), 401, "UNAUTHENTICATED")
