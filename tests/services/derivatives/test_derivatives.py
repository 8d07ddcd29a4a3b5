"""Results of blobs: made once, kept with what they were made of, failures kept too."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from auth.viewer import Viewer
from core.errors import (
    BusyError,
    FileEncryptedError,
    MediaError,
    NotFoundError,
    ProcessingFailedError,
    ProcessingTimedOutError,
    UnavailableError,
)
from models.derivative import DerivativeKind
from processing.task import Failure, ProcessingError
from services.application import Application
from services.derivatives import rows as derivative_records
from services.derivatives.derivatives import Derivatives
from services.derivatives.making import Product
from services.derivatives.rows import Specification, StoredDerivative
from services.maintenance.check import Checker, FindingKind
from services.uploads.reservations import Reservations
from storage.base import StorageError
from tests.services.conftest import uploaded

WANTED = Specification(DerivativeKind.PREVIEW, {"size": "small"})


async def _nothing() -> None:
    await asyncio.sleep(0)


@dataclass
class Maker:
    """Makes a result of ``content`` after ``meanwhile``, and counts how often."""

    content: bytes = b"a result"
    meanwhile: Callable[[], Awaitable[None]] = _nothing
    error: Exception | None = None
    outputs: list[io.BytesIO] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> Product:
        self.begun.set()
        self.outputs.append(io.BytesIO(self.content))
        await self.meanwhile()
        if self.error:
            raise self.error
        return Product(self.outputs[-1], "image/webp", 160, 90)

    @property
    def made(self) -> int:
        return len(self.outputs)


async def content(application: Application, derivative: StoredDerivative) -> bytes:
    return await application.derivatives.read(derivative)


async def rows(application: Application) -> list[tuple[object, ...]]:
    found = await application.database.read("SELECT state, failure, key FROM derivative")
    return [tuple(row) for row in found]


def replica(application: Application) -> Derivatives:
    """What another process of the same server would have."""
    reservations = Reservations(application.database, application.storage, application.quotas)
    return Derivatives(application.database, application.storage, reservations, seconds=90)


async def test_a_result_is_made_once_and_kept(application: Application, owner: Viewer) -> None:
    file, maker = await uploaded(application, owner), Maker()
    asked = [application.derivatives.obtain(file, WANTED, maker) for _ in range(20)]
    results = await asyncio.gather(*asked)
    again = await application.derivatives.obtain(file, WANTED, maker)
    assert maker.made == 1
    assert set(map(repr, results)) == {repr(again)}
    assert (again.mime_type, again.size, again.width, again.height) == ("image/webp", 8, 160, 90)
    assert await content(application, again) == b"a result"
    assert maker.outputs[0].closed


async def test_each_specification_has_a_result_of_its_own(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    large = Specification(DerivativeKind.PREVIEW, {"size": "large"})
    small = await application.derivatives.obtain(file, WANTED, Maker(b"small"))
    other = await application.derivatives.obtain(file, large, Maker(b"large"))
    assert await content(application, small) == b"small"
    assert await content(application, other) == b"large"
    found = await application.derivatives.ready([file.blob_id], DerivativeKind.PREVIEW)
    assert [each.parameters["size"] for each in found[file.blob_id]] == ["small", "large"]
    assert await application.derivatives.ready([file.blob_id], DerivativeKind.TEXT) == {
        file.blob_id: []
    }


async def test_two_files_with_the_same_bytes_share_their_results(
    application: Application, owner: Viewer
) -> None:
    first, second = [await uploaded(application, owner, b"twice") for _ in range(2)]
    maker = Maker()
    await application.derivatives.obtain(first, WANTED, maker)
    await application.files.delete(owner, first.id)
    kept = await application.derivatives.obtain(second, WANTED, maker)
    assert maker.made == 1
    assert await content(application, kept) == b"a result"


async def test_a_result_goes_with_the_last_file_that_shows_its_source(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    await application.derivatives.obtain(file, WANTED, Maker())
    await application.files.delete(owner, file.id)
    assert await rows(application) == []


async def test_another_process_waits_for_the_one_that_makes_it(
    application: Application, owner: Viewer
) -> None:
    file, finish = await uploaded(application, owner), asyncio.Event()

    async def meanwhile() -> None:
        await finish.wait()

    first, second = Maker(meanwhile=meanwhile), Maker(b"a second one")
    making = asyncio.create_task(application.derivatives.obtain(file, WANTED, first))
    await first.begun.wait()
    waiting = asyncio.create_task(replica(application).obtain(file, WANTED, second))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    finish.set()
    assert await making == await waiting
    assert second.made == 0


@pytest.mark.parametrize("error", [None, ProcessingError(Failure.FAILED, "no"), BusyError("no")])
async def test_whoever_waits_is_told_what_became_of_it(
    application: Application,
    owner: Viewer,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
) -> None:
    monkeypatch.setattr("services.derivatives.changes.LOOK_SECONDS", 3600)  # never by itself
    file, finish = await uploaded(application, owner), asyncio.Event()

    async def meanwhile() -> None:
        await finish.wait()

    first, second = Maker(meanwhile=meanwhile, error=error), Maker(b"a second one")
    making = asyncio.create_task(application.derivatives.obtain(file, WANTED, first))
    await first.begun.wait()
    waiting = asyncio.create_task(replica(application).obtain(file, WANTED, second))
    await asyncio.sleep(0.3)
    finish.set()
    async with asyncio.timeout(20):
        _, outcome = await asyncio.gather(making, waiting, return_exceptions=True)
    assert second.made == isinstance(error, BusyError)  # which does not lie in the file
    failed = isinstance(error, ProcessingError)
    assert isinstance(outcome, ProcessingFailedError) == failed


async def test_a_claim_that_ran_out_is_taken_over(application: Application, owner: Viewer) -> None:
    file, late, never = await uploaded(application, owner), asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        async with application.database.transaction() as transaction:
            await transaction.execute("UPDATE derivative SET claimed_until = created_at")
        late.set()
        await never.wait()

    dead = replica(application)
    hanging = asyncio.create_task(dead.obtain(file, WANTED, Maker(meanwhile=hang)))
    await late.wait()
    made = await application.derivatives.obtain(file, WANTED, Maker(b"of the second"))
    assert await content(application, made) == b"of the second"
    never.set()  # it comes back to life, and finds that its work is done
    with pytest.raises(MediaError, match="made elsewhere"):
        await hanging
    assert await application.derivatives.obtain(file, WANTED, Maker()) == made


async def test_a_failure_of_the_file_is_kept_until_somebody_asks_to_try_again(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    broken = Maker(error=ProcessingError(Failure.ENCRYPTED, "It asks for a password."))
    for _ in range(2):
        with pytest.raises(FileEncryptedError, match="It asks for a password"):
            await application.derivatives.obtain(file, WANTED, broken)
    assert broken.made == 1
    assert await rows(application) == [("failed", "encrypted", None)]
    slow = Maker(error=ProcessingError(Failure.TIMED_OUT, "It took too long."))
    with pytest.raises(ProcessingTimedOutError):
        await application.derivatives.obtain(file, WANTED, slow, retry=True)
    made = await application.derivatives.obtain(file, WANTED, Maker(), retry=True)
    assert await content(application, made) == b"a result"
    assert (await rows(application))[0][:2] == ("ready", None)


@pytest.mark.parametrize("error", [BusyError("Too many wait."), RuntimeError("a fault")])
async def test_a_failure_that_is_not_the_file_s_leaves_nothing(
    application: Application, owner: Viewer, error: Exception
) -> None:
    file = await uploaded(application, owner)
    with pytest.raises(type(error)):
        await application.derivatives.obtain(file, WANTED, Maker(error=error))
    assert await rows(application) == []
    await application.derivatives.obtain(file, WANTED, Maker())


async def test_a_result_of_a_file_that_went_meanwhile_is_dropped(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)

    async def delete() -> None:
        await application.files.delete(owner, file.id)

    with pytest.raises(NotFoundError, match="deleted meanwhile"):
        await application.derivatives.obtain(file, WANTED, Maker(meanwhile=delete))
    assert await rows(application) == []
    with pytest.raises(NotFoundError):
        await application.derivatives.obtain(file, WANTED, Maker())


async def test_a_caller_that_goes_away_does_not_take_the_result_along(
    application: Application, owner: Viewer
) -> None:
    file, finish = await uploaded(application, owner), asyncio.Event()

    async def meanwhile() -> None:
        await finish.wait()

    maker = Maker(meanwhile=meanwhile)
    asked = [
        asyncio.create_task(application.derivatives.obtain(file, WANTED, maker)) for _ in range(2)
    ]
    await maker.begun.wait()
    asked[0].cancel()
    finish.set()
    assert await content(application, await asked[1]) == b"a result"
    assert maker.made == 1


async def test_an_end_of_the_server_records_nothing_of_what_is_being_made(
    application: Application, owner: Viewer
) -> None:
    file, never = await uploaded(application, owner), asyncio.Event()

    async def meanwhile() -> None:
        await never.wait()

    maker = Maker(meanwhile=meanwhile)
    making = asyncio.create_task(application.derivatives.obtain(file, WANTED, maker))
    await maker.begun.wait()
    await application.derivatives.close()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert await rows(application) == []


async def test_the_youngest_results_of_a_blob_are_kept_and_the_others_go_with_their_bytes(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derivative_records, "MAX_KEPT", 2)
    file, other = [await uploaded(application, owner, one) for one in (b"one", b"another")]
    for each in (file, other):
        for number in range(4):
            wanted = Specification(DerivativeKind.PREVIEW, {"size": number})
            await application.derivatives.obtain(each, wanted, Maker())
    found = await application.derivatives.ready(
        [file.blob_id, other.blob_id], DerivativeKind.PREVIEW
    )
    sizes = [[one.parameters["size"] for one in kept] for kept in found.values()]
    assert sizes == [[2, 3], [2, 3]]


async def test_a_result_that_cannot_be_removed_now_is_left_to_the_sweeper(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derivative_records, "MAX_KEPT", 1)
    file = await uploaded(application, owner)
    await application.derivatives.obtain(file, WANTED, Maker())
    with monkeypatch.context() as broken:
        broken.setattr(application.storage, "delete", _refuse)
        large = Specification(DerivativeKind.PREVIEW, {"size": "large"})
        await application.derivatives.obtain(file, large, Maker())
    assert (await application.sweeper.sweep()).uploads == 1  # the invariants look for its object


async def _refuse(_: str) -> None:
    raise StorageError("the storage is away")


async def test_a_result_whose_bytes_are_lost_is_made_anew(
    application: Application, owner: Viewer
) -> None:
    file, maker = await uploaded(application, owner), Maker()
    lost = await application.derivatives.obtain(file, WANTED, maker)
    await application.storage.delete(lost.key)
    with pytest.raises(UnavailableError):
        await content(application, lost)
    made = await application.derivatives.obtain(file, WANTED, maker)
    assert maker.made == 2
    assert await content(application, made) == b"a result"


async def test_the_check_knows_results_and_finds_lost_ones(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    made = await application.derivatives.obtain(file, WANTED, Maker())
    checker = Checker(application.database, application.storage)
    assert (await checker.check()).findings == []
    await application.storage.delete(made.key)
    found = (await checker.check()).findings
    assert [(one.kind, one.subject) for one in found] == [(FindingKind.MISSING, made.key)]
    await application.files.delete(owner, file.id)
