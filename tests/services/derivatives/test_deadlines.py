"""Results that take too long: given up, and kept as a failure only where it lies in the file."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from auth.viewer import Viewer
from core.errors import BusyError, ProcessingTimedOutError
from core.settings import Settings
from models.derivative import DerivativeKind
from processing.effort import at_work, in_line
from services.application import Application
from services.derivatives.derivatives import Derivatives
from services.derivatives.making import Product
from services.derivatives.rows import Specification
from services.uploads.reservations import Reservations
from tests.services.conftest import account, checked, uploaded
from tests.services.derivatives.test_derivatives import Maker, content, rows
from tests.services.derivatives.test_processing import scan

WANTED = Specification(DerivativeKind.TEXT, {"language": "en"})
LONG = scan(*(f"Page number {number} of the long report." for number in range(100)))


async def work() -> None:
    with at_work():
        await asyncio.Event().wait()


async def wait() -> None:
    with in_line():
        await asyncio.Event().wait()


async def wait_for_the_storage() -> None:
    await asyncio.Event().wait()


def hasty(application: Application) -> Derivatives:
    """What a process would have whose results may take a moment only."""
    reservations = Reservations(application.database, application.storage, application.quotas)
    return Derivatives(application.database, application.storage, reservations, seconds=0.2)


@pytest.fixture
async def single(settings: Settings) -> AsyncIterator[Application]:
    """The application with a single worker, which has started."""
    async with checked(replace(settings, workers=1)) as started:
        owner = await account(started)
        file = await uploaded(started, owner, scan("A page."), name="a.pdf")
        await started.texts.extract(owner, file.id)
        await started.files.delete(owner, file.id)
        yield started


async def test_what_works_too_long_is_a_failure_of_the_file(
    application: Application, owner: Viewer
) -> None:
    file, maker = await uploaded(application, owner), Maker(meanwhile=work)
    for _ in range(2):
        with pytest.raises(ProcessingTimedOutError):
            await hasty(application).obtain(file, WANTED, maker)
    assert maker.made == 1
    assert await rows(application) == [("failed", "timed_out", None)]
    made = await hasty(application).obtain(file, WANTED, Maker(), retry=True)
    assert await content(application, made) == b"a result"


@pytest.mark.parametrize("meanwhile", [wait, wait_for_the_storage])
async def test_what_waits_too_long_is_tried_again_when_it_is_asked_for_again(
    application: Application, owner: Viewer, meanwhile: Callable[[], Awaitable[None]]
) -> None:
    file = await uploaded(application, owner)
    with pytest.raises(BusyError):
        await hasty(application).obtain(file, WANTED, Maker(meanwhile=meanwhile))
    assert await rows(application) == []
    await hasty(application).obtain(file, WANTED, Maker())


async def test_nobody_waits_too_long_for_what_another_process_makes(
    application: Application, owner: Viewer
) -> None:
    file, started, finish = await uploaded(application, owner), asyncio.Event(), asyncio.Event()

    async def meanwhile() -> None:
        started.set()
        await finish.wait()

    making = asyncio.create_task(
        application.derivatives.obtain(file, WANTED, Maker(meanwhile=meanwhile))
    )
    await started.wait()
    with pytest.raises(BusyError, match="still being made"):
        await hasty(application).obtain(file, WANTED, Maker())
    finish.set()
    assert await hasty(application).obtain(file, WANTED, Maker()) == await making


async def test_an_error_of_its_own_is_no_lateness(application: Application, owner: Viewer) -> None:
    async def fail() -> Product:
        raise TimeoutError

    file = await uploaded(application, owner)
    with pytest.raises(TimeoutError):
        await hasty(application).obtain(file, WANTED, fail)


async def test_a_scan_that_takes_too_long_frees_the_workers(single: Application) -> None:
    owner = await account(single)
    long = await uploaded(single, owner, LONG, name="long.pdf")
    short = await uploaded(single, owner, scan("One page."), name="short.pdf")
    single.derivatives._seconds = 2
    for _ in range(2):
        with pytest.raises(ProcessingTimedOutError):
            await single.texts.extract(owner, long.id, language="en")
    assert not single.texts._turns.locked()
    single.derivatives._seconds = 90
    assert (await single.texts.extract(owner, short.id, language="en")).pages == 1


async def test_a_scan_that_finds_no_worker_is_not_to_blame(single: Application) -> None:
    owner = await account(single)
    file = await uploaded(single, owner, scan("One page."), name="a.pdf")
    await single.workers._line.enter(patient=False)  # the only place
    single.derivatives._seconds = 0.5
    with pytest.raises(BusyError):
        await single.texts.extract(owner, file.id)
    assert await rows(single) == []
    single.workers._line.leave()
    single.derivatives._seconds = 90
    assert (await single.texts.extract(owner, file.id)).pages == 1
