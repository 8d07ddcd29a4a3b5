"""What look-ups remember, and what they must not."""

import asyncio

import pytest

from services.accounts.lookup_cache import LookUps
from tests.services.clock import Clock


class Rows:
    """A table to look things up in, which counts how often that is done."""

    def __init__(self, **rows: str) -> None:
        self.rows = rows
        self.read = 0

    async def find(self, key: str) -> str | None:
        """Return what the key has at this moment, a while later."""
        self.read += 1
        found = self.rows.get(key)
        await asyncio.sleep(0)
        return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("services.accounts.lookup_cache.time", made)
    return made


async def look_up(lookups: LookUps[str, str], rows: Rows, key: str) -> str | None:
    return await lookups.get(key, lambda: rows.find(key))


async def test_what_was_found_is_looked_up_again_after_half_a_minute(clock: Clock) -> None:
    lookups, rows = LookUps[str, str](), Rows(a="old")
    await look_up(lookups, rows, "a")
    rows.rows["a"] = "new"
    clock.now += 29
    assert await look_up(lookups, rows, "a") == "old"
    clock.now += 2
    assert await look_up(lookups, rows, "a") == "new"


async def test_what_was_not_found_is_looked_up_every_time() -> None:
    lookups, rows = LookUps[str, str](), Rows()
    assert await look_up(lookups, rows, "a") is None
    rows.rows["a"] = "there"
    assert await look_up(lookups, rows, "a") == "there"


async def test_only_what_is_meant_is_forgotten() -> None:
    lookups, rows = LookUps[str, str](), Rows(a="1", b="2", c="2")
    for key in rows.rows:
        await look_up(lookups, rows, key)
    lookups.forget(lambda key, value: key == "c" or value == "1")
    for key in rows.rows:
        await look_up(lookups, rows, key)
    assert rows.read == 5
    lookups.forget_all()
    await look_up(lookups, rows, "b")
    assert rows.read == 6


@pytest.mark.parametrize("everything", [False, True])
async def test_what_changes_while_it_is_looked_up_is_not_remembered(*, everything: bool) -> None:
    lookups, rows = LookUps[str, str](), Rows(a="let in")
    looking = asyncio.create_task(look_up(lookups, rows, "a"))
    while not rows.read:
        await asyncio.sleep(0)
    rows.rows["a"] = "shut out"
    if everything:
        lookups.forget_all()
    else:
        lookups.forget(lambda key, _: key == "a")
    await looking
    assert await look_up(lookups, rows, "a") == "shut out"
