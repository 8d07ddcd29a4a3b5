"""PostgreSQL that hangs, is slow or is busy: whoever waits is told so, and the pool stays whole."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from uuid import uuid4

import asyncpg
import pytest
from tortoise.transactions import in_transaction

from core.errors import UnavailableError
from core.settings import SettingsError
from models.database import Database
from models.postgres_url import postgres_credentials
from tests.database import opened
from tests.postgres import CrashingServer, crashing_server

PATIENCE_SECONDS = 20
FOR_EVER = "SELECT pg_sleep(30)"
HASTY = "?maxsize=2&connect_timeout=1&pool_timeout=1&statement_timeout=0&command_timeout=1"


@pytest.fixture
def hanging() -> Iterator[CrashingServer]:
    with crashing_server() as running:
        yield running


@pytest.fixture
async def hasty(hanging: CrashingServer) -> AsyncIterator[Database]:
    """A database that may hang, of which nobody waits longer than a second for anything."""
    async with opened(hanging.url + HASTY) as database:
        await database._client.execute_script("CREATE TABLE note (text TEXT)")
        yield database


async def setting(database: Database, name: str) -> str:
    return str((await database.read(f"SHOW {name}"))[0][0])


async def assert_pool_is_whole(database: Database) -> None:
    """Fail unless every connection can be taken at once, and none too many is held."""
    size = int(postgres_credentials(database._url)["maxsize"])
    async with asyncio.timeout(PATIENCE_SECONDS), AsyncExitStack() as all_of_them:
        for _ in range(size):
            await all_of_them.enter_async_context(held(database))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(database.check() for _ in range(4 * size)))


@asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """Keep a connection for the block in a task of its own: this one's statements are not in it."""
    taken, done = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with database.transaction():
            taken.set()
            await done.wait()

    holding = asyncio.create_task(hold())
    await taken.wait()
    yield
    done.set()
    await holding


async def write(database: Database, text: str) -> None:
    async with database.transaction() as transaction:
        await transaction.execute("INSERT INTO note VALUES (?)", text)


async def test_bounds_stand_without_asking(postgres_database: str) -> None:
    async with opened(postgres_database) as database:
        assert await setting(database, "statement_timeout") == "10s"
        assert await setting(database, "idle_in_transaction_session_timeout") == "30s"
        assert await setting(database, "application_name") == "media"
    told = postgres_credentials(postgres_database)
    assert (told["timeout"], told["pool_timeout"], told["command_timeout"]) == (5, 5, 12)
    assert (told["minsize"], told["maxsize"]) == (0, 10)


