"""Heads that come too slowly or are too large: refused, and never amid the answer before them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from server.heads import HttpProtocol
from tests.server.test_protocol import Client, Serving, head, running, sized, some, told

KIB = 1024
GET = b"GET /unread HTTP/1.1\r\nHost: media\r\n"
LATE = "The head of the request took too long to arrive."
LARGE = "The head of the request is too large."


class Small(HttpProtocol):
    """The same with room for small heads only."""

    max_head_bytes = KIB


@pytest.fixture(params=["uvloop", "asyncio"])
def hasty(request: pytest.FixtureRequest) -> Iterator[Serving]:
    with running(HttpProtocol, loop=request.param, timeout_keep_alive=1) as serving:
        yield serving


@pytest.fixture(params=["uvloop", "asyncio"])
def small(request: pytest.FixtureRequest) -> Iterator[Serving]:
    with running(Small, loop=request.param) as serving:
        yield serving


@contextmanager
def dribbling(client: Client, piece: bytes) -> Iterator[list[bytes]]:
    """Send ``piece`` again and again during the block, and collect what was sent."""
    sent: list[bytes] = []
    enough = threading.Event()

    def send() -> None:
        with suppress(OSError):  # the connection has ended
            while not enough.wait(0.1):
                client.socket.sendall(piece)
                sent.append(piece)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        enough.set()
        thread.join()


@pytest.mark.parametrize("start", [b"GET /", GET, GET + b"X-Slow: "])
def test_a_head_that_dribbles_in_is_refused(hasty: Serving, start: bytes) -> None:
    with hasty.connected() as client:
        client.send(start)
        with dribbling(client, b"x"):
            assert client.answer() == (408, LATE)
            assert client.ended()


def test_a_second_head_that_dribbles_in_is_refused(hasty: Serving) -> None:
    body = some(10 * KIB)
    with hasty.connected() as client:
        client.send(sized("/first", body) + GET)
        with dribbling(client, b"x"):
            assert client.answer() == (200, told("/first", body))
            assert client.answer() == (408, LATE)
            assert client.ended()


def test_a_connection_on_which_nothing_begins_is_closed_in_silence(hasty: Serving) -> None:
    with hasty.connected() as client:
        assert client.ended()


def test_empty_lines_keep_no_connection_open(hasty: Serving) -> None:
    with hasty.connected() as client:
        client.send(GET + b"\r\n")
        assert client.answer() == (200, "/unread")
        with dribbling(client, b"\r\n"):
            assert client.ended()


@pytest.mark.parametrize("rest", [b"", b"X-More: yes\r\n"])
def test_a_head_has_no_hurry_while_the_answer_before_it_is_made(
    hasty: Serving, rest: bytes
) -> None:
    with hasty.connected() as slow, hasty.connected() as witness:
        slow.send(sized("/held", b"") + GET)
        witness.send(b"G")
        assert witness.answer() == (408, LATE)  # so the time is over for slow's second head, too
        slow.send(rest)
        hasty.application.gate.set()
        assert slow.answer() == (200, told("/held", b""))
        slow.send(b"\r\n")
        assert slow.answer() == (200, "/unread")


def test_the_rest_of_a_body_that_nobody_reads_may_come_slowly(hasty: Serving) -> None:
    with hasty.connected() as slow, hasty.connected() as witness:
        slow.send(head("/unread", "Content-Length: 1000"))
        assert slow.answer() == (200, "/unread")
        with dribbling(slow, b"x") as sent:
            witness.send(b"G")
            assert witness.answer() == (408, LATE)  # so the time is over for slow, too
        slow.send(some(1000 - len(sent)) + sized("/next", b"body"))
        assert slow.answer() == (200, told("/next", b"body"))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("start", "ending"),
    [
        (b"GET /" + b"x" * 2 * KIB, b" HTTP/1.1\r\n\r\n"),
        (GET + b"X-Large: " + b"x" * 2 * KIB, b"\r\n\r\n"),
        (GET + b"x" * 2 * KIB, b": x\r\n\r\n"),
        (GET + b"X-Many: x\r\n" * 300, b"\r\n"),
    ],
    ids=["address", "value", "name", "fields"],
)
def test_a_head_that_is_too_large_is_refused(
    small: Serving, start: bytes, ending: bytes, *, whole: bool
) -> None:
    with small.connected() as client:
        client.send(start[:100], start[100:] + (ending if whole else b""))
        assert client.answer() == (431, LARGE)
        assert client.ended()


def test_a_refusal_reaches_a_client_that_goes_on_sending(small: Serving) -> None:
    with small.connected() as client:
        client.send(GET + b"X-Large: ", *[b"x" * 64 * KIB] * 16)
        assert client.answer() == (431, LARGE)


def test_the_usual_limit_leaves_room_for_large_tokens() -> None:
    with running(HttpProtocol, loop="uvloop") as serving, serving.connected() as client:
        client.send(GET + b"Authorization: " + b"x" * 63 * KIB + b"\r\n\r\n")
        assert client.answer() == (200, "/unread")
        client.send(GET + b"Authorization: " + b"x" * 64 * KIB + b"\r\n\r\n")
        assert client.answer() == (431, LARGE)


@pytest.mark.parametrize(
    ("behind", "refusal"),
    [
        (b"no HTTP\r\n\r\n", (400, "Invalid HTTP request received.")),
        (b"GET http://[ HTTP/1.1\r\n\r\n", (400, "Invalid HTTP request received.")),
        (GET + b"X-Large: " + b"x" * 2 * KIB, (431, LARGE)),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_refusal_waits_for_the_answers_before_it(
    small: Serving, behind: bytes, refusal: tuple[int, str]
) -> None:
    small.application.gate.clear()
    with small.connected() as client, small.connected() as witness:
        client.send(sized("/held", b"first"), sized("/second", b"second") + behind[:40])
        witness.send(sized("/witness", b""))
        assert witness.answer() == (200, told("/witness", b""))  # so client's have come, too
        client.send(behind[40:] + b"more")
        small.application.gate.set()
        assert client.answer() == (200, told("/held", b"first"))
        assert client.answer() == (200, told("/second", b"second"))
        assert client.answer() == refusal
        assert client.ended()


def test_a_body_that_breaks_ends_its_request(small: Serving) -> None:
    with small.connected() as client:
        client.send(head("/upload", "Transfer-Encoding: chunked"), b"5\r\nabcde\r\n", b"nonsense")
        assert client.answer()[0] == 400
        assert client.ended()
    assert small.application.deserted.get(timeout=20) <= 5
