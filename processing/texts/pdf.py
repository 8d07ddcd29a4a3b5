"""The text layer of a PDF, page by page, and the pages that have none."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from processing.pdf import drawn, opened
from processing.task import Failure, ProcessingError, Source
from processing.texts.annotations import annotations
from processing.texts.document import Options, Page
from processing.texts.placement import covered, flowing, placed
from processing.texts.recognition import LONGEST, recognized

_ENGINE: Final = "pdfium"
_DPI: Final = 300
_FEW_CHARACTERS: Final = 20
"""Up to this many a scan's text layer is no more than a page number or a stamp."""

_MAX_CHARACTERS: Final = 200_000
_MAX_OBJECTS: Final = 300
_MANY_PATHS: Final = 30
_COVERED: Final = 0.3
_LITTLE_TEXT: Final = 0.03
"""Text on less of a page than this is a stamp on the scan, or a line at its head."""

_VISIBLE: Final = 0.02
_UNMAPPED: Final = re.compile("[\ufffd\ue000-\uf8ff]")


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text of each page, None for one that shows something but has no text layer."""
    with opened(source) as document:
        for index in range(len(document)):
            yield _page(document, index, options)


def scanned(source: Source, index: int, options: Options) -> Page:
    """Return the text of a page as it is drawn, recognised.

    Raises:
        ProcessingError: There is no such page, or it is broken or too complex.
    """
    with opened(source) as document:
        if not 0 <= index < len(document):
            raise ProcessingError(Failure.FAILED, "The PDF has no such page.")
        page = document[index]
        image = drawn(page, longest=LONGEST, dpi=_DPI).convert("L")
        page.close()
    return recognized(image, options)


def _page(document: pdfium.PdfDocument, index: int, options: Options) -> Page | None:
    try:
        page = document[index]
    except pdfium.PdfiumError:
        return Page("", _ENGINE, cut=True)  # one broken page does not cost the others
    try:
        return _read(page, options)
    except pdfium.PdfiumError:
        return Page("", _ENGINE, cut=True)
    finally:
        page.close()


def _read(page: pdfium.PdfPage, options: Options) -> Page | None:
    layer = page.get_textpage()
    try:
        count = layer.count_chars()
        text = layer.get_text_range(0, min(count, _MAX_CHARACTERS)) if count > 0 else ""
        if _needs_recognition(page, layer, text):
            return None
        cut = count > _MAX_CHARACTERS
        arranged = placed(layer, text) if options.preserve else flowing(layer, text)
        between = "\n" if options.preserve else "\n\n"
        return Page(between.join([arranged, *annotations(page)]), _ENGINE, cut=cut)
    finally:
        layer.close()


def _needs_recognition(page: pdfium.PdfPage, layer: pdfium.PdfTextPage, text: str) -> bool:
    seen = len("".join(text.split()))
    if len(_UNMAPPED.findall(text)) * 2 > seen > 0:
        return True  # a font without a map to Unicode: the glyphs can only be looked at
    pictured, paths = _pictured(page)
    if not seen:
        return pictured >= _VISIBLE or paths >= _MANY_PATHS
    if pictured < _COVERED:
        return False
    width, height = page.get_size()
    return seen <= _FEW_CHARACTERS or covered(layer, text) < width * height * _LITTLE_TEXT


def _pictured(page: pdfium.PdfPage) -> tuple[float, int]:
    """Return what part of the page its largest picture covers, and how many paths it has."""
    largest, paths = 0.0, 0
    width, height = page.get_size()
    for shown in islice(page.get_objects(max_depth=2), _MAX_OBJECTS):
        paths += shown.type == raw.FPDF_PAGEOBJ_PATH
        if shown.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = shown.get_bounds()
            largest = max(largest, abs(right - left) * abs(top - bottom))
    return largest / (width * height or 1), paths