async def test_the_url_changes_them(postgres_database: str) -> None:
    url = f"{postgres_database}?statement_timeout=2.5&application_name=gallery&maxsize=3"
    async with opened(f"{url}&idle_in_transaction_session_timeout=0") as database:
        assert await setting(database, "statement_timeout") == "2500ms"
        assert await setting(database, "idle_in_transaction_session_timeout") == "0"
        assert await setting(database, "application_name") == "gallery"
    told = postgres_credentials(url)
    assert (told["command_timeout"], told["maxsize"]) == (4.5, 3)


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("statement_timeout=soon", "statement_timeout='soon' must be a number of seconds"),
        ("connect_timeout=-1", "connect_timeout='-1' must be a number of seconds"),
        ("maxsize=many", "maxsize='many' must be a whole number"),
        ("maxsize=0", "maxsize must be at least 1"),
        ("minsize=11", "maxsize must be at least 1 and at least minsize"),
        ("statement_timeuot=1", "did you mean statement_timeout?"),
        ("statement_cache_size=none", "invalid literal"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_in_a_line(query: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Database(f"postgres://media:secret@127.0.0.1/media?{query}")
    assert complaint in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_a_statement_that_takes_too_long_is_cut_by_the_server(postgres_database: str) -> None:
    async with opened(f"{postgres_database}?statement_timeout=0.2&maxsize=1") as database:
        with pytest.raises(UnavailableError, match="took too long"):
            await database.read(FOR_EVER)
        with pytest.raises(UnavailableError, match="took too long"):
            async with database.transaction() as transaction:
                await transaction.execute("CREATE TABLE half_done ()")
                await transaction.rows(FOR_EVER)
        assert [tuple(row) for row in await database.read("SELECT to_regclass('half_done')")] == [
            (None,)
        ]
        await assert_pool_is_whole(database)


async def test_what_the_server_does_not_cut_is_given_up_here(postgres_database: str) -> None:
    url = f"{postgres_database}?statement_timeout=0&command_timeout=0.3&maxsize=1"
    async with opened(url) as database:
        with pytest.raises(UnavailableError, match="does not answer"):
            await database.read(FOR_EVER)
        with pytest.raises(UnavailableError, match="does not answer"):
            async with database.transaction() as transaction:
                await transaction.rows(FOR_EVER)
        await assert_pool_is_whole(database)


async def test_more_callers_than_connections_wait_their_turn(postgres_database: str) -> None:
    async with opened(f"{postgres_database}?maxsize=2&pool_timeout=10") as database:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(database.read("SELECT pg_sleep(0.05)") for _ in range(40)))
        await assert_pool_is_whole(database)


async def test_whoever_waits_too_long_for_a_connection_is_told(postgres_database: str) -> None:
    async with opened(f"{postgres_database}?maxsize=2&pool_timeout=0.2") as database:
        async with held(database), held(database):
            waiting = [asyncio.create_task(database.check()) for _ in range(10)]
            waiting += [asyncio.create_task(write(database, "never")) for _ in range(10)]
            refused = await asyncio.gather(*waiting, return_exceptions=True)
        assert {str(error) for error in refused} == {"The database is too busy; try again soon."}
        assert {type(error) for error in refused} == {UnavailableError}
        await assert_pool_is_whole(database)


async def test_a_transaction_left_idle_is_ended_and_gives_its_locks_back(
    postgres_database: str,
) -> None:
    url = f"{postgres_database}?idle_in_transaction_session_timeout=0.2&maxsize=2"
    async with opened(url) as database:
        await database._client.execute_script("CREATE TABLE note (text TEXT)")
        await write(database, "first")
        locked = asyncio.Event()

        async def dawdle() -> None:
            async with database.transaction() as transaction:
                await transaction.execute("UPDATE note SET text = 'lost'")
                locked.set()
                await asyncio.sleep(1)
                await transaction.rows("SELECT 1")

        dawdling = asyncio.create_task(dawdle())
        await locked.wait()
        async with asyncio.timeout(PATIENCE_SECONDS), database.transaction() as other:
            await other.execute("UPDATE note SET text = 'kept'")
        with pytest.raises(UnavailableError):
            await dawdling
        assert [tuple(row) for row in await database.read("SELECT text FROM note")] == [("kept",)]
        await assert_pool_is_whole(database)


async def test_migrating_and_waiting_for_it_take_what_they_take(postgres_database: str) -> None:
    url = f"{postgres_database}?statement_timeout=0.2&command_timeout=0.2"
    url += "&idle_in_transaction_session_timeout=0.2"
    async with opened(url) as database:
        entered = asyncio.Event()

        async def wait_for_the_other() -> None:
            async with database.alone():
                entered.set()

        async with database.alone():
            waiting = asyncio.create_task(wait_for_the_other())
            async with database.patient(), in_transaction("default") as migrating:
                await migrating.execute_query("SELECT pg_sleep(1)")
                await asyncio.sleep(1)
                await migrating.execute_query("SELECT 1")
            assert not entered.is_set()
        await waiting
        assert entered.is_set()
        with pytest.raises(UnavailableError):  # in this task, too, the bounds are back
            await database.read(FOR_EVER)


async def test_a_server_that_hangs_is_given_up_and_found_again(
    hanging: CrashingServer, hasty: Database
) -> None:
    hanging.pause()
    waiting = [asyncio.create_task(hasty.check()) for _ in range(10)]
    waiting += [asyncio.create_task(write(hasty, "perhaps")) for _ in range(10)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(UnavailableError):  # nor does what works in the background hang
            async with hasty.turn_to_sweep():
                pass
    hanging.resume()
    assert {type(error) for error in refused} == {UnavailableError}
    await assert_pool_is_whole(hasty)


async def test_a_commit_that_is_not_answered_is_done_in_full_or_not_at_all(
    hanging: CrashingServer, hasty: Database
) -> None:
    with pytest.raises(UnavailableError):
        async with asyncio.timeout(PATIENCE_SECONDS), hasty.transaction() as transaction:
            for number in range(3):
                await transaction.execute("INSERT INTO note VALUES (?)", str(number))
            hanging.pause()
    hanging.resume()
    async with asyncio.timeout(PATIENCE_SECONDS):
        # Waits for whoever still writes to it.
        await hasty._client.execute_script("BEGIN; LOCK TABLE note; COMMIT")
        assert (await hasty.read("SELECT COUNT(*) FROM note"))[0][0] in {0, 3}
    await assert_pool_is_whole(hasty)


async def test_a_block_that_is_cancelled_while_the_server_hangs_gives_its_connection_back(
    hanging: CrashingServer, hasty: Database
) -> None:
    hanging.pause()
    waiting = [asyncio.create_task(write(hasty, "never")) for _ in range(6)]
    await asyncio.sleep(0.2)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    hanging.resume()
    await assert_pool_is_whole(hasty)


async def test_an_account_that_the_server_no_longer_lets_in_is_an_outage(
    postgres_database: str,
) -> None:
    name = f"passing_{uuid4().hex}"
    administrator = await asyncpg.connect(postgres_database)
    await administrator.execute(f"CREATE ROLE {name} LOGIN")
    await administrator.execute(f"GRANT ALL ON SCHEMA public TO {name}")
    async with opened(postgres_database.replace("media@", f"{name}@")) as database:
        await administrator.execute(f"ALTER ROLE {name} NOLOGIN")
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", name
        )
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await database.check()
    await administrator.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
    await administrator.close()


async def test_a_server_that_takes_no_changes_is_an_outage(postgres_database: str) -> None:
    name = postgres_database.rpartition("/")[2]
    administrator = await asyncpg.connect(postgres_database)

    async def restart(*, read_only: bool) -> None:
        setting = "on" if read_only else "off"
        await administrator.execute(
            "BEGIN READ WRITE;"
            f" ALTER DATABASE {name} SET default_transaction_read_only = {setting};"
            " COMMIT; SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    async with opened(postgres_database) as database:
        await database._client.execute_script("CREATE TABLE note (text TEXT)")
        await restart(read_only=True)
        for _ in range(3):  # the first finds its connection gone, the others are refused
            with pytest.raises(UnavailableError):
                await write(database, "refused")
        await restart(read_only=False)
        with suppress(UnavailableError):  # its connection is gone again
            await database.check()
        await write(database, "kept")
    await administrator.close()
