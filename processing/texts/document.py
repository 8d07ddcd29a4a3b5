"""What every extractor takes and gives, and how its pages are written within bounds."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any, BinaryIO, Final

from processing.task import MIB, Source

MAX_PAGES: Final = 1000
"""The most pages of one document."""

MAX_OCR_PAGES: Final = 100
"""The most pages of one document that are left to be recognised."""

MAX_TEXT_BYTES: Final = 10 * MIB
"""The most text of one document, as JSON in UTF-8."""

SOFT_CPU_SECONDS: Final = 4.0
"""When an extractor that still has pages is stopped: a part of the text beats a killed worker."""

_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_BREAKS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SAMPLED_PAGES: Final = 8
_SAMPLED_CHARACTERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller asked for: ``language`` is "auto" or a Tesseract code."""

    language: str = "auto"
    preserve: bool = False

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Options":
        """Return the options of a task's spec."""
        return cls(spec["language"], bool(spec["preserve_formatting"]))


@dataclass(frozen=True, slots=True)
class Page:
    """The text of one page, chapter, slide or sheet; ``cut`` if some of it was left out."""

    text: str
    engine: str
    language: str | None = None
    confidence: float | None = None
    cut: bool = False

    def as_json(self) -> bytes:
        """Return the page as it is written: valid UTF-8 whatever the text holds."""
        shown = {name: value for name, value in asdict(self).items() if name != "cut"}
        return json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace")


Extractor = Callable[[Source, Options], Iterator[Page | None]]
"""Gives the pages in order, None for one that needs OCR; raises ``ProcessingError``."""


def clean(text: str) -> str:
    """Return ``text`` with line feeds as its only line breaks, and no control characters.

    Lone surrogates become question marks, so that the result is valid UTF-8. Trailing spaces and
    blank lines at either end go.
    """
    text = _CONTROLS.sub("", _BREAKS.sub("\n", text))
    text = text.encode("utf-8", "replace").decode()
    return re.sub(r"[ \t]+(?=\n)", "", text).strip("\n").rstrip()


def gathered(blocks: Iterable[str], engine: str, between: str) -> Page:
    """Return blocks of text as a page, ``cut`` where it has enough text or took enough time."""
    kept: list[str] = []
    size, started = 0, time.process_time()
    for block in blocks:
        if size > MAX_TEXT_BYTES or time.process_time() - started > SOFT_CPU_SECONDS:
            return Page(between.join(kept), engine, cut=True)
        kept.append(block)
        size += len(block) + len(between)
    return Page(between.join(kept), engine)


def write(pages: Iterable[Page | None], output: BinaryIO) -> tuple[int, bool]:
    """Write pages as JSON within the bounds; return how many, and whether any text was left out.

    Pages that were read rather than recognised get the language of the whole document.
    """
    kept, truncated = _bounded(pages)
    language = _language(kept)
    shown = [_told(page, language) for page in kept]
    output.write(b'{"pages": [')
    output.write(b", ".join(page.as_json() if page else b"null" for page in shown))
    output.write(b"]}")
    return len(kept), truncated


def _bounded(pages: Iterable[Page | None]) -> tuple[list[Page | None], bool]:
    kept: list[Page | None] = []
    room, scans, truncated = MAX_TEXT_BYTES, 0, False
    started = time.process_time()
    for page in pages:
        late = time.process_time() - started > SOFT_CPU_SECONDS
        if kept and (len(kept) >= MAX_PAGES or room <= 0 or late):
            return kept, True
        if page is None:
            scans += 1
            over = scans > MAX_OCR_PAGES
            kept.append(Page("", "none") if over else None)  # keeps the numbers of those behind it
            truncated |= over
            continue
        fitted = tidied(page, room)
        room -= len(fitted.text.encode())
        truncated |= fitted.cut
        kept.append(fitted)
    return kept, truncated


def tidied(page: Page, room: int) -> Page:
    """Return ``page`` with clean text, cut to ``room`` bytes as it is written."""
    page = replace(page, text=clean(page.text))
    while (size := len(json.dumps(page.text, ensure_ascii=False).encode())) > room + 2:
        fewer = len(page.text) * room // size
        page = replace(page, text=page.text[:fewer], cut=True)
    return page


def _language(pages: list[Page | None]) -> str | None:
    read = [page.text for page in pages if page and page.text and page.confidence is None]
    if not read:
        return None
    from processing.texts.detection import detected  # noqa: PLC0415 - its models take memory

    step = -(-len(read) // _SAMPLED_PAGES)
    sampled = islice(read, 0, None, step)
    return detected("\n".join(text[:_SAMPLED_CHARACTERS] for text in sampled))


def _told(page: Page | None, language: str | None) -> Page | None:
    if page is None or page.confidence is not None or not page.text:
        return page
    return replace(page, language=page.language or language)
