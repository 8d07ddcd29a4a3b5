"""Reprocessing: what an earlier version of the code found is found anew, in the background."""

from typing import Any

import pytest

from auth.viewer import Viewer
from core.errors import (
    BusyError,
    MediaError,
    ProcessingFailedError,
    UnavailableError,
    UnsupportedFileTypeError,
)
from core.metrics import REGISTRY
from models.blob import Blob
from models.derivative import Derivative, DerivativeState
from models.file import File, StoredFile
from processing.task import Failure, ProcessingError
from processing.workers import Workers
from services.application import Application
from services.derivatives.preview_request import PreviewRequest
from services.derivatives.processor import Processor
from services.derivatives.progress import VERSIONS, Reprocessings, Work
from services.derivatives.reprocessing import Reprocessor
from storage.base import ObjectNotFoundError
from tests.acceptance.samples import film, image
from tests.services.conftest import uploaded

UNKNOWN = "application/octet-stream"


async def upgraded(application: Application) -> Reprocessings:
    """Make it a library whose server was replaced by one of a later version, and return how far."""
    progress = application.reprocessor.progress
    await progress.prepare()
    return progress


async def reprocessed(application: Application) -> None:
    """Do all that is left."""
    await upgraded(application)
    while await application.reprocessor.step():
        pass


async def current(application: Application, file: StoredFile) -> StoredFile:
    found = await application.files.find(file.id)
    assert found is not None
    return found


