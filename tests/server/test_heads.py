"""Around the body of a request: trailers, chunk extensions, 100 Continue and Upgrade."""

from collections.abc import Iterator

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.heads import HttpProtocol
from tests.server.test_protocol import PATIENCE_SECONDS, Serving, head, running, some, told

KIB = 1024
H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk")
"""What Java's HttpClient sends with the first request of a connection."""


class Small(HttpProtocol):
    """The same with little room for heads, trailers and extensions."""

    max_head_bytes = KIB


@pytest.fixture(scope="module", params=[HttpProtocol, H11Protocol])
def any_server(request: pytest.FixtureRequest) -> Iterator[Serving]:
    with running(request.param, loop="uvloop") as started:
        yield started


@pytest.fixture(scope="module")
def serving() -> Iterator[Serving]:
    with running(HttpProtocol, loop="uvloop") as started:
        yield started


@pytest.fixture(scope="module")
def small() -> Iterator[Serving]:
    with running(Small, loop="uvloop") as started:
        yield started


def chunks(path: str, *after: bytes) -> bytes:
    """Return a request in two chunks; what comes ``after`` the last one is added as it is."""
    start = head(path, "X-Own: 1", "Transfer-Encoding: chunked")
    return start + b"3\r\nabc\r\n2\r\nde\r\n0\r\n" + b"".join(after) + b"\r\n"


@pytest.mark.parametrize("split", [0, 1, 10])
def test_trailer_fields_never_become_headers(any_server: Serving, split: int) -> None:
    request = chunks(
        "/headers", b"X-Trailer: 1\r\n", b"X-Own: 2\r\n", b"Authorization: Bearer x\r\n"
    )
    with any_server.connected() as client:
        for _ in range(2):  # the second request may not get what the first one left either
            client.send(request[: len(request) - split], request[len(request) - split :])
            status, headers = client.answer()
            assert status == 200
            assert headers.split() == ["host=media", "x-own=1", "transfer-encoding=chunked"]


def test_trailer_fields_never_become_headers_of_the_next_request(any_server: Serving) -> None:
    with any_server.connected() as client:
        client.send(chunks("/first", b"X-Trailer: 1\r\n") + head("/headers", "Content-Length: 0"))
        assert client.answer() == (200, told("/first", b"abcde"))
        assert client.answer() == (200, "host=media content-length=0")


@pytest.mark.parametrize(
    "field", [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n", b"bad\r\n"]
)
def test_a_trailer_that_could_change_the_framing_is_refused(serving: Serving, field: bytes) -> None:
    with serving.connected() as client:
        client.send(chunks("/first", field) + head("/second", "Content-Length: 0"))
        assert client.answer()[0] == 400
        assert client.ended()


@pytest.mark.parametrize("start", [b"0\r\nX-Trailer: ", b"0\r\n", b"3;extension="])
def test_endless_trailers_and_chunk_extensions_are_refused(small: Serving, start: bytes) -> None:
    with small.connected() as client:
        client.send(head("/endless", "Transfer-Encoding: chunked") + b"5\r\nabcde\r\n")
        while small.application.started.get(timeout=PATIENCE_SECONDS) != "/endless":
            pass  # requests of other tests
        client.send(start + b"x" * 2 * KIB)
        assert client.answer() == (
            431,
            "The chunk extensions or trailer fields of the request are too large.",
        )
        assert client.ended()


def test_chunk_extensions_and_small_chunks_are_no_fault(small: Serving) -> None:
    body = some(3 * KIB)
    sent = b"".join(b"1;name=value\r\n%c\r\n" % byte for byte in body)
    with small.connected() as client:
        client.send(head("/upload", "Transfer-Encoding: chunked") + sent + b"0\r\n\r\n")
        assert client.answer() == (200, told("/upload", body))


def test_a_head_behind_a_large_body_is_not_too_large(small: Serving) -> None:
    body = some(40 * KIB)
    first = head("/first", f"Content-Length: {len(body)}") + body
    with small.connected() as client:
        client.send(
            first + b"POST /second HTTP/1.1\r\n", b"Host: media\r\nContent-Length: 0\r\n\r\n"
        )
        assert client.answer() == (200, told("/first", body))
        assert client.answer() == (200, told("/second", b""))


def test_http_1_0_never_gets_100_continue(any_server: Serving) -> None:
    request = b"POST /old HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with any_server.connected() as client:
        client.send(request, b"abc")
        assert client.answer() == (200, told("/old", b"abc"))
        assert client.ended()


def test_an_application_that_does_not_read_the_body_sends_no_100_continue(
    any_server: Serving,
) -> None:
    with any_server.connected() as client:
        client.send(head("/unread", "Expect: 100-continue", "Content-Length: 3"))
        assert client.answer() == (200, "/unread")


def test_a_request_that_asks_for_an_upgrade_keeps_its_body(serving: Serving) -> None:
    with serving.connected() as client:
        client.send(head("/upload", *H2C, "Content-Length: 5"), b"ab", b"cde")
        assert client.answer() == (200, told("/upload", b"abcde"))
        client.send(head("/next", *H2C, "Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n\r\n")
        assert client.answer() == (200, told("/next", b"ab"))


def test_requests_behind_one_that_asks_for_an_upgrade_are_served(serving: Serving) -> None:
    asking = head("/asking", *H2C, "Content-Length: 5") + b"abcde"
    with serving.connected() as client:
        client.send(asking * 50 + head("/last", "Content-Length: 0"))
        for _ in range(50):
            assert client.answer() == (200, told("/asking", b"abcde"))
        assert client.answer() == (200, told("/last", b""))


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_request_that_asks_for_an_upgrade_and_closes_is_answered(
    serving: Serving, version: bytes
) -> None:
    asking = head("/asking", *H2C, "Connection: close", "Content-Length: 5") + b"abcde"
    with serving.connected() as client:
        client.send(asking.replace(b"HTTP/1.1", b"HTTP/" + version))
        assert client.answer() == (200, told("/asking", b"abcde"))
        assert client.ended()
