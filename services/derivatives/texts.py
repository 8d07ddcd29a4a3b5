"""Extracted text: what a file says, page by page, with recognition where it is a picture."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final

import orjson

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import QueryTooComplexError
from models.derivative import DerivativeKind
from models.file import StoredFile
from processing.effort import Turns
from processing.task import MIB, Failure, ProcessingError, TaskName
from processing.texts.document import MAX_OCR_PAGES, MAX_PAGES
from processing.texts.languages import tesseract_code
from services.derivatives.derivatives import Derivatives
from services.derivatives.making import Producer, Product
from services.derivatives.processor import Processor, Subject
from services.derivatives.rows import Specification, StoredDerivative
from services.derivatives.temporary_files import closed_on_failure, temporary_errors
from services.files.files import Files

PAGE_BREAK: Final = "\f"
"""What stands between two pages of a text (U+000C, form feed)."""

MAX_TEXTS_BYTES: Final = 32 * MIB
"""The most that the texts of several files together may hold, as they are stored."""

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """What a file says.

    ``language`` is ISO 639-1 and detected, ``confidence`` lies between 0 and 1 and belongs to
    recognition; both are None where there is nothing to tell. ``pages`` counts them, and
    ``failed_pages`` numbers those that gave nothing, from 1. ``truncated`` says that a limit was
    met and text is missing at the end.
    """

    text: str
    language: str | None
    confidence: float | None
    pages: int
    failed_pages: list[int]
    engine: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """One page as a worker tells it; ``failure`` instead of text if it gave nothing."""

    text: str = ""
    language: str | None = None
    confidence: float | None = None
    engine: str = ""
    failure: ProcessingError | None = None

    @classmethod
    def of(cls, told: Any) -> "_Page":
        """Return a page of a worker's JSON; ``ProcessingError`` if it has another shape."""
        try:
            confidence = told["confidence"]
            return cls(
                str(told["text"]),
                None if told["language"] is None else str(told["language"]),
                None if confidence is None else min(1.0, max(0.0, float(confidence))),
                str(told["engine"]),
            )
        except (KeyError, TypeError, ValueError):
            raise _came_out_wrong() from None


