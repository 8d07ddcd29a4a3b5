"""The text of Word documents: headers, body, footers, notes and comments, as a reader sees them.

Deleted text, the places that text was moved from, and hidden text are left out.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from lxml import etree

from processing.task import Failure, ProcessingError, Source
from processing.texts.document import Options, Page, gathered
from processing.texts.markup import text_of
from processing.texts.ooxml import (
    COMPATIBILITY,
    MATH,
    RELATIONSHIP,
    Package,
    chosen,
    graphics,
)
from processing.texts.packages import opened
from processing.texts.tables import table

_ENGINE: Final = "ooxml"
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BODY, _P, _TBL, _TR, _TC, _R = (f"{_W}{name}" for name in ("body", "p", "tbl", "tr", "tc", "r"))
_VALUE: Final = f"{_W}val"
_TEXTS: Final = frozenset({f"{_W}t", f"{MATH}t"})
_SIGNS: Final = {
    f"{_W}tab": "\t",
    f"{_W}ptab": "\t",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "-",
}
_BOX: Final = f"{_W}txbxContent"
_ALTERNATE: Final = f"{COMPATIBILITY}AlternateContent"
_VECTOR_TEXT: Final = "{urn:schemas-microsoft-com:vml}textpath"
_LEFT_OUT: Final = frozenset(
    {f"{_W}{name}" for name in ("pPr", "rPr", "del", "moveFrom", "instrText", "delText")}
)
_HIDING: Final = (f"{_W}rPr/{_W}vanish", f"{_W}rPr/{_W}webHidden")
_OFF: Final = frozenset({"0", "false", "off"})
_TWIPS_PER_COLUMN: Final = 120
_MAX_INDENT: Final = 40


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the document as one page; blocks are parted by blank lines, or by line breaks."""
    between = "\n" if options.preserve else "\n\n"
    with opened(source) as archive:
        document = _Document(Package(archive), options)
        yield gathered(document.blocks(), _ENGINE, between)


