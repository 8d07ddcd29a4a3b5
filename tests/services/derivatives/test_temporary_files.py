"""Temporary copies of what lies in no file: what happens when they cannot be made."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from auth.viewer import Viewer
from core.errors import NotFoundError, StorageFullError, UnavailableError
from core.settings import MIB, Settings
from processing.task import TaskName
from processing.workers import Input
from services.application import Application
from services.derivatives.preview_request import PreviewRequest
from tests.acceptance.samples import image
from tests.mounting import small_disk
from tests.services.conftest import account, checked, uploaded

LARGE = image("PNG") + bytes(5 * MIB // 2)

Asking = Callable[[Application, Viewer, str], Awaitable[object]]


async def preview(application: Application, viewer: Viewer, file_id: str) -> object:
    return await application.previews.create(viewer, file_id, PreviewRequest())


async def text(application: Application, viewer: Viewer, file_id: str) -> object:
    return await application.texts.extract(viewer, file_id, language="en")


async def analysis(application: Application, viewer: Viewer, file_id: str) -> object:
    return await application.analyses.analyze(viewer, file_id)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a temporary folder of 1 MiB."""
    with small_disk(tmp_path / "temporary", 1) as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        yield


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ask", [preview, text, analysis])
async def test_a_full_temporary_folder_is_a_lack_of_room_and_passes(
    in_memory: Application, monkeypatch: pytest.MonkeyPatch, ask: Asking
) -> None:
    viewer = await account(in_memory)
    file = await uploaded(in_memory, viewer, LARGE, name="a.png")
    with pytest.raises(StorageFullError, match="no room to work on the file"):
        await ask(in_memory, viewer, file.id)
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert await ask(in_memory, viewer, file.id)


@pytest.mark.usefixtures("small")
async def test_a_result_that_finds_no_room_says_nothing_of_the_file(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, b"many words " * (MIB // 9), name="a.txt")
    for _ in range(2):  # in a fresh worker, and in one that has met it before
        with pytest.raises(StorageFullError, match="no room to work on the file"):
            await text(application, owner, file.id)
    assert not await application.database.read("SELECT 1 FROM derivative")
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert await text(application, owner, file.id)


async def test_a_temporary_folder_that_is_not_there_is_an_outage(
    in_memory: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await account(in_memory)
    file = await uploaded(in_memory, viewer, b"a text", name="a.txt")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with pytest.raises(UnavailableError, match="try again soon"):
        await analysis(in_memory, viewer, file.id)


@pytest.mark.usefixtures("small")
async def test_the_prober_leaves_for_later_what_there_is_no_room_for(
    in_memory: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await account(in_memory)
    file = await uploaded(in_memory, viewer, LARGE, name="a.png")
    assert await in_memory.prober.probe_all() == 1
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert await in_memory.prober.probe_all() == 0
    assert (await in_memory.files.get(viewer, file.id)).width == 320


async def test_as_many_copies_are_made_as_there_are_workers(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with checked(settings, storage_url="memory:", workers=1) as application:
        viewer = await account(application)
        files = [
            await uploaded(application, viewer, LARGE + b"%d" % number, name="a.png")
            for number in range(8)
        ]
        room_for_one = small_disk(tmp_path / "temporary", 4)
        with room_for_one as folder, monkeypatch.context() as changed:
            changed.setattr(tempfile, "tempdir", str(folder))
            work = (analysis(application, viewer, file.id) for file in files[:4])
            left, *made = await asyncio.gather(application.prober.probe_all(), *work)
            assert left == 0
            assert all(made)


@pytest.mark.usefixtures("small")
async def test_files_of_a_folder_are_not_copied(application: Application, owner: Viewer) -> None:
    file = await uploaded(application, owner, LARGE, name="a.png")
    assert await analysis(application, owner, file.id)
    assert await application.prober.probe_all() == 0


@pytest.mark.parametrize("storage_url", ["", "memory:"])
async def test_a_file_that_is_deleted_while_it_waits_for_a_worker_is_gone(
    settings: Settings, storage_url: str
) -> None:
    async with checked(settings, storage_url=storage_url, workers=1) as application:
        viewer = await account(application)
        file = await uploaded(application, viewer, LARGE, name="a.png")
        async with occupied(application):
            waiting = asyncio.create_task(analysis(application, viewer, file.id))
            while not application.workers._line._waiting:
                await asyncio.sleep(0.01)
            await application.files.delete(viewer, file.id)
        with pytest.raises(NotFoundError, match="deleted meanwhile"):
            await waiting


@asynccontextmanager
async def occupied(application: Application) -> AsyncIterator[None]:
    """Hold the only place for the block."""
    begun, over = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def opener() -> AsyncIterator[Input]:
        begun.set()
        await over.wait()
        raise UnavailableError("It was never there.")
        yield

    held = asyncio.create_task(application.workers.run(TaskName.ANALYZE, opener, {}))
    await begun.wait()
    try:
        yield
    finally:
        over.set()
        with pytest.raises(UnavailableError):
            await held