class Texts:
    """Extracts, keeps and finds the text of files."""

    def __init__(self, files: Files, derivatives: Derivatives, processor: Processor) -> None:
        # No more pages are on their way than can be worked on: the pages of files take turns.
        self._turns = Turns(processor.workers.size)
        self._files = files
        self._derivatives = derivatives
        self._processor = processor

    async def extract(
        self,
        viewer: Viewer,
        file_id: str,
        *,
        language: str = "auto",
        preserve_formatting: bool = False,
        retry: bool = False,
    ) -> ExtractedText:
        """Return the text of a file that ``viewer`` may read, extracted now if it is not there.

        Raises:
            ValidationFailedError: The language is unknown, or its data is not installed.
            UnauthenticatedError, NotFoundError: As ``Files.get``.
            And what ``Derivatives.obtain`` raises.
        """
        if retry:
            Policy.require_account(viewer)
        file = await self._files.get(viewer, file_id)
        spec = {
            "language": tesseract_code(language),
            "preserve_formatting": preserve_formatting,
        }
        wanted = Specification(DerivativeKind.TEXT, {**spec, "source": file.mime_type})
        produce = self.maker(file, wanted.parameters)
        found = await self._derivatives.obtain(file, wanted, produce, retry=retry)
        return await self._read(found)

    def maker(self, file: StoredFile, parameters: Mapping[str, Any]) -> Producer:
        """Return what extracts the text of ``file`` as a specification's parameters say."""
        subject = Subject(file.blob_id, parameters["source"], "file")
        spec = {name: parameters[name] for name in ("language", "preserve_formatting")}

        async def produce() -> Product:
            return await asyncio.to_thread(_product, await self._extract(subject, spec))

        return produce

    async def of_files(self, files: Iterable[StoredFile]) -> list[ExtractedText | None]:
        """Return the text extracted last for each file, None where there is none.

        Raises:
            QueryTooComplexError: Together they hold more than ``MAX_TEXTS_BYTES``.
        """
        every = list(files)
        found = await self._derivatives.ready((file.blob_id for file in every), DerivativeKind.TEXT)
        last = [found[file.blob_id][-1:] for file in every]
        if sum(one.size for (one,) in filter(None, last)) > MAX_TEXTS_BYTES:
            raise QueryTooComplexError(
                f"The texts of these files hold more than {MAX_TEXTS_BYTES // MIB} MiB;"
                " ask for fewer at once."
            )
        return [await self._read(*one) if one else None for one in last]

    async def _read(self, derivative: StoredDerivative) -> ExtractedText:
        raw = await self._derivatives.read(derivative)
        return ExtractedText(**await asyncio.to_thread(orjson.loads, raw))

    async def _extract(self, subject: Subject, spec: dict[str, Any]) -> ExtractedText:
        made = await self._processor.run(TaskName.EXTRACT_TEXT, subject, spec)
        with made.output:
            told = (await asyncio.to_thread(_json, made.output)).get("pages")
        if not isinstance(told, list) or len(told) > MAX_PAGES:
            raise _came_out_wrong()
        pages = {number: _Page.of(page) for number, page in enumerate(told) if page is not None}
        missing = [number for number in range(len(told)) if number not in pages]
        if len(missing) > MAX_OCR_PAGES:
            raise _came_out_wrong()
        pages |= await self._recognize_all(subject, spec, missing)
        whole = [pages[number] for number in range(len(told))]
        return _joined(whole, truncated=bool(made.result.get("truncated")))

    async def _recognize_all(
        self, subject: Subject, spec: dict[str, Any], numbers: Sequence[int]
    ) -> dict[int, _Page]:
        """Return the pages with these numbers, as many at once as there are workers.

        No more of them wait for a turn, so that files take turns: a short one is not behind all
        pages of a long one.
        """
        left = iter(numbers)
        pages: dict[int, _Page] = {}

        async def recognize_some() -> None:
            for number in left:  # which all of these share
                pages[number] = await self._recognize(subject, {**spec, "page": number})

        abreast = min(len(numbers), self._processor.workers.size)
        tasks = [asyncio.create_task(recognize_some()) for _ in range(abreast)]
        try:
            await asyncio.gather(*tasks)
        finally:  # without one page there is no text: the others go on for nobody
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return pages

    async def _recognize(self, subject: Subject, spec: dict[str, Any]) -> _Page:
        try:
            async with self._turns:
                made = await self._processor.run(
                    TaskName.RECOGNIZE_PAGE, subject, spec, patient=True
                )
            with made.output:
                return _Page.of(await asyncio.to_thread(_json, made.output))
        except ProcessingError as error:
            return _Page(failure=error)


def _json(output: BinaryIO) -> dict[str, Any]:
    try:
        told = orjson.loads(output.read())
    except orjson.JSONDecodeError:
        raise _came_out_wrong() from None
    if not isinstance(told, dict):
        raise _came_out_wrong()
    return told


def _came_out_wrong() -> ProcessingError:
    return ProcessingError(Failure.FAILED, "The text came out wrong.")


def _joined(pages: Sequence[_Page], *, truncated: bool) -> ExtractedText:
    failures = [page.failure for page in pages if page.failure]
    if failures and len(failures) == len(pages):
        raise failures[0]
    return ExtractedText(
        text=PAGE_BREAK.join(page.text for page in pages),
        language=_language(pages),
        confidence=_confidence(pages),
        pages=len(pages),
        failed_pages=[number for number, page in enumerate(pages, 1) if page.failure],
        engine="+".join(dict.fromkeys(page.engine for page in pages if page.engine)),
        truncated=truncated,
    )


def _language(pages: Sequence[_Page]) -> str | None:
    """Return the language that most characters are in."""
    characters = Counter[str]()
    for page in pages:
        if page.language:
            characters[page.language] += len(page.text)
    return characters.most_common(1)[0][0] if characters else None


def _confidence(pages: Sequence[_Page]) -> float | None:
    """Return the mean over the pages that were recognised, weighed by their characters."""
    told = [(page.confidence, len(page.text) or 1) for page in pages if page.confidence is not None]
    if not told:
        return None
    weighed = sum(confidence * weight for confidence, weight in told)
    return round(weighed / sum(weight for _, weight in told), 4)


def _product(text: ExtractedText) -> Product:
    with temporary_errors():
        output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who keeps the product
        with closed_on_failure(output):
            output.write(orjson.dumps(asdict(text)))
            output.seek(0)
        return Product(output, _JSON)