class _Document:
    def __init__(self, package: Package, options: Options) -> None:
        self._package = package
        self._options = options
        self._preserve = options.preserve
        self._main = package.main()
        self._part = self._main
        self._hidden = frozenset(self._hidden_styles())

    def blocks(self) -> Iterator[str]:
        """Yield the blocks of every part that is shown, in the order of reading."""
        body = self._package.tree(self._main).find(_BODY)
        if body is None:
            raise ProcessingError(Failure.FAILED, "The document is not one of Word.")
        yield from self._running(body, "headerReference")
        yield from self._blocks(body)
        yield from self._running(body, "footerReference")
        for kind in ("footnotes", "endnotes", "comments"):
            for name in self._package.related(self._main, kind):
                yield from self._notes(name)

    def _running(self, body: etree._Element, kind: str) -> Iterator[str]:
        """Yield the headers or footers that some page shows, equal ones once."""
        blocks = (self._in_part(name) for name in dict.fromkeys(self._shown(body, kind)))
        yield from dict.fromkeys(filter(str.strip, chain.from_iterable(blocks)))

    def _shown(self, body: etree._Element, kind: str) -> Iterator[str]:
        even = self._has_even_pages()
        for section in body.iter(f"{_W}sectPr"):
            first = _is_on(section.find(f"{_W}titlePg"))
            for found in section.iterchildren(f"{_W}{kind}"):
                page = found.get(f"{_W}type", "default")
                target = self._package.target(self._main, found.get(f"{RELATIONSHIP}id"))
                if target and {"first": first, "even": even}.get(page, True):
                    yield target

    def _has_even_pages(self) -> bool:
        settings = self._package.related(self._main, "settings")
        return any(
            _is_on(self._package.tree(name).find(f"{_W}evenAndOddHeaders")) for name in settings
        )

    def _in_part(self, name: str) -> Iterator[str]:
        self._part = name
        yield from self._blocks(self._package.tree(name))
        self._part = self._main

    def _notes(self, name: str) -> Iterator[str]:
        self._part = name
        for note in self._package.tree(name):
            if isinstance(note.tag, str) and note.get(f"{_W}type", "normal") == "normal":
                yield from filter(str.strip, self._blocks(note))

    def _hidden_styles(self) -> Iterator[str]:
        for name in self._package.related(self._main, "styles"):
            for style in self._package.tree(name).iterfind(f"{_W}style"):
                if any(_is_on(style.find(path)) for path in _HIDING):
                    yield style.get(f"{_W}styleId", "")

    def _blocks(self, element: etree._Element) -> Iterator[str]:
        for child in element:
            if child.tag == _P:
                yield from self._paragraph(child)
            elif child.tag == _TBL:
                yield table([self._cells(row) for row in self._rows(child)], aligned=self._preserve)
            elif child.tag == f"{_W}altChunk":
                yield from self._embedded(child)
            elif child.tag == _ALTERNATE:
                branch = chosen(child)
                yield from self._blocks(branch) if branch is not None else ()
            elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
                yield from self._blocks(child)

    def _paragraph(self, element: etree._Element) -> Iterator[str]:
        """Yield the paragraph, then what is anchored in it: boxes, charts and diagrams."""
        anchored: list[etree._Element] = []
        text = "".join(self._pieces(element, anchored))
        if self._preserve:
            yield " " * _indent(element) + text if text.strip() else text
        elif text.strip():
            yield " ".join(text.split())
        for found in anchored:
            if found.tag == _BOX:
                yield from self._blocks(found)
            else:
                yield from graphics(self._package, self._part, found)

    def _pieces(self, element: etree._Element, anchored: list[etree._Element]) -> Iterator[str]:
        for child in element:
            if child.tag in _TEXTS:
                yield child.text or ""
            elif child.tag in _SIGNS:
                yield _SIGNS[child.tag]
            elif child.tag in {_BOX, _GRAPHIC}:
                anchored.append(child)
                if child.tag == _GRAPHIC:
                    anchored += child.iter(_BOX)
            elif child.tag == _ALTERNATE:
                branch = chosen(child)
                yield from self._pieces(branch, anchored) if branch is not None else ()
            elif child.tag == _VECTOR_TEXT:
                yield child.get("string", "")
            elif isinstance(child.tag, str) and not self._is_left_out(child):
                yield from self._pieces(child, anchored)

    def _is_left_out(self, element: etree._Element) -> bool:
        if element.tag != _R:
            return element.tag in _LEFT_OUT
        if any(_is_on(element.find(path)) for path in _HIDING):
            return True
        style = element.find(f"{_W}rPr/{_W}rStyle") if self._hidden else None
        return style is not None and style.get(_VALUE) in self._hidden

    def _rows(self, element: etree._Element) -> Iterator[etree._Element]:
        """Yield the rows of a table that are not deleted, also those in content controls."""
        for child in element:
            if child.tag == _TR:
                if child.find(f"{_W}trPr/{_W}del") is None:
                    yield child
            elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
                yield from self._rows(child)

    def _cells(self, row: etree._Element) -> list[str]:
        """Return the cells of a row; a table in a cell is part of the cell's text."""
        return ["\n".join(self._blocks(cell)) for cell in _within(row, _TC)]

    def _embedded(self, element: etree._Element) -> Iterator[str]:
        """Yield the text of a page of HTML that the document takes in (ECMA-376-1, 17.17.2.1)."""
        name = self._package.target(self._part, element.get(f"{RELATIONSHIP}id"))
        if name and name.lower().endswith((".html", ".htm", ".xhtml")):
            yield text_of(self._package.data(name), self._options)


_GRAPHIC: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}graphic"


def _within(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield elements below one, but none below another of them."""
    for child in element:
        if child.tag == tag:
            yield child
        elif isinstance(child.tag, str):
            yield from _within(child, tag)


def _is_on(element: etree._Element | None) -> bool:
    return element is not None and element.get(_VALUE, "true").lower() not in _OFF


def _indent(element: etree._Element) -> int:
    """Return by how many columns a paragraph is set in, a list's level counting for two each."""
    columns = 0
    for found in element.iterfind(f"{_W}pPr/{_W}ind"):
        twips = found.get(f"{_W}left") or found.get(f"{_W}start") or "0"
        columns = int(twips) // _TWIPS_PER_COLUMN if twips.isdecimal() else 0
    for level in element.iterfind(f"{_W}pPr/{_W}numPr/{_W}ilvl"):
        value = level.get(_VALUE) or "0"
        columns = max(columns, 2 * int(value) + 2 if value.isdecimal() else 0)
    return min(columns, _MAX_INDENT)
