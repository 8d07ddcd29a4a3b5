"""The sweeper: what is due goes, what is not stays."""

import asyncio
import logging
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth.viewer import Viewer
from core.ids import IdPrefix, new_id, new_key
from core.settings import Settings
from models.blob import Blob
from models.upload import Upload
from services.application import Application
from services.files.metadata import Draft
from services.lifecycle import running
from services.maintenance.sweeper import Sweeper, Swept
from tests.services.conftest import (
    account,
    assert_invariants,
    content_of,
    received,
    staged_count,
    uploaded,
)

HOUR = timedelta(hours=1)
NOTHING = Swept(0, 0, 0)


def sweeper(application: Application, grace: timedelta = timedelta(0)) -> Sweeper:
    return Sweeper(
        application.database,
        application.storage,
        application.reservations,
        application.purger,
        grace=grace,
    )


async def age(application: Application, upload_id: str, by: timedelta) -> None:
    """Make an upload look as if it had begun, and its bytes as if they had come, earlier."""
    await Upload.filter(id=upload_id).update(created_at=datetime.now(UTC) - by)
    then = time.time() - by.total_seconds()
    for path in (application.settings.data_dir / "staging").iterdir():
        os.utime(path, (then, then))


async def test_an_upload_under_way_is_left_alone_for_the_grace_period(
    application: Application, owner: Viewer
) -> None:
    staged = await received(application, owner, b"x")
    await age(application, staged.reservation.id, HOUR - timedelta(minutes=1))
    assert await sweeper(application, HOUR).sweep() == NOTHING
    file = await application.uploads.claim(staged, Draft())
    assert await content_of(application, owner, file.id) == b"x"


async def test_an_upload_that_nobody_finished_goes_after_it(
    application: Application, owner: Viewer
) -> None:
    staged = await received(application, owner, b"x")
    await age(application, staged.reservation.id, HOUR + timedelta(minutes=1))
    young = await received(application, owner, b"y")
    assert await sweeper(application, HOUR).sweep() == Swept(uploads=1, blobs=0, staged=1)
    assert staged_count(application) == 1
    assert await sweeper(application, HOUR).sweep() == NOTHING
    await application.uploads.discard(young)


async def test_bytes_published_by_a_process_that_died_go_with_their_reservation(
    application: Application, owner: Viewer
) -> None:
    staged = await received(application, owner, b"x")
    assert staged.reservation.staged is not None
    await staged.reservation.staged.commit()
    assert (await sweeper(application).sweep()).uploads == 1
    assert [info async for info in application.storage.list()] == []


async def test_dead_blobs_go_and_live_ones_never(application: Application, owner: Viewer) -> None:
    live = await uploaded(application, owner, b"live")
    dead = [await uploaded(application, owner, b"dead %d" % number) for number in range(3)]
    for file in dead:  # as if the process had died between the rows and the bytes
        async with application.database.transaction() as transaction:
            await transaction.execute("DELETE FROM file WHERE id = ?", file.id)
            await transaction.execute("UPDATE blob SET refs = 0 WHERE key = ?", file.blob_id)
            await transaction.execute(
                "UPDATE user_account SET files_count = files_count - 1,"
                " bytes_used = bytes_used - ? WHERE id = ?",
                file.size,
                file.owner_id,
            )
    assert await sweeper(application).sweep() == Swept(uploads=0, blobs=3, staged=0)
    assert await sweeper(application).sweep() == NOTHING
    assert await content_of(application, owner, live.id) == b"live"
    assert await application.purger.purge([live.blob_id, "0" * 32]) == 0
    assert await Blob.all().count() == 1


async def test_a_dead_blob_is_not_brought_back_by_the_same_content(
    application: Application, owner: Viewer
) -> None:
    first = await uploaded(application, owner, b"x")
    async with application.database.transaction() as transaction:
        await transaction.execute("DELETE FROM file WHERE id = ?", first.id)
        await transaction.execute("UPDATE blob SET refs = 0 WHERE key = ?", first.blob_id)
        await transaction.execute("UPDATE user_account SET files_count = 0, bytes_used = 0")
    second = await uploaded(application, owner, b"x")
    assert second.blob_id != first.blob_id
    await sweeper(application).sweep()
    assert await content_of(application, owner, second.id) == b"x"


