"""Temporary copies of what lies in no file: what happens when they cannot be made."""

import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from auth.viewer import Viewer
from core.errors import StorageFullError, UnavailableError
from core.settings import MIB
from services.application import Application
from services.preview_request import PreviewRequest
from tests.acceptance.samples import image
from tests.mounting import small_disk
from tests.services.conftest import account, uploaded

LARGE = image("PNG") + bytes(2 * MIB)

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
