"""The throw-away PostgreSQL: tests do not see each other's data, and nothing outlives them."""

import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import asyncpg
import pytest

_HOLD_A_SERVER = """
import time
from tests.postgres import server
with server() as url:
    print(url, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("_turn", ["first", "second"])
async def test_a_test_gets_an_empty_database_of_its_own(postgres_database: str, _turn: str) -> None:
    connection = await asyncpg.connect(postgres_database)
    try:
        await connection.execute("CREATE TABLE only_mine (id int)")
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        )
    finally:
        await connection.close()
    assert tables == 1


async def test_a_database_sorts_by_code_point_and_holds_any_text(postgres_database: str) -> None:
    connection = await asyncpg.connect(postgres_database)
    try:
        rows = await connection.fetch("SELECT x FROM unnest($1::text[]) x ORDER BY x", [*"éaZ🎞"])
    finally:
        await connection.close()
    assert [row["x"] for row in rows] == [*"Zaé🎞"]


def test_the_server_stops_when_its_session_is_killed() -> None:
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _HOLD_A_SERVER], stdout=subprocess.PIPE, text=True
    ) as session:
        assert session.stdout is not None
        port = urlsplit(session.stdout.readline().strip()).port
        assert port is not None
        assert _listens(port)
        session.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 30
    while _listens(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _listens(port)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