async def test_more_than_a_batch_goes_in_one_sweep(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.maintenance.sweeper._BATCH", 2)
    for _ in range(5):
        await received(application, owner, b"x")
    assert await sweeper(application).sweep() == Swept(uploads=5, blobs=0, staged=5)


async def test_sweeps_at_the_same_time_share_the_work(
    application: Application, owner: Viewer
) -> None:
    kept = await uploaded(application, owner, b"kept")
    for _ in range(10):
        await received(application, owner, b"x")
    await asyncio.gather(*(sweeper(application).sweep() for _ in range(4)))
    await assert_invariants(application)
    assert await content_of(application, owner, kept.id) == b"kept"


async def test_sweeps_while_files_come_and_go_take_nothing_that_is_needed(
    in_memory: Application,
) -> None:
    owner = await account(in_memory)
    done = asyncio.Event()

    async def sweeping() -> None:
        while not done.is_set():
            await sweeper(in_memory, HOUR).sweep()

    async def come_and_go(number: int) -> None:
        for turn in range(10):
            file = await uploaded(in_memory, owner, b"%d" % (turn % 3))
            assert await content_of(in_memory, owner, file.id) == b"%d" % (turn % 3)
            if turn % 2 == number % 2:
                await in_memory.files.delete(owner, file.id)

    sweeps = [asyncio.create_task(sweeping()) for _ in range(2)]
    await asyncio.gather(*(come_and_go(number) for number in range(4)))
    done.set()
    await asyncio.gather(*sweeps)
    await assert_invariants(in_memory)


async def test_a_sweep_that_fails_is_tried_again(
    application: Application,
    owner: Viewer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "media.sweep")
    await received(application, owner, b"x")
    staging = application.settings.data_dir / "staging"
    hidden = staging.rename(staging.with_name("away"))
    sweeping = asyncio.create_task(sweeper(application).run_every(0.01))
    while "will be tried again" not in caplog.text:
        await asyncio.sleep(0.01)
    hidden.rename(staging)
    while "swept" not in caplog.text:
        await asyncio.sleep(0.01)
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping
    assert staged_count(application) == 0


async def test_a_fault_does_not_end_the_sweeper(
    application: Application,
    owner: Viewer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await received(application, owner, b"x")

    async def fail(_: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("of our own making")

    monkeypatch.setattr("services.maintenance.sweeper.expire_keys", fail)
    sweeping = asyncio.create_task(sweeper(application).run_every(0.01))
    async with asyncio.timeout(20):
        while staged_count(application):
            await asyncio.sleep(0.01)
    sweeping.cancel()
    assert "of our own making" in caplog.text


async def test_an_object_that_cannot_go_keeps_no_other(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(replace(settings, upload_grace_seconds=0)) as application:
        owner = await account(application)
        stuck, gone = new_key(), new_key()
        for key in (stuck, gone):
            await Upload.create(id=new_id(IdPrefix.UPLOAD), owner_id=owner.id, key=key)
        (settings.data_dir / "objects" / stuck[:2] / stuck).mkdir()
        assert (await application.sweeper.sweep()).uploads == 1
        assert [row.key for row in await Upload.all()] == [stuck]
        assert "cannot be cleared up" in caplog.text


async def test_of_several_processes_one_sweeps_at_a_time(
    application: Application, owner: Viewer
) -> None:
    database = application.database
    await received(application, owner, b"left over")
    async with database.turn_to_sweep() as first, database.turn_to_sweep() as second:
        assert (first, second) == (True, database.is_embedded)  # that one has one server
        sweeping = asyncio.create_task(sweeper(application).run_every(0.01))
        await asyncio.sleep(0.5)
        assert staged_count(application) == (0 if database.is_embedded else 1)
    async with asyncio.timeout(20):
        while staged_count(application):
            await asyncio.sleep(0.01)
    sweeping.cancel()
