"""Servers whose connections PgBouncer pools, in both of its modes that fit (docs/deployment.md)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.acceptance.samples import image
from tests.acceptance.serving import Server, eventually
from tests.acceptance.test_job_workers import Fleet, upload
from tests.pgbouncer import pgbouncer

BY_TRANSACTION = "statement_cache_size=0&statement_timeout=0&idle_in_transaction_session_timeout=0"
"""What the documentation tells whoever pools by transactions."""

BY_SESSION_IGNORED = "statement_timeout,idle_in_transaction_session_timeout"
"""What it tells PgBouncer to ignore, so that nothing else has to be told."""


@pytest.fixture
def by_session(tmp_path: Path, postgres_database: str) -> Iterator[Fleet]:
    """Start servers and workers over an empty database, pooled by sessions."""
    with (
        pgbouncer(postgres_database, pool_mode="session", ignored=BY_SESSION_IGNORED) as url,
        ExitStack() as started,
    ):
        yield Fleet(tmp_path, url, started)


@pytest.fixture
def by_transaction(tmp_path: Path, postgres_database: str) -> Iterator[Fleet]:
    """Start servers over an empty database, pooled by transactions."""
    with (
        pgbouncer(postgres_database, pool_mode="transaction") as url,
        ExitStack() as started,
    ):
        yield Fleet(tmp_path, f"{url}?{BY_TRANSACTION}", started)


def assert_served(one: Server, other: Server) -> None:
    """Hold that what one server is given the other has, also if both are asked at once."""
    token = one.guest()
    with one.client(token) as here, other.client(token) as there, ThreadPoolExecutor(16) as crowd:
        clients = (here, there) * 20
        kept = list(crowd.map(lambda client: upload(client, image("PNG"), "a.png"), clients))
        assert {client.get(path).status_code for client in (here, there) for path in kept} == {200}
        assert len({upload_once(client) for client in (here, there, here)}) == 1
        gone = crowd.map(lambda path: there.delete(path).status_code, kept)
        assert set(gone) == {204}
        assert [file["filename"] for file in here.get("/v1/media/files").json()["data"]] == [
            "once.txt"
        ]
    for server in (one, other):
        assert server.stop() == 0
        assert "Traceback" not in server.log


def upload_once(client: httpx.Client) -> str:
    headers = {"idempotency-key": "the-same"}
    answer = client.post("/v1/media/upload", files={"file": ("once.txt", b"once")}, headers=headers)
    file_id: str = answer.json()["data"]["id"]
    return file_id


def started_together(fleet: Fleet, **settings: str | int) -> tuple[Server, Server]:
    """Start two servers at the same time: one of them makes the tables."""
    with ThreadPoolExecutor() as at_once:
        one, other = at_once.map(lambda name: fleet.server(name, **settings), ("one", "other"))
    return one, other


def test_pooled_by_transactions_servers_share_what_they_are_given(by_transaction: Fleet) -> None:
    assert_served(*started_together(by_transaction, processing="local"))


def test_pooled_by_sessions_servers_share_what_they_are_given(by_session: Fleet) -> None:
    assert_served(*started_together(by_session, processing="local"))


def test_pooled_by_sessions_workers_make_previews_and_servers_hear_of_each_other(
    by_session: Fleet,
) -> None:
    one, other = started_together(by_session)
    by_session.worker()
    token = one.guest()
    with one.client(token) as here, other.client(token) as there:
        path = upload(here, image("JPEG"), "a.jpg")
        assert there.post(f"{path}/preview", json={"size": "small"}).status_code == 200
        assert here.post("/v1/auth/logout").status_code == 204
        eventually(lambda: there.get(path).status_code == 401, "the session has ended there too")
