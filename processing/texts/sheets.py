"""The text of Excel workbooks: each visible sheet as a page, its cells as they are shown."""

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from processing.task import Failure, ProcessingError, Source
from processing.texts.document import Options, Page, gathered
from processing.texts.number_formats import BUILT_IN, GENERAL, shown
from processing.texts.ooxml import (
    CHART,
    CHART_EX,
    COMPATIBILITY,
    DIAGRAM,
    DRAWING,
    RELATIONSHIP,
    Package,
    graphics,
)
from processing.texts.packages import opened
from processing.texts.tables import table

_ENGINE: Final = "ooxml"
_S: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_BLOCK_ROWS: Final = 500
"""Columns are aligned over so many rows, so that a sheet is never held whole."""

_MAX_COLUMNS: Final = 16_384
_ON: Final = frozenset({"1", "true", "on"})
_COLUMN: Final = re.compile(r"[A-Z]{1,3}")
_CODE: Final = re.compile(r'&(?:"[^"]*"|\d{1,3}|K[0-9A-F+-]{6}|&|[A-Z])', re.IGNORECASE)
_SIDES: Final = frozenset({"&L", "&C", "&R"})
_ESCAPE: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PARAGRAPH, _TEXT = f"{DRAWING}p", f"{DRAWING}t"
_GRAPHICS: Final = (f"{CHART}chart", f"{CHART_EX}chart", f"{DIAGRAM}relIds")


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield each sheet, its name first, one row a line; then what is drawn and noted on it."""
    with opened(source) as archive:
        book = _Workbook(Package(archive))
        for name, part in book.sheets():
            yield gathered(book.lines(name, part, aligned=options.preserve), _ENGINE, "\n")


class _Workbook:
    def __init__(self, package: Package) -> None:
        self._package = package
        self._main = package.main()
        self._root = package.tree(self._main)
        if self._root.tag != f"{_S}workbook":
            raise ProcessingError(Failure.FAILED, "The document is not a workbook.")
        properties = self._root.find(f"{_S}workbookPr")
        self._since_1904 = properties is not None and properties.get("date1904") in _ON
        self._strings = list(self._shared_strings())
        self._formats = list(self._cell_formats())

    def sheets(self) -> Iterator[tuple[str, str]]:
        """Yield name and part of each sheet that is not hidden."""
        for sheet in self._root.iterfind(f"{_S}sheets/{_S}sheet"):
            part = self._package.target(self._main, sheet.get(f"{RELATIONSHIP}id"))
            if part and sheet.get("state", "visible") == "visible":
                yield sheet.get("name", ""), part

    def lines(self, name: str, part: str, *, aligned: bool) -> Iterator[str]:
        """Yield the name, blocks of rows, header and footer, then drawings and comments."""
        yield f"{name}\n"
        block: list[list[str]] = []
        running: list[str] = []
        for element in self._streamed(part, "row", "oddHeader", "oddFooter"):
            if not element.tag.endswith("row"):
                running += _running(element.text or "")
                continue
            block.append(self._row(element))
            if len(block) == _BLOCK_ROWS:
                yield table(block, aligned=aligned)
                block = []
        yield table(block, aligned=aligned)
        yield from running
        yield from self._drawn(part)
        yield from self._comments(part)

    def _shared_strings(self) -> Iterator[str]:
        for part in self._package.related(self._main, "sharedStrings"):
            for item in self._streamed(part, "si"):
                yield _string(item)

    def _cell_formats(self) -> Iterator[str]:
        for part in self._package.related(self._main, "styles"):
            root = self._package.tree(part)
            codes = {
                found.get("numFmtId"): found.get("formatCode", GENERAL)
                for found in root.iterfind(f"{_S}numFmts/{_S}numFmt")
            }
            for style in root.iterfind(f"{_S}cellXfs/{_S}xf"):
                number = style.get("numFmtId", "0")
                yield codes.get(number) or BUILT_IN.get(_integer(number), GENERAL)

    def _streamed(self, part: str, *names: str) -> Iterator[etree._Element]:
        """Yield elements of a part one by one, each forgotten once the next is asked for."""
        with self._package.opened(part) as file:
            for _, element in etree.iterparse(
                file,
                tag=[f"{{*}}{name}" for name in names],
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
            ):
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]

    def _row(self, row: etree._Element) -> list[str]:
        cells: list[str] = []
        for cell in row:
            column = _column(cell.get("r")) if cell.get("r") else len(cells)
            text = self._cell(cell)
            if text and len(cells) <= column < _MAX_COLUMNS:
                cells += [""] * (column - len(cells))
                cells.append(text)
        return cells

    def _cell(self, cell: etree._Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return "".join(_string(found) for found in cell if found.tag.endswith("}is"))
        value = next((found.text or "" for found in cell if found.tag.endswith("}v")), "")
        if kind == "s":
            index = _integer(value)
            return self._strings[index] if 0 <= index < len(self._strings) else ""
        if kind == "b":
            return "TRUE" if value == "1" else "FALSE"
        if kind == "d":
            return value.removesuffix("T00:00:00")
        return self._number(value, cell.get("s")) if kind == "n" else _unescaped(value)

    def _number(self, value: str, style: str | None) -> str:
        index = _integer(style or "0")
        code = self._formats[index] if 0 <= index < len(self._formats) else GENERAL
        try:
            return shown(float(value), code, since_1904=self._since_1904) if value else ""
        except ValueError:
            return value

    def _drawn(self, part: str) -> Iterator[str]:
        """Yield the words of shapes and charts on a sheet."""
        for drawing in self._package.related(part, "drawing"):
            for element in self._package.tree(drawing).iter(_PARAGRAPH, *_GRAPHICS):
                if next(element.iterancestors(f"{COMPATIBILITY}Fallback"), None) is not None:
                    continue  # a picture of what the other branch says
                if element.tag == _PARAGRAPH:
                    yield from filter(str.strip, ["".join(_texts(element, _TEXT))])
                else:
                    yield from graphics(self._package, drawing, element)

    def _comments(self, part: str) -> Iterator[str]:
        threads = list(self._package.related(part, "threadedComment"))
        for comments in threads or self._package.related(part, "comments"):
            for found in self._package.tree(comments).iter("{*}text"):
                text = found.text or "" if threads else _string(found)
                yield from filter(None, [text.strip()])


def _texts(element: etree._Element, tag: str) -> Iterator[str]:
    return (found.text or "" for found in element.iter(tag))


def _string(element: etree._Element) -> str:
    """Return the text of a string, its runs joined, without phonetic hints."""
    parts = []
    for child in element:
        name = str(child.tag).rpartition("}")[2]
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += _texts(child, "{*}t")
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    """Return ``text`` with the characters that are written as numbers (ECMA-376-1, 22.9.2.19)."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _running(text: str) -> list[str]:
    """Return the words of a header or footer, without its codes (ECMA-376-1, 18.3.1.46)."""
    words = _CODE.sub(_uncoded, text)
    return [" ".join(part.split()) for part in words.split("\n") if part.strip()]


def _uncoded(found: re.Match[Any]) -> str:
    if found[0] == "&&":
        return "&"
    return "\n" if found[0].upper() in _SIDES else " "


def _column(reference: str) -> int:
    """Return the index of a cell's column; "A1" is 0."""
    found = _COLUMN.match(reference.upper())
    index = 0
    for letter in found[0] if found else "A":
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _integer(text: str) -> int:
    return int(text) if text.isdecimal() else -1
