"""BlurHashes: found by the probe of new files."""

from typing import Any

import pytest

from auth.viewer import Viewer
from processing.task import Failure, ProcessingError
from services.application import Application
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
