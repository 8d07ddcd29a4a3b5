"""Uploads that fail anywhere: a whole file or nothing, and never a trace."""

import asyncio
import errno
import itertools
import os
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.exceptions import OperationalError

from auth.viewer import Viewer
from core.errors import (
    ConflictError,
    StorageFullError,
    UnavailableError,
    ValidationFailedError,
)
from core.settings import MIB
from models.database import Transaction
from models.file import File, StoredFile
from models.sqlite_engine import ImmediateTransaction
from models.upload import Upload
from services.application import Application
from services.files.metadata import Draft
from services.maintenance.sweeper import Sweeper
from services.uploads import blob_rows as records
from services.uploads import uploads
from services.uploads.types import Received
from tests.database import When, cancel_at_every_step
from tests.services.conftest import (
    account,
    assert_invariants,
    content_of,
    received,
    uploaded,
)

TAGGED = Draft(tags=["x", "y"])


async def file_ids(application: Application) -> list[str]:
    return [row[0] for row in await application.database.read("SELECT id FROM file")]


async def test_a_body_that_breaks_off_leaves_nothing(
    application: Application, owner: Viewer
) -> None:
    async def breaking(before: int) -> AsyncIterator[bytes]:
        yield bytes(before)
        raise ConnectionResetError

    for before in (0, 10, 3 * MIB):
        with pytest.raises(ConnectionResetError):
            await application.uploads.receive(owner, breaking(before), "a")
        await assert_invariants(application)


@pytest.mark.parametrize("when", When)
async def test_an_upload_cancelled_at_any_step_is_whole_or_gone(
    application: Application, owner: Viewer, when: When
) -> None:
    turn = itertools.count()

    async def upload() -> None:
        await uploaded(application, owner, b"%d" % next(turn), tags=["x", "y"])

    steps = await cancel_at_every_step(when, upload, lambda: assert_invariants(application))
    assert steps >= 10
    assert await content_of(application, owner, (await file_ids(application))[-1])


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("parts", [["old"], ["old", "new", "old", "newer", "new"]])
async def test_a_claim_cancelled_at_any_step_is_whole_or_gone(
    application: Application, owner: Viewer, when: When, parts: list[str]
) -> None:
    await uploaded(application, owner, b"old")
    turn = itertools.count()
    counts: list[int] = []
    bodies: list[Received] = []

    async def receive_all() -> list[Received]:
        suffix = f"{next(turn)}".encode()
        contents = [part.encode() + (b"" if part == "old" else suffix) for part in parts]
        return [await received(application, owner, content) for content in contents]

    async def check() -> None:
        nonlocal bodies
        await assert_invariants(application)
        counts.append(len(await file_ids(application)))
        bodies = await receive_all()

    bodies += await receive_all()
    steps = await cancel_at_every_step(
        when, lambda: application.uploads.claim_all(bodies, TAGGED), check
    )
    for each in bodies:
        await application.uploads.discard(each)
    assert steps >= 3
    assert {after - before for before, after in pairwise([1, *counts])} == {0, len(parts)}


async def test_uploads_and_deletions_cancelled_at_any_time_leave_whole_files(
    in_memory: Application,
) -> None:
    owner = await account(in_memory)
    chance = random.Random(11)  # noqa: S311 - not a secret

    async def come_and_go(number: int) -> None:
        file = await uploaded(in_memory, owner, b"%d" % (number % 3), tags=["x"])
        if number % 2:
            await in_memory.files.delete(owner, file.id)

    for _ in range(12):
        tasks = [asyncio.create_task(come_and_go(number)) for number in range(6)]
        for task in tasks:
            await asyncio.sleep(chance.random() / 100)
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} <= {asyncio.CancelledError, type(None)}
        await in_memory.uploads.close()
    await in_memory.sweeper.sweep()  # a deletion may be cut off between its rows and its bytes
    await assert_invariants(in_memory)


def break_call(monkeypatch: pytest.MonkeyPatch, name: str, error: OSError, at: int = 1) -> None:
    """Let the operating system fail once, at the ``at``-th call of ``os.name`` from now on."""
    real = getattr(os, name)
    calls = itertools.count(1)

    def failing(*arguments: Any, **options: Any) -> Any:
        if next(calls) == at:
            raise error
        return real(*arguments, **options)

    monkeypatch.setattr(os, name, failing)


STORAGE_FAILURES = [
    (call, at, number, meaning)
    for call, at in [("open", 1), ("write", 1), ("write", 3), ("fsync", 1), ("fsync", 2)]
    for number, meaning in [(errno.ENOSPC, StorageFullError), (errno.EIO, UnavailableError)]
] + [("write", 2, errno.EDQUOT, StorageFullError), ("link", 1, errno.EIO, UnavailableError)]


