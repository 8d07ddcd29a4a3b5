"""More clients at once than a machine likes, and clients that leave."""

import asyncio
import resource
import socket
import struct
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.acceptance.serving import Server, eventually
from tests.acceptance.wire import END, part, upload_head
from tests.faults.aftermath import MIB, Holdings, Ledger, all_at_once, assert_returns_to, noise

CROWD = 1000
_ANSWERS = {200, 201, 429, 503}


@pytest.fixture(autouse=True)
def many_descriptors() -> Iterator[None]:
    """Allow this process a connection for each client."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def crowd(server: Server, ledger: Ledger, size: int) -> None:
    """Upload from a thousand connections at once."""

    async def one(client: httpx.AsyncClient) -> None:
        content = noise(size)
        ledger.note(
            await client.post("/v1/media/upload", files={"file": ("a.bin", content)}), content
        )

    async def everybody() -> None:
        limits = httpx.Limits(max_connections=CROWD, max_keepalive_connections=0)
        async with httpx.AsyncClient(
            base_url=server.url,
            headers={"authorization": f"Bearer {ledger.token}"},
            limits=limits,
            timeout=120,
            trust_env=False,
        ) as client:
            await asyncio.gather(*(one(client) for _ in range(CROWD)))

    asyncio.run(everybody())


def test_a_thousand_uploads_at_once_are_stored_or_refused_in_words(
    start: Callable[..., Server],
) -> None:
    server = start()
    ledger = Ledger(server.guest())
    crowd(server, ledger, 1024)  # what a crowd leaves in caches and pools is no leak
    before = Holdings.of(server)
    crowd(server, ledger, 16 * 1024)
    assert {answer.status_code for answer in ledger.refused} <= _ANSWERS
    ledger.assert_refused_with("RATE_LIMITED", "BUSY", "UNAVAILABLE")
    assert len(ledger.kept) + len(ledger.refused) == 2 * CROWD
    eventually(server.is_settled, "everything is cleared up")
    ledger.assert_kept(server)
    server.assert_library_is_sound()
    assert_returns_to(server, before, slack=64 * MIB)
    assert server.stop() == 0


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_clients_that_leave_in_the_middle_leave_nothing(
    reached: Callable[..., Server], share: float
) -> None:
    server = reached()
    ledger = Ledger(server.guest())
    with server.client(ledger.token) as client:
        ledger.upload(client, noise(MIB))
    body = part("file", "large.bin", noise(4 * MIB)) + END

    def leave(number: int) -> None:
        with server.connect() as connection:
            connection.sendall(upload_head(ledger.token, f"Content-Length: {len(body)}"))
            connection.sendall(body[: int(len(body) * share)])
            if number % 2:  # half of them without a farewell: a reset
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    all_at_once(leave, 40, 8)  # what they leave in caches and pools is no leak
    eventually(server.is_settled, "everything is cleared up")
    before = Holdings.of(server)
    all_at_once(leave, 160, 8)
    eventually(server.is_settled, "everything is cleared up")
    ledger.assert_kept(server)
    server.assert_library_is_sound()
    assert_returns_to(server, before, slack=256 * MIB)  # of 640 that came
    assert "Traceback" not in server.log
    assert server.stop() == 0
