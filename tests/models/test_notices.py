"""What one process changes, another hears of: once it is committed, and only then."""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from core.ids import IdPrefix, new_id
from models import listening
from models.database import Database
from models.listening import CHANNEL
from models.notices import Notice, Notices, Topic
from models.user import User, UserKind
from tests.database import When, cancel_at_every_step, opened

PATIENCE_SECONDS = 20
LISTENER = "media notices"
GARBAGE = [
    "",
    " ",
    "1",
    "1 account",
    "1 account ",
    "1  user_1",
    "1 account user_1 user_2",
    "2 account user_1",
    "1 weather sunny",
    "account user_1",
    "\u202e\x01é",
    "x" * 7999,
]


class Heard:
    """What has been heard: names of accounts, and how often something may have been missed."""

    def __init__(self, notices: Notices) -> None:
        self.names: list[str] = []
        self.gaps = 0
        notices.hear(Topic.ACCOUNT, self.names.append)
        notices.hear_of_gaps(self._missed)

    def _missed(self) -> None:
        self.gaps += 1


async def until(condition: Callable[[], Any]) -> None:
    """Return as soon as ``condition`` holds; raise if it never does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def elsewhere(postgres_database: str) -> AsyncIterator[Any]:
    """Be another process: a connection that hears nothing yet."""
    connection = await asyncpg.connect(postgres_database)
    yield connection
    await connection.close()


@pytest.fixture
async def listener(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Heard]:
    """What a listening process hears, from when it does."""
    monkeypatch.setattr(listening, "_PING_SECONDS", 0.2)
    async with opened(postgres_database) as database:
        heard = Heard(database.notices)
        async with database.listening():
            await until(lambda: heard.gaps)
            yield heard


async def ears(connection: Any) -> int:
    """Return the process of PostgreSQL that serves the listener."""
    found: int = await connection.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1", LISTENER
    )
    return found


@pytest.mark.parametrize("payload", GARBAGE)
def test_what_is_not_understood_is_no_notice(payload: str) -> None:
    assert Notice.parse(payload) is None


@pytest.mark.parametrize("topic", Topic)
def test_a_notice_is_read_as_it_was_written(topic: Topic) -> None:
    notice = Notice(topic, "some_id")
    assert Notice.parse(notice.payload) == notice


async def test_what_is_undone_is_told_to_nobody(database: Database) -> None:
    heard = Heard(database.notices)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as transaction:
            await transaction.tell(Topic.ACCOUNT, "undone")
            raise ZeroDivisionError
    async with database.transaction() as transaction:
        await transaction.tell(Topic.ACCOUNT, "done")
        assert heard.names == []
    assert heard.names == ["done"]


@pytest.mark.parametrize("when", When)
async def test_a_change_that_is_cancelled_and_happens_all_the_same_is_told(
    database: Database, when: When
) -> None:
    heard = Heard(database.notices)
    await User.create(id="user_1", kind=UserKind.USER)

    async def change() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE user_account SET name = 'new' WHERE id = 'user_1'")
            await transaction.tell(Topic.ACCOUNT, "user_1")

    async def check() -> None:
        async with database.transaction() as transaction:
            changed = await transaction.execute(
                "UPDATE user_account SET name = NULL WHERE id = 'user_1' AND name = 'new'"
            )
        assert heard.names or not changed
        heard.names.clear()

    assert await cancel_at_every_step(when, change, check) > 1


async def test_others_are_told_what_is_committed_and_nothing_else(
    postgres_database: str, elsewhere: Any
) -> None:
    told: list[str] = []
    await elsewhere.add_listener(CHANNEL, lambda *given: told.append(given[3]))
    async with opened(postgres_database) as database:
        with suppress(ZeroDivisionError):
            async with database.transaction() as transaction:
                await transaction.tell(Topic.SESSION, "undone")
                raise ZeroDivisionError
        async with database.transaction() as transaction:
            await transaction.tell(Topic.SESSION, "done")
    await until(lambda: told)
    assert told == ["1 session done"]


async def test_garbage_on_the_channel_harms_nobody(listener: Heard, elsewhere: Any) -> None:
    gaps = listener.gaps
    for payload in [*GARBAGE, "1 account user_1"]:
        await elsewhere.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)
    await until(lambda: listener.names)
    assert (listener.names, listener.gaps) == (["user_1"], gaps)


async def test_a_listener_that_loses_its_connection_counts_on_having_missed_something(
    listener: Heard, elsewhere: Any
) -> None:
    await assert_hears_again(
        listener,
        elsewhere,
        lambda pid: elsewhere.execute("SELECT pg_terminate_backend($1)", pid),
    )


async def test_a_connection_that_is_dead_without_a_word_is_found_out(
    listener: Heard, elsewhere: Any
) -> None:
    stopped: list[int] = []

    async def stop(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        stopped.append(pid)

    try:
        await assert_hears_again(listener, elsewhere, stop)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


async def assert_hears_again(
    listener: Heard, elsewhere: Any, harm: Callable[[int], Awaitable[Any]]
) -> None:
    gaps, first = listener.gaps, await ears(elsewhere)
    await harm(first)
    await until(lambda: listener.gaps >= gaps + 2)  # one when it is lost, one when it is back
    await elsewhere.execute("SELECT pg_notify($1, $2)", CHANNEL, "1 account user_2")
    await until(lambda: "user_2" in listener.names)


@pytest.fixture
async def embedded(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    monkeypatch.setattr(listening, "_LOOK_SECONDS", 0.01)
    shutil.copy(migrated_file, tmp_path / "media.db")
    async with opened(f"sqlite://{tmp_path}/media.db") as database:
        await User.create(id=new_id(IdPrefix.USER), kind=UserKind.USER)
        yield database


def commit_elsewhere(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "media.db")) as other, other:
        other.execute("UPDATE user_account SET files_count = files_count + 1")


async def test_with_sqlite_a_commit_of_another_process_may_have_been_missed(
    embedded: Database, tmp_path: Path
) -> None:
    heard = Heard(embedded.notices)
    async with embedded.listening(), asyncio.timeout(PATIENCE_SECONDS):
        while not heard.gaps:  # the first look may come after it
            commit_elsewhere(tmp_path)
            await asyncio.sleep(0.05)


async def test_with_sqlite_ones_own_commits_are_not_those_of_another_process(
    embedded: Database, tmp_path: Path
) -> None:
    client: Any = embedded._client
    before = await client._foreign_commits()
    for _ in range(3):
        async with embedded.transaction() as transaction:
            await transaction.execute("UPDATE user_account SET name = 'own'")
            assert await client._foreign_commits() == before
        await User.create(id=new_id(IdPrefix.USER), kind=UserKind.USER)
        assert await client._foreign_commits() == before
    commit_elsewhere(tmp_path)
    assert await client._foreign_commits() != before
