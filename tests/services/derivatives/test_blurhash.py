"""BlurHashes: found by the probe of new files, and in the background for those of before."""

from importlib import import_module
from typing import Any

import pytest

from auth.viewer import Viewer
from core.errors import UnavailableError
from models.backfill import Backfill
from models.blob import Blob
from models.file import File
from processing.task import Failure, ProcessingError
from services.application import Application
from services.derivatives.probing import Prober
from services.derivatives.processor import Processor
from tests.acceptance.samples import film, image
from tests.services.conftest import uploaded


class Probes:
    """Which blobs were probed, and whether they were to be decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, bool]] = []
        self.fails = False
        real = Processor.run

        async def run(processor: Any, task: Any, subject: Any, spec: Any, **more: Any) -> Any:
            self.seen.append((subject.blob_id, spec["blurhash"]))
            if self.fails and spec["blurhash"]:
                raise ProcessingError(Failure.TIMED_OUT, "It takes too long.")
            return await real(processor, task, subject, spec, **more)

        monkeypatch.setattr(Processor, "run", run)


async def blurhash(application: Application, file_id: str) -> str | None:
    found = await application.files.find(file_id)
    assert found is not None
    return found.blurhash


async def as_before_the_upgrade(application: Application) -> None:
    """Make the database one whose files were probed by a server that found no BlurHash."""
    assert await application.prober.probe_all() == 0
    await Blob.all().update(blurhash=None)
    await File.all().update(blurhash=None)
    migration = import_module("models.migrations.0010_blurhash").Migration
    async with application.database.transaction() as transaction:
        await transaction.execute(migration.operations[-1].sql)


async def test_a_probe_finds_the_blurhash_of_images_and_videos(
    application: Application, owner: Viewer
) -> None:
    picture = await uploaded(application, owner, image("JPEG"), name="a.jpg")
    same = await uploaded(application, owner, image("JPEG"), name="b.jpg")
    video = await uploaded(application, owner, film(), name="a.mp4")
    text = await uploaded(application, owner, b"no picture", name="a.txt")
    assert await application.prober.probe_all() == 0
    analysis = await application.analyses.analyze(owner, picture.id)
    expected = analysis.metadata["blurhash"]
    assert await blurhash(application, picture.id) == expected
    assert await blurhash(application, same.id) == expected
    assert len(await blurhash(application, video.id) or "") == len(expected)
    assert await blurhash(application, text.id) is None
    later = await uploaded(application, owner, image("JPEG"), name="c.jpg")
    assert later.blurhash == expected


async def test_what_cannot_be_decoded_keeps_the_size_in_its_header(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = await uploaded(application, owner, image("PNG")[:-200], name="cut.png")
    assert await application.prober.probe_all() == 0
    slow = await uploaded(application, owner, image("JPEG"), name="slow.jpg")
    probes = Probes(monkeypatch)
    probes.fails = True
    assert await application.prober.probe_all() == 0
    assert probes.seen == [(slow.blob_id, True), (slow.blob_id, False)]
    for file in (cut, slow):
        shown = await application.files.get(owner, file.id)
        assert (shown.width, shown.height, shown.blurhash) == (320, 200, None)


async def test_files_of_before_get_theirs_in_the_background(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [
        await uploaded(application, owner, image("PNG", (64 + number, 48)), name="a.png")
        for number in range(3)
    ]
    await uploaded(application, owner, b"no picture")
    await uploaded(application, owner, image("PNG")[:-200], name="cut.png")
    await as_before_the_upgrade(application)
    before = [await application.files.get(owner, file.id) for file in pictures]
    monkeypatch.setattr("services.derivatives.backfill._BLOBS", 2)
    probes = Probes(monkeypatch)
    assert await application.prober.probe_older()
    first = len(probes.seen)
    assert first <= 2
    # A server that starts now goes on behind what was done, and ends after that.
    started = Prober(application.database, application._processor)
    while await started.probe_older():
        pass
    assert len(probes.seen) == len({key for key, _ in probes.seen}) == len(pictures) + 1
    after = [await application.files.get(owner, file.id) for file in pictures]
    assert all(file.blurhash for file in after)
    assert [file.updated_at for file in after] == [file.updated_at for file in before]
    assert [file.width for file in after] == [file.width for file in before]
    assert await Backfill.all().count() == 0
    assert not await started.probe_older()


async def test_files_of_before_wait_for_a_storage_that_does_not_answer(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, image("PNG"), name="a.png")
    await as_before_the_upgrade(application)

    async def away(_: str) -> Any:
        raise UnavailableError("The storage does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr(application.storage, "open", away)
        with pytest.raises(UnavailableError):
            await application.prober.probe_older()
    assert await application.prober.probe_older()
    assert await blurhash(application, file.id)
    assert not await application.prober.probe_older()


async def test_a_library_without_probed_files_has_nothing_to_fill_in(
    application: Application,
) -> None:
    assert await Backfill.all().count() == 0
    assert not await application.prober.probe_older()
