"""Two servers over one database: what ends at one ends at the other, and long before 30 s.

That is how long a server goes by what it looked up, if nothing tells it better. ``eventually`` has
less patience, and what is asked for was looked up just before.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.acceptance.serving import Server, eventually
from tests.acceptance.test_job_workers import Fleet
from tests.postgres import CrashingServer, crashing_server

GUEST = "/v1/auth/guest"
REFRESH = "/v1/auth/refresh"
KEYS = "/v1/auth/api-keys"


class Pair(NamedTuple):
    """Two servers that share database and folder."""

    one: Server
    other: Server


@pytest.fixture
def fleet(tmp_path: Path, postgres_database: str) -> Iterator[Fleet]:
    with ExitStack() as started:
        yield Fleet(tmp_path, postgres_database, started)


@pytest.fixture
def pair(fleet: Fleet) -> Iterator[Pair]:
    servers = started_pair(fleet)
    yield servers
    for server in servers:
        assert server.stop() == 0
        assert "Traceback" not in server.log


def started_pair(fleet: Fleet) -> Pair:
    one = fleet.server("one", processing="local")
    return Pair(one, fleet.server("other", processing="local"))


def status(server: Server, token: str) -> int:
    with server.client(token) as client:
        return client.get("/v1/media/files").status_code


def post(server: Server, path: str, token: str | None = None, **body: object) -> httpx.Response:
    with server.client(token) as client:
        return client.post(path, json=body or None)


def assert_shut_out(pair: Pair, token: str, end: Callable[[], object]) -> None:
    """Hold that both servers let the token in, and neither does after ``end``."""
    assert [status(server, token) for server in pair] == [200, 200]
    end()
    for server in pair:
        eventually(lambda server=server: status(server, token) == 401, "it is shut out")


def test_signing_out_holds_at_every_server(pair: Pair) -> None:
    made = post(pair.one, GUEST).json()
    body = {"refresh_token": made["refresh_token"]}
    assert_shut_out(
        pair, made["access_token"], lambda: post(pair.one, "/v1/auth/logout", None, **body)
    )


def test_signing_out_with_the_access_token_holds_at_every_server(pair: Pair) -> None:
    token = pair.one.guest()
    assert_shut_out(pair, token, lambda: post(pair.other, "/v1/auth/logout", token))


def test_a_refresh_token_that_is_used_again_ends_its_session_at_every_server(pair: Pair) -> None:
    made = post(pair.one, GUEST).json()
    body = {"refresh_token": made["refresh_token"]}
    for _ in range(2):  # the token of before the one before: no answer was lost on its way
        renewed = post(pair.one, REFRESH, None, **body).json()
        body = {"refresh_token": renewed["refresh_token"]}
    first = {"refresh_token": made["refresh_token"]}
    assert_shut_out(pair, renewed["access_token"], lambda: post(pair.other, REFRESH, None, **first))


def test_a_revoked_key_is_refused_by_every_server(pair: Pair) -> None:
    owner = pair.one.account("user")
    made = post(pair.one, KEYS, owner, name="a", scopes=["read"]).json()["data"]

    def revoke() -> None:
        with pair.other.client(owner) as client:
            assert client.delete(f"{KEYS}/{made['id']}").status_code == 204

    assert_shut_out(pair, made["key"], revoke)


def test_the_command_line_shuts_out_and_lets_in_at_every_server(pair: Pair) -> None:
    owner = pair.one.account("user")
    key = post(pair.one, KEYS, owner, name="a", scopes=["read"]).json()["data"]["key"]
    account_id = account_of(pair.one, owner)
    for credentials in (owner, key):
        disable = f"accounts disable {account_id}".split()
        assert_shut_out(pair, credentials, lambda d=disable: pair.one.media(*d))
        pair.one.media("accounts", "enable", account_id)
        assert [status(server, credentials) for server in pair] == [200, 200]


def test_a_kind_that_the_command_line_changes_holds_at_every_server(pair: Pair) -> None:
    token = pair.one.account("user")

    def is_let_into_the_audit(server: Server) -> bool:
        with server.client(token) as client:
            return client.get("/v1/audit").status_code == 200

    assert not any(is_let_into_the_audit(server) for server in pair)
    pair.one.media("accounts", "promote", account_of(pair.one, token))
    for server in pair:
        eventually(lambda server=server: is_let_into_the_audit(server), "it is an administrator")


def account_of(server: Server, token: str) -> str:
    answer = post(server, "/graphql", token, query="{ viewer { id } }").json()
    account_id: str = answer["data"]["viewer"]["id"]
    return account_id


@pytest.fixture
def crashing() -> Iterator[CrashingServer]:
    with crashing_server() as running:
        yield running


def test_after_an_outage_of_the_database_servers_hear_of_each_other_again(
    tmp_path: Path, crashing: CrashingServer
) -> None:
    with ExitStack() as started:
        pair = started_pair(Fleet(tmp_path, crashing.url, started))
        before, after = pair.one.guest(), pair.one.guest()
        crashing.crash()
        assert {status(server, before) for server in pair} == {503}
        crashing.start()
        for token in (before, after):
            for server in pair:
                eventually(lambda s=server, t=token: status(s, t) == 200, "it is served again")
            assert_shut_out(pair, token, lambda t=token: post(pair.other, "/v1/auth/logout", t))
        assert "never retrieved" not in pair.one.log + pair.other.log


def test_beside_a_server_with_sqlite_the_command_line_shuts_out(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    try:
        token = server.guest()
        account_id = account_of(server, token)
        assert status(server, token) == 200
        server.media("accounts", "disable", account_id)
        eventually(lambda: status(server, token) == 401, "it is shut out")
        assert server.stop() == 0
    finally:
        server.kill()
