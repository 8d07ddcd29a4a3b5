"""One server for all tests that do not need a special one, and clients of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server, eventually
from tests.deployed import deployed
from tests.postgres import new_database

MIB = 1024 * 1024
LIMIT = 32 * MIB
MANY_READS = "100000/minute"
"""More than tests read in a minute, however fast the machine is."""


@pytest.fixture(scope="session")
def server_engine(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings that have the common server use the database of ``--engine``."""
    with engine(request) as settings:
        yield settings


@pytest.fixture
def own_engine(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The same for the servers of one test."""
    with engine(request) as settings:
        yield settings


@contextmanager
def engine(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.config.getoption("engine") == "sqlite":
        yield {}
        return
    with new_database(request.getfixturevalue("postgres_url")) as url:
        yield {"database_url": url}


@pytest.fixture(scope="session")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Serve with the defaults, but for a smaller limit, less patience with clients, many reads."""
    if request.config.getoption("deployed"):
        with deployed(tmp_path_factory.mktemp("deployed")) as deployment:
            yield deployment
        return
    data_dir = tmp_path_factory.mktemp("server") / "data"
    settings: dict[str, str] = request.getfixturevalue("server_engine")
    running = Server(
        data_dir,
        max_upload_bytes=LIMIT,
        idle_timeout_seconds=3,
        rate_read=MANY_READS,
        **settings,
    )
    yield running
    status = running.stop()
    assert "Traceback" not in running.log
    assert status == 0


@pytest.fixture
def start(tmp_path: Path, own_engine: dict[str, str]) -> Iterator[Callable[..., Server]]:
    """Start servers over one data folder, one at a time; those still running are killed."""
    with ExitStack() as started:

        def begin(*arguments: object, **settings: str | int) -> Server:
            given = own_engine | settings
            running = Server(tmp_path / "data", *arguments, **given)  # type: ignore[arg-type]
            started.callback(running.kill)
            return running

        yield begin


@pytest.fixture
def token(server: Server) -> str:
    """Be a new guest."""
    return server.guest()


@pytest.fixture
def client(server: Server, token: str) -> Iterator[httpx.Client]:
    """Speak REST as a new guest."""
    with server.client(token) as speaking:
        yield speaking


@pytest.fixture
def gql(client: httpx.Client) -> Gql:
    """Speak GraphQL as the same guest."""
    return Gql(client)


@pytest.fixture
def leaves_nothing(server: Server, client: httpx.Client) -> Iterator[None]:
    """Hold that the test, whatever it uploads, leaves no file, row, object or staged byte."""
    yield
    eventually(server.is_settled, "failed uploads are cleared up")
    assert client.get("/v1/media/files").json()["meta"]["total"] == 0


@pytest.fixture(scope="module")
def sound_library(server: Server) -> Iterator[None]:
    """Hold that a module of failures, all together, leaves the library as it was."""
    before = server.traces()
    yield
    eventually(server.is_settled, "failed uploads are cleared up")
    assert server.traces() == before
    server.assert_library_is_sound()
