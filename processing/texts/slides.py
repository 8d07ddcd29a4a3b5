"""The text of PowerPoint files: each slide with its tables and notes as a page."""

from collections.abc import Iterator
from typing import Final

from lxml import etree
from pptx import Presentation
from pptx.oxml.ns import qn
from pptx.slide import Slide

from processing.task import Source
from processing.texts.document import Options, Page, gathered
from processing.texts.packages import MAX_PART_BYTES, opened, too_large
from processing.texts.tables import table

_ENGINE: Final = "python-pptx"
_P, _TBL, _TR, _TC = (qn(f"a:{name}") for name in ("p", "tbl", "tr", "tc"))
_TEXT, _BREAK, _PROPERTIES = (qn(f"a:{name}") for name in ("t", "br", "pPr"))
_MAX_LEVEL: Final = 8


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text of each slide in the order of the presentation, its notes behind it."""
    with opened(source) as archive:
        xml = (entry for entry in archive.infolist() if entry.filename.endswith(".xml"))
        if any(entry.file_size > MAX_PART_BYTES for entry in xml):
            raise too_large()
    between = "\n" if options.preserve else "\n\n"
    for slide in Presentation(source.path).slides:
        yield gathered(_slide(slide, preserve=options.preserve), _ENGINE, between)


def _slide(slide: Slide, *, preserve: bool) -> Iterator[str]:
    yield from _blocks(slide.element, preserve=preserve)
    if slide.has_notes_slide:
        frame = slide.notes_slide.notes_text_frame
        if frame is not None and frame.text.strip():
            yield frame.text


def _blocks(element: etree._Element, *, preserve: bool) -> Iterator[str]:
    for found in element.iter(_P, _TBL):
        if found.tag == _TBL:
            yield table([_cells(row) for row in found.iterchildren(_TR)], aligned=preserve)
        elif next(found.iterancestors(_TC), None) is None and (text := _text(found)):
            yield "  " * _level(found) + text if preserve else " ".join(text.split())


def _cells(row: etree._Element) -> list[str]:
    return [" ".join(_text(found) for found in cell.iter(_P)) for cell in row.iterchildren(_TC)]


def _text(paragraph: etree._Element) -> str:
    pieces = paragraph.iter(_TEXT, _BREAK)
    return "".join("\n" if piece.tag == _BREAK else piece.text or "" for piece in pieces)


def _level(paragraph: etree._Element) -> int:
    properties = paragraph.find(_PROPERTIES)
    level = properties.get("lvl", "0") if properties is not None else "0"
    return min(int(level), _MAX_LEVEL) if level.isdecimal() else 0