class Runs:
    """The tasks that the workers are given; they can fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.error: Exception | None = None
        real = Processor.run

        async def run(processor: Any, task: Any, subject: Any, spec: Any, **more: Any) -> Any:
            self.seen.append(subject.blob_id)
            if self.error is not None:
                raise self.error
            return await real(processor, task, subject, spec, **more)

        monkeypatch.setattr(Processor, "run", run)


async def test_files_get_the_type_that_they_are_with_all_that_hangs_on_it(
    application: Application, owner: Viewer
) -> None:
    content = image("PNG")
    wrong = await uploaded(application, owner, content, name="a.png")
    right = await uploaded(application, owner, b"just text", name="a.txt")
    await Blob.filter(key=wrong.blob_id).update(probed=True)
    await File.filter(id=wrong.id).update(mime_type="application/zip", width=7, blurhash="wrong")
    before = await current(application, wrong)
    with pytest.raises(UnsupportedFileTypeError):
        await application.previews.create(owner, wrong.id, PreviewRequest())
    former = await application.analyses.analyze(owner, wrong.id)
    await reprocessed(application)
    assert await application.prober.probe_all() == 0
    after = await current(application, wrong)
    assert (after.mime_type, after.width, after.height) == ("image/png", 320, 200)
    assert len(after.blurhash or "") > len("wrong")
    assert after.updated_at == before.updated_at
    assert (await current(application, right)).mime_type == right.mime_type
    preview = await application.previews.create(owner, wrong.id, PreviewRequest())
    assert preview.width == 320
    (analysis,) = await application.analyses.of_files([after])
    assert analysis is not None
    assert (former.content_type, analysis.content_type) == ("application/zip", "image/png")
    assert await Derivative.all().count() == 2


async def test_an_analysis_is_shown_under_a_new_type_until_it_is_made_anew(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, image("GIF"), name="a.gif")
    await File.all().update(mime_type=UNKNOWN)
    await application.analyses.analyze(owner, file.id)
    progress = await upgraded(application)
    await progress.pause([work for work in Work if work is not Work.TYPES])
    await reprocessed(application)
    file = await current(application, file)
    assert file.mime_type == "image/gif"
    (analysis,) = await application.analyses.of_files([file])
    assert analysis is not None
    assert analysis.content_type == UNKNOWN


async def test_sizes_and_blurhashes_are_found_anew(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = await uploaded(application, owner, image("PNG"), name="a.png")
    same = await uploaded(application, owner, image("PNG"), name="b.png")
    video = await uploaded(application, owner, film(), name="a.mp4")
    text = await uploaded(application, owner, b"no picture")
    assert await application.prober.probe_all() == 0
    expected = [await current(application, file) for file in (picture, same, video, text)]
    await File.all().update(width=1, duration=None, blurhash=None)
    await Blob.all().update(width=1, duration=None, blurhash=None)
    await File.filter(id=text.id).update(width=None)
    runs = Runs(monkeypatch)
    await reprocessed(application)
    assert [await current(application, file) for file in (picture, same, video, text)] == expected
    assert sorted(runs.seen) == sorted([picture.blob_id, video.blob_id])
    await reprocessed(application)
    assert len(runs.seen) == 2


async def test_what_cannot_be_probed_any_more_keeps_the_size_that_it_had(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, image("PNG"), name="a.png")
    assert await application.prober.probe_all() == 0
    expected = await current(application, file)
    Runs(monkeypatch).error = ProcessingError(Failure.TIMED_OUT, "It takes too long.")
    await reprocessed(application)
    assert await current(application, file) == expected


async def test_results_and_failures_of_earlier_versions_are_made_anew(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, b"The harbour was quiet.")
    await application.texts.extract(owner, file.id)
    await application.previews.create(owner, file.id, PreviewRequest())
    await application.analyses.analyze(owner, file.id)
    before = {one.kind: one for one in await Derivative.all()}
    await reprocessed(application)
    assert {one.key for one in await Derivative.all()} == {one.key for one in before.values()}
    await Derivative.all().update(version=0)
    text = before.pop(next(kind for kind in before if kind == "text"))
    await Derivative.filter(id=text.id).update(version=0, sha256="0" * 64)
    await failed_before_the_upgrade(application, owner)
    await application.reprocessor.progress.start([Work.PREVIEWS, Work.ANALYSES, Work.TEXTS])
    runs = Runs(monkeypatch)
    await reprocessed(application)
    after = {one.kind: one for one in await Derivative.filter(blob_id=file.blob_id)}
    assert all(after[kind].key != one.key for kind, one in before.items())
    assert (await Derivative.get(id=text.id)).sha256 == text.sha256
    assert {one.state for one in await Derivative.all()} == {DerivativeState.READY}
    assert {one.version for one in await Derivative.all()} == {1}
    assert len(runs.seen) == 4


async def failed_before_the_upgrade(application: Application, owner: Viewer) -> None:
    """Let there be a preview of another file that an earlier version failed to make."""
    file = await uploaded(application, owner, image("PNG"), name="a.png")
    with pytest.MonkeyPatch.context() as broken:
        Runs(broken).error = ProcessingError(Failure.FAILED, "It is broken.")
        with pytest.raises(ProcessingFailedError):
            await application.previews.create(owner, file.id, PreviewRequest())
    await Derivative.filter(blob_id=file.blob_id).update(version=0)


async def test_new_files_come_first_and_a_restart_goes_on_where_it_was(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.derivatives.progress._FILES", 2)
    files = [
        await uploaded(application, owner, image("PNG", (64 + number, 48)), name="a.png")
        for number in range(5)
    ]
    again = await uploaded(application, owner, image("PNG", (64, 48)), name="again.png")
    progress = await upgraded(application)
    await progress.pause([work for work in Work if work is not Work.SIZES])
    runs = Runs(monkeypatch)
    assert await application.reprocessor.step()
    assert set(runs.seen) == {again.blob_id, files[4].blob_id}
    started = restarted(application)
    await started.progress.prepare()
    while await started.step():
        pass
    assert len(runs.seen) == len(set(runs.seen)) == len(files)
    assert runs.seen[-1] == files[1].blob_id
    assert [one.files_left for one in await progress.all()] == [6, 0, 6, 6, 6]


def restarted(application: Application) -> Reprocessor:
    """Return what another server, or the same one after a restart, has."""
    reprocessor = application.reprocessor
    return Reprocessor(
        application.database,
        reprocessor._retyping,
        application.prober,
        application.derivatives,
        application.makers,
        abreast=1,
    )


async def test_a_file_that_shows_old_bytes_again_meanwhile_does_not_hide_the_old_file(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.derivatives.progress._FILES", 1)
    old = await uploaded(application, owner, image("PNG"), name="a.png")
    await uploaded(application, owner, b"a later one")
    await File.filter(id=old.id).update(mime_type=UNKNOWN)
    await upgraded(application)
    assert await application.reprocessor.step()
    await uploaded(application, owner, image("PNG"), name="again.png")
    await reprocessed(application)
    assert (await current(application, old)).mime_type == "image/png"


async def test_it_waits_for_a_storage_that_does_not_answer(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, image("PNG"), name="a.png")
    await File.all().update(mime_type=UNKNOWN)
    await upgraded(application)

    async def away(_: str) -> Any:
        raise UnavailableError("The storage does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr(application.storage, "open", away)
        for _ in range(5):
            with pytest.raises(UnavailableError):
                await application.reprocessor.step()
    await reprocessed(application)
    assert (await current(application, file)).mime_type == "image/png"


async def test_a_file_whose_bytes_are_lost_does_not_keep_the_others(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await uploaded(application, owner, image("PNG"), name="a.png")
    lost = await uploaded(application, owner, image("GIF"), name="b.gif")
    await File.all().update(mime_type="image/jpeg")
    real = application.storage.open

    async def without(key: str) -> Any:
        if key == lost.blob_id:
            raise ObjectNotFoundError(key)
        return await real(key)

    with monkeypatch.context() as losing:
        losing.setattr(application.storage, "open", without)
        await reprocessed(application)
    assert (await current(application, found)).mime_type == "image/png"
    assert (await current(application, lost)).mime_type == "image/jpeg"


async def test_files_that_others_are_always_before_do_not_keep_it_for_ever(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, b"The harbour was quiet.")
    await application.texts.extract(owner, file.id)
    await Derivative.all().update(version=0)
    progress = await upgraded(application)
    await progress.pause([work for work in Work if work is not Work.TEXTS])
    Runs(monkeypatch).error = BusyError("Others are before it.")
    outcomes = [await tried(application.reprocessor) for _ in range(5)]
    assert outcomes == ["BUSY", "BUSY", True, True, False]
    assert [(one.state, one.version) for one in await Derivative.all()] == [("ready", 0)]


async def tried(reprocessor: Reprocessor) -> object:
    try:
        return await reprocessor.step()
    except MediaError as error:
        return error.code


async def test_work_is_paused_and_resumed_and_begun_anew(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, b"The harbour was quiet.")
    await application.texts.extract(owner, file.id)
    progress = await upgraded(application)
    await progress.pause(Work)
    assert not await application.reprocessor.step()
    assert {(one.files_left, one.is_paused) for one in await progress.all()} == {(1, True)}
    await progress.pause(Work, paused=False)
    await reprocessed(application)
    assert {(one.files_left, one.is_paused) for one in await progress.all()} == {(0, False)}
    runs = Runs(monkeypatch)
    await progress.start([Work.TEXTS])
    assert [one.work for one in await progress.all() if one.files_left] == [Work.TEXTS]
    await reprocessed(application)
    assert runs.seen == [file.blob_id]
    await reprocessed(application)
    assert len(runs.seen) == 1


async def test_only_a_later_version_begins_anew_and_no_earlier_one_goes_on(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await uploaded(application, owner, image("PNG"), name="a.png")
    await reprocessed(application)
    runs = Runs(monkeypatch)
    with monkeypatch.context() as later:
        later.setitem(VERSIONS, Work.SIZES, VERSIONS[Work.SIZES] + 1)
        progress = await upgraded(application)
        assert [one.work for one in await progress.all() if one.files_left] == [Work.SIZES]
    await reprocessed(application)
    assert runs.seen == []
    monkeypatch.setitem(VERSIONS, Work.SIZES, VERSIONS[Work.SIZES] + 1)
    await reprocessed(application)
    assert len(runs.seen) == 1


async def test_its_tasks_let_all_others_go_first(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner, image("PNG"), name="a.png")
    await application.prober.probe_all()
    patient: list[bool] = []
    real = Workers.run

    async def run(workers: Any, *given: Any, **more: Any) -> Any:
        patient.append(more["patient"])
        return await real(workers, *given, **more)

    monkeypatch.setattr(Workers, "run", run)
    await application.texts.extract(owner, file.id, language="en")
    await application.previews.create(owner, file.id, PreviewRequest())
    await application.analyses.analyze(owner, file.id)
    assert patient == [False] * 3
    await Derivative.all().update(version=0)
    await reprocessed(application)
    assert patient[3:] == [True] * 4


async def test_how_much_is_left_is_told_to_prometheus(
    application: Application, owner: Viewer
) -> None:
    for number in range(3):
        await uploaded(application, owner, b"%d" % number)
    await upgraded(application)
    await application.reprocessor.step()
    left = REGISTRY.get_sample_value("media_reprocessing_files_left", {"work": "types"})
    assert left == 3
