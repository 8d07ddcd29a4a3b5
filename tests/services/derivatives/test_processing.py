"""Texts, analyses and dimensions, made by real workers of real files."""

import asyncio
import io
from typing import Any

import pypdfium2  # type: ignore[import-untyped]  # ships no type hints
import pytest
from PIL import Image

from auth.viewer import Viewer
from core.errors import NotFoundError, ProcessingFailedError, QueryTooComplexError
from models.file import StoredFile
from services.application import Application
from services.derivatives import texts
from services.derivatives.preview_request import PreviewRequest
from tests.acceptance.samples import SAMPLES, film, image, writing
from tests.services.conftest import account, uploaded


def scan(*lines: str) -> bytes:
    """Return a PDF whose pages are pictures of a line each."""
    pages = [Image.open(io.BytesIO(writing(line))).convert("L") for line in lines]
    target = io.BytesIO()
    pages[0].save(target, "PDF", save_all=True, append_images=pages[1:], resolution=300)
    return target.getvalue()


async def probed(application: Application, viewer: Viewer, file: StoredFile) -> StoredFile:
    assert await application.prober.probe_all() == 0
    return await application.files.get(viewer, file.id)


async def test_every_page_of_a_scan_is_read_in_its_order(
    application: Application, owner: Viewer
) -> None:
    lines = ["The first page of the report.", "The second page is shorter.", "The end of it."]
    file = await uploaded(application, owner, scan(*lines), name="scan.pdf")
    found = await application.texts.extract(owner, file.id, language="en")
    assert [page.strip() for page in found.text.split(texts.PAGE_BREAK)] == lines
    assert (found.pages, found.failed_pages, found.truncated) == (3, [], False)
    assert found.engine == "tesseract"
    assert found.confidence is not None
    assert 0.7 < found.confidence <= 1
    assert found.language == "en"


async def test_a_short_scan_does_not_wait_for_the_end_of_a_long_one(
    application: Application, owner: Viewer
) -> None:
    pages = [f"Page number {number} of the long report." for number in range(6)]
    long = await uploaded(application, owner, scan(*pages), name="long.pdf")
    short = await uploaded(application, owner, scan("One page.", "Another."), name="short.pdf")
    reading = asyncio.create_task(application.texts.extract(owner, long.id, language="en"))
    while not application.texts._turns.locked():
        await asyncio.sleep(0.01)
    found = await application.texts.extract(owner, short.id, language="en")
    assert found.pages == 2
    assert not reading.done()
    assert (await reading).text.split(texts.PAGE_BREAK)[5].strip() == pages[5]


async def test_the_languages_and_formats_of_a_text_are_results_of_their_own(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, writing("The harbour was quiet."), name="a.png")
    for given in ({"language": "en"}, {"language": "de"}, {"preserve_formatting": True}):
        await application.texts.extract(owner, file.id, **given)
    await application.texts.extract(owner, file.id, language="eng")  # another name of the first
    rows = await application.database.read("SELECT COUNT(*) FROM derivative WHERE kind = 'text'")
    assert rows[0][0] == 3


async def test_the_texts_of_many_files_at_once_have_a_bound(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [await uploaded(application, owner, b"text %d" % n, name="a.txt") for n in range(3)]
    for file in files[:2]:
        await application.texts.extract(owner, file.id)
    found = await application.texts.of_files(files)
    assert [one.text.strip() if one else None for one in found] == ["text 0", "text 1", None]
    monkeypatch.setattr(texts, "MAX_TEXTS_BYTES", 10)
    with pytest.raises(QueryTooComplexError, match="ask for fewer"):
        await application.texts.of_files(files)


async def test_an_analysis_is_made_once_and_only_for_readers(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, image("JPEG"), name="photo.jpg")
    made = await application.analyses.analyze(owner, file.id)
    assert (made.file_type, made.content_type) == ("JPEG image", "image/jpeg")
    assert made.metadata["width"] == 320
    assert await application.analyses.of_files([file]) == [made]
    with pytest.raises(NotFoundError):
        await application.analyses.analyze(await account(application), file.id)


async def test_a_renamed_file_is_analysed_by_its_new_extension(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, image("JPEG"), name="photo.jpg")
    before = await application.analyses.analyze(owner, file.id)
    renamed = await application.files.update(owner, file.id, {"filename": "photo.png"})
    assert await application.analyses.of_files([renamed]) == [None]
    after = await application.analyses.analyze(owner, file.id)
    assert before.metadata["extension_matches"] is True
    assert after.metadata["extension_matches"] is False


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.png", image("PNG"), (320, 200, None)),
        ("a.mp4", film(), (320, 240, 2.0)),
        ("a.txt", b"no picture", (None, None, None)),
        ("broken.png", image("PNG")[:20], (None, None, None)),
        ("a.pdf", SAMPLES["document.pdf"][1], (None, None, None)),
    ],
)
async def test_dimensions_are_found_once_for_every_file_that_shows_the_content(
    application: Application, owner: Viewer, name: str, content: bytes, expected: tuple[Any, ...]
) -> None:
    first = await uploaded(application, owner, content, name=name)
    second = await uploaded(application, owner, content, name=name)
    assert first.width is None
    for file in (first, second):
        shown = await probed(application, owner, file)
        assert (shown.width, shown.height, shown.duration) == expected
    third = await uploaded(application, owner, content, name=name)
    assert (third.width, third.height, third.duration) == expected
    left = await application.database.read("SELECT COUNT(*) FROM blob WHERE NOT probed")
    assert left[0][0] == 0


async def test_bytes_that_are_lost_keep_nobody_else_from_being_looked_at(
    application: Application, owner: Viewer
) -> None:
    lost = await uploaded(application, owner, image("PNG"), name="lost.png")
    await application.storage.delete(lost.blob_id)
    file = await uploaded(application, owner, image("JPEG"), name="a.jpg")
    assert await application.prober.probe_all() == 1
    assert (await application.files.get(owner, file.id)).width == 320
    await application.files.delete(owner, lost.id)


async def test_the_prober_looks_at_what_comes_while_it_runs(
    application: Application, owner: Viewer
) -> None:
    running = asyncio.create_task(application.prober.run())
    file = await uploaded(application, owner, image("PNG"), name="a.png")
    async with asyncio.timeout(20):
        while (await application.files.get(owner, file.id)).width is None:
            await asyncio.sleep(0.05)
    running.cancel()


async def test_previews_are_made_of_bytes_that_lie_in_memory(in_memory: Application) -> None:
    viewer = await account(in_memory)
    file = await uploaded(in_memory, viewer, image("PNG"), name="a.png")
    made = await in_memory.previews.create(viewer, file.id, PreviewRequest())
    assert (made.width, made.height) == (320, 200)


async def test_a_document_without_pages_is_a_failure(
    application: Application, owner: Viewer
) -> None:
    pdf = pypdfium2.PdfDocument.new()
    target = io.BytesIO()
    pdf.save(target)
    pdf.close()
    file = await uploaded(application, owner, target.getvalue(), name="empty.pdf")
    with pytest.raises(ProcessingFailedError):
        await application.previews.create(owner, file.id, PreviewRequest())


async def test_a_fault_in_the_prober_is_logged_with_its_traceback(
    application: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(application.database, "read", fail)
    assert not await application.prober.try_all()
    monkeypatch.undo()
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError


async def test_a_file_has_its_size_once_it_was_analysed(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, image("PNG"), name="a.png")
    assert file.width is None
    await application.analyses.analyze(owner, file.id)
    assert (await application.files.get(owner, file.id)).width
