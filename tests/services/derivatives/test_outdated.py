"""Outdated results: served until new ones are there; outdated failures: tried again at once."""

import asyncio
from typing import Any

import pytest

from auth.viewer import Viewer
from core.errors import BusyError, ProcessingFailedError
from models.derivative import DerivativeKind
from processing import previews
from processing.kinds import Kind
from processing.task import Failure, ProcessingError
from services.application import Application
from services.derivatives.preview_request import PreviewRequest
from services.derivatives.rows import Specification
from tests.services.conftest import uploaded
from tests.services.derivatives.test_derivatives import Maker

PARAMETERS = {"source": ["text/plain", "file.txt"]}
BROKEN = ProcessingError(Failure.FAILED, "It is broken.")


def wanted() -> Specification:
    return Specification(DerivativeKind.PREVIEW, PARAMETERS)


@pytest.fixture
def upgrade(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the previews of texts be made by code of the next version."""
    version = iter(range(2, 9))
    return lambda: monkeypatch.setitem(previews._VERSIONS, Kind.TEXT, next(version))


async def begun(maker: Maker) -> None:
    """Wait until the maker is at work."""
    async with asyncio.timeout(20):
        await maker.begun.wait()


async def refreshed(application: Application) -> None:
    """Wait until nothing is made anew in the background."""
    await asyncio.gather(*application.derivatives._refreshing.values())


async def test_an_outdated_result_is_served_until_the_new_one_is_there(
    application: Application, owner: Viewer, upgrade: Any
) -> None:
    file, finish = await uploaded(application, owner), asyncio.Event()
    obtain, read = application.derivatives.obtain, application.derivatives.read

    async def meanwhile() -> None:
        await finish.wait()

    old = await obtain(file, wanted(), Maker(b"old"))
    assert (old.version, await obtain(file, wanted(), Maker())) == (1, old)
    upgrade()
    newer = Maker(b"newer", meanwhile)
    for _ in range(3):
        assert await read(await obtain(file, wanted(), newer)) == b"old"
        await begun(newer)
    finish.set()
    await refreshed(application)
    new = await obtain(file, wanted(), Maker())
    assert (new.version, await read(new), newer.made) == (2, b"newer", 1)
    assert new.created_at > old.created_at
    # Who has looked it up before opens the one that is there now.
    shown, opened = await application.derivatives.open(old)
    await opened.close()
    assert (shown, await read(old)) == (new, b"newer")


async def test_an_outdated_failure_is_tried_again_by_the_next_request(
    application: Application, owner: Viewer, upgrade: Any
) -> None:
    file, broken = await uploaded(application, owner), Maker(error=BROKEN)
    for _ in range(2):
        with pytest.raises(ProcessingFailedError):
            await application.derivatives.obtain(file, wanted(), broken)
    assert broken.made == 1
    upgrade()
    for _ in range(2):
        with pytest.raises(ProcessingFailedError):
            await application.derivatives.obtain(file, wanted(), broken)
    assert broken.made == 2
    upgrade()
    made = await application.derivatives.obtain(file, wanted(), Maker(b"repaired"))
    assert await application.derivatives.read(made) == b"repaired"


@pytest.mark.parametrize(("error", "tries"), [(BROKEN, 1), (BusyError("Too many wait."), 2)])
async def test_an_outdated_result_stays_where_no_new_one_can_be_made(
    application: Application, owner: Viewer, upgrade: Any, error: Exception, tries: int
) -> None:
    file, failing = await uploaded(application, owner), Maker(error=error)
    await application.derivatives.obtain(file, wanted(), Maker(b"old"))
    upgrade()
    for _ in range(2):
        found = await application.derivatives.obtain(file, wanted(), failing)
        assert await application.derivatives.read(found) == b"old"
        await refreshed(application)
    assert failing.made == tries


async def test_a_result_that_is_made_anew_as_the_server_ends_is_made_by_the_next(
    application: Application, owner: Viewer, upgrade: Any
) -> None:
    file, never = await uploaded(application, owner), asyncio.Event()

    async def hang() -> None:
        await never.wait()

    await application.derivatives.obtain(file, wanted(), Maker(b"old"))
    upgrade()
    hanging = Maker(meanwhile=hang)
    await application.derivatives.obtain(file, wanted(), hanging)
    await begun(hanging)
    await application.derivatives.close()
    await application.derivatives.drop_claims()
    found = await application.derivatives.obtain(file, wanted(), Maker(b"newer"))
    assert await application.derivatives.read(found) == b"old"
    await refreshed(application)
    found = await application.derivatives.obtain(file, wanted(), Maker())
    assert await application.derivatives.read(found) == b"newer"


async def test_a_signed_url_of_a_preview_changes_when_its_bytes_may(
    application: Application, owner: Viewer, upgrade: Any
) -> None:
    file = await uploaded(application, owner, b"A text.")
    links = [application.previews.link(file, PreviewRequest())]
    assert application.previews.link(file, PreviewRequest()) == links[0]
    upgrade()
    links.append(application.previews.link(file, PreviewRequest()))
    renamed = await application.files.update(owner, file.id, {"filename": "a.md"})
    links.append(application.previews.link(renamed, PreviewRequest()))
    assert len(set(links)) == 3


async def test_a_signed_url_gives_an_outdated_preview_for_no_longer_than_it_is_one(
    application: Application, owner: Viewer, upgrade: Any
) -> None:
    file = await uploaded(application, owner, b"A text.")
    expires = application.previews._signer.expiry()

    async def settled_until() -> int | None:
        opened = await application.previews._open(file, PreviewRequest(), expires)
        await opened.stored.close()
        return opened.settled_until

    assert await settled_until() == expires
    upgrade()
    assert await settled_until() is None
    await refreshed(application)
    assert await settled_until() == expires
