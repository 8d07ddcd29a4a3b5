"""The text of Word documents: paragraphs, tables, text boxes and content controls, in order.

python-docx opens the file. Its own view of paragraphs leaves out content controls, inserted text
and text boxes, and repeats a cell as often as a hostile file says, so the elements are read here.
"""

from collections.abc import Iterator
from typing import Final

from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from processing.task import Source
from processing.texts.document import Options, Page, gathered
from processing.texts.packages import opened, part
from processing.texts.tables import table

_ENGINE: Final = "python-docx"
_MAIN: Final = "word/document.xml"
_BODY, _P, _TBL, _TR, _TC = (qn(f"w:{name}") for name in ("body", "p", "tbl", "tr", "tc"))
_TEXT: Final = qn("w:t")
_SIGNS: Final = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_WRAPPERS: Final = frozenset({qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:customXml")})
_PROPERTIES: Final = frozenset({qn("w:pPr"), qn("w:rPr"), _FALLBACK})
_TWIPS_PER_COLUMN: Final = 120
_MAX_INDENT: Final = 40


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the document as one page; blocks are parted by blank lines, or by line breaks."""
    with opened(source) as archive:
        part(archive, _MAIN)  # measured before it becomes a tree
    body = Document(source.path).element.body
    between = "\n" if options.preserve else "\n\n"
    yield gathered(_blocks(body, preserve=options.preserve), _ENGINE, between)


def _blocks(element: etree._Element, *, preserve: bool) -> Iterator[str]:
    for child in element:
        if child.tag == _P:
            text = _paragraph(child, preserve=preserve)
            if preserve or text:
                yield text
        elif child.tag == _TBL:
            yield table([_cells(row) for row in child.iterchildren(_TR)], aligned=preserve)
        elif child.tag in _WRAPPERS:
            yield from _blocks(child, preserve=preserve)


def _paragraph(element: etree._Element, *, preserve: bool) -> str:
    text = "".join(_pieces(element))
    return " " * _indent(element) + text if preserve else " ".join(text.split())


def _cells(row: etree._Element) -> list[str]:
    return [
        "\n".join("".join(_pieces(paragraph)) for paragraph in cell.iter(_P))
        for cell in row.iter(_TC)
    ]


def _pieces(element: etree._Element) -> Iterator[str]:
    for child in element:
        if child.tag == _TEXT:
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag not in _PROPERTIES:
            yield from _pieces(child)


def _indent(element: etree._Element) -> int:
    """Return by how many columns a paragraph is set in, a list's level counting for two each."""
    columns = 0
    for found in element.iterfind(f"{qn('w:pPr')}/{qn('w:ind')}"):
        twips = found.get(qn("w:left")) or found.get(qn("w:start")) or "0"
        columns = int(twips) // _TWIPS_PER_COLUMN if twips.isdecimal() else 0
    for level in element.iterfind(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:ilvl')}"):
        value = level.get(qn("w:val")) or "0"
        columns = max(columns, 2 * int(value) + 2 if value.isdecimal() else 0)
    return min(columns, _MAX_INDENT)