async def test_a_storage_that_fails_once_leaves_nothing_and_blocks_no_retry(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks = [bytes(MIB)] * 3
    for call, at, number, meaning in STORAGE_FAILURES:
        with monkeypatch.context() as broken:
            break_call(broken, call, OSError(number, "injected"), at)
            with pytest.raises(meaning):
                await claimed(application, owner, chunks)
        await assert_invariants(application)
        file = await claimed(application, owner, chunks)
        await application.files.delete(owner, file.id)


async def claimed(application: Application, owner: Viewer, chunks: list[bytes]) -> StoredFile:
    staged = await received(application, owner, *chunks)
    return await application.uploads.claim(staged, Draft())


class Breaking:
    """Lets one statement of all that pass by fail, before it runs."""

    STATEMENTS: ClassVar[list[tuple[Any, str]]] = [
        (Transaction, "execute"),
        (Transaction, "rows"),
        (Upload, "create"),
        (File, "create"),
    ]

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.remaining = 0
        for owner, name in self.STATEMENTS:
            monkeypatch.setattr(owner, name, self._counting(getattr(owner, name)))

    def _counting(self, real: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*arguments: Any, **options: Any) -> Any:
            self.remaining -= 1
            if self.remaining == 0:
                raise OperationalError("injected")
            return await real(*arguments, **options)

        return counted


@pytest.mark.parametrize("parts", [[b"new"], [b"old"], [b"old", b"new", b"old"]])
async def test_a_database_that_fails_once_at_any_statement_leaves_nothing(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch, parts: list[bytes]
) -> None:
    await uploaded(application, owner, b"old")
    breaking = Breaking(monkeypatch)
    failures = 0
    for statement in itertools.count(1):
        bodies = [await received(application, owner, part) for part in parts]
        breaking.remaining = statement
        try:
            await application.uploads.claim_all(bodies, TAGGED)
        except UnavailableError:
            failures += 1
            await assert_invariants(application)
            assert len(await file_ids(application)) == 1
        if breaking.remaining > 0:
            break
        # The statements of the clearing up may fail too: then the sweeper does it.
        await swept(application)
    assert failures >= 5 * len(parts)
    assert len(await file_ids(application)) >= 1 + len(parts)


async def swept(application: Application) -> None:
    await Sweeper(
        application.database,
        application.storage,
        application.reservations,
        application.purger,
        grace=timedelta(0),
    ).sweep()


async def test_a_reservation_that_fails_leaves_nothing(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking = Breaking(monkeypatch)
    breaking.remaining = 1
    with pytest.raises(UnavailableError):
        await received(application, owner, b"x")
    await assert_invariants(application)


async def test_a_commit_whose_answer_is_lost_leaves_the_file_whole(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for parts in ([b"a"], [b"a"], [b"a", b"b", b"b"]):
        bodies = [await received(application, owner, part) for part in parts]
        before = len(await file_ids(application))
        with monkeypatch.context() as broken:
            lose_answers(broken, 1)
            with pytest.raises(UnavailableError):
                await application.uploads.claim_all(bodies, TAGGED)
        assert len(await file_ids(application)) == before + len(parts)
        await assert_invariants(application)


def lose_answers(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let ``number`` commits happen, and be reported as failures."""
    lost = itertools.count(1)
    for transaction in (ImmediateTransaction, TransactionWrapper):

        async def commit(self: Any, real: Any = transaction.commit) -> None:
            await real(self)
            if next(lost) <= number:
                raise OperationalError("injected")

        monkeypatch.setattr(transaction, "commit", commit)


async def test_what_cannot_be_cleared_up_now_is_swept_later(
    application: Application,
    owner: Viewer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    staged = await received(application, owner, b"x")
    with monkeypatch.context() as broken:

        async def down(*_: Any) -> None:
            raise OperationalError("injected")

        for name in ("execute", "rows"):
            broken.setattr(Transaction, name, down)
        with pytest.raises(UnavailableError):
            await application.uploads.claim(staged, Draft())
        await application.uploads.close()  # which has waited for the clearing up
    assert "left to the sweeper" in caplog.text
    assert await file_ids(application) == []
    await swept(application)
    await assert_invariants(application)


async def test_an_upload_that_was_swept_cannot_become_a_file_and_leaves_nothing(
    application: Application, owner: Viewer
) -> None:
    staged = await received(application, owner, b"x")
    await application.reservations.abandon(staged.reservation.id, staged.reservation.key)
    with pytest.raises(ConflictError):
        await application.uploads.claim(staged, Draft())
    await assert_invariants(application)


async def test_an_upload_marked_by_a_sweep_under_way_leaves_nothing_either(
    application: Application, owner: Viewer
) -> None:
    staged = await received(application, owner, b"x")
    async with application.database.transaction() as transaction:
        await transaction.execute(
            "UPDATE upload SET abandoned = ? WHERE id = ?", True, staged.reservation.id
        )
    with pytest.raises(ConflictError):
        await application.uploads.claim(staged, Draft())
    await assert_invariants(application)


async def test_a_swept_upload_of_known_content_leaves_nothing_either(
    application: Application, owner: Viewer
) -> None:
    await uploaded(application, owner, b"x")
    staged = await received(application, owner, b"x")
    await swept(application)
    with pytest.raises(ConflictError):
        await application.uploads.claim(staged, Draft())
    await assert_invariants(application)


async def test_a_sweep_between_publishing_and_recording_wins_or_loses_but_never_both(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = await received(application, owner, b"x")
    recording = asyncio.Event()
    real = records.share_blob

    async def sweep_meanwhile() -> None:
        await recording.wait()
        await swept(application)

    async def slowly(transaction: Transaction, body: Received) -> str | None:
        recording.set()
        await asyncio.sleep(0.05)
        return await real(transaction, body)

    sweeping = asyncio.create_task(sweep_meanwhile())
    monkeypatch.setattr(uploads, "share_blob", slowly)
    try:
        file = await application.uploads.claim(staged, Draft())
    except ConflictError:
        await sweeping
    else:
        await sweeping
        assert await content_of(application, owner, file.id) == b"x"
    await assert_invariants(application)


async def test_a_body_is_used_once(application: Application, owner: Viewer) -> None:
    staged = await received(application, owner, b"x")
    other = await received(application, owner, b"y")
    with pytest.raises(ValidationFailedError):
        await application.uploads.claim_all([other, staged, other], Draft())
    await assert_invariants(application)
    again = await received(application, owner, b"x")
    file = await application.uploads.claim(again, Draft())
    for spent in (again, staged, other):
        with pytest.raises(ValidationFailedError):
            await application.uploads.claim(spent, Draft())
    assert await content_of(application, owner, file.id) == b"x"
    assert await file_ids(application) == [file.id]
