"""The text of OpenDocument files: texts as one page, slides and sheets as pages.

Read from the parts themselves: a table's repeated rows and cells are a number in the file, which
a library that builds the table would expand whatever it says.
"""

from collections.abc import Iterator
from typing import Final
from zipfile import ZipFile

from lxml import etree

from processing.task import Failure, ProcessingError, Source
from processing.texts.document import Options, Page, gathered
from processing.texts.packages import opened, part, tree
from processing.texts.tables import table

_ENGINE: Final = "opendocument"
_NAMESPACE: Final = "urn:oasis:names:tc:opendocument:xmlns"
_TEXT, _TABLE, _DRAW, _OFFICE, _STYLE, _CHART = (
    f"{{{_NAMESPACE}:{name}:1.0}}"
    for name in ("text", "table", "drawing", "office", "style", "chart")
)
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_PARAGRAPHS: Final = (f"{_TEXT}p", f"{_TEXT}h")
_SIGNS: Final = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
_NOTE: Final = f"{_TEXT}note"
_ANNOTATION: Final = f"{_OFFICE}annotation"
_OBJECT: Final = f"{_DRAW}object"
_SET_APART: Final = frozenset({_NOTE, _ANNOTATION, _OBJECT, f"{_DRAW}text-box"})
"""What stands in a paragraph but is no part of its line."""

_LEFT_OUT: Final = frozenset(
    {
        f"{_TEXT}tracked-changes",
        f"{_TEXT}hidden-text",
        f"{_TEXT}hidden-paragraph",
        f"{_TEXT}note-citation",
        f"{_OFFICE}annotation-end",
        "{http://purl.org/dc/elements/1.1/}date",
        f"{{{_NAMESPACE}:meta:1.0}}date-string",
        f"{_DRAW}object-ole",
        f"{{{_NAMESPACE}:svg-compatible:1.0}}title",
        f"{{{_NAMESPACE}:svg-compatible:1.0}}desc",
    }
)
_RUNNING: Final = (f"{_STYLE}header", f"{_STYLE}footer")
_LABELS: Final = (f"{_CHART}title", f"{_CHART}subtitle", f"{_CHART}footer", f"{_TABLE}table-cell")
_STRINGS: Final = "string"
_MAX_REPEATED: Final = 50
_MANIFEST: Final = "META-INF/manifest.xml"


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text by the kind of document; headers, footers and notes of texts around it.

    Raises:
        ProcessingError: It asks for a password.
    """
    between = "\n" if options.preserve else "\n\n"
    with opened(source) as archive:
        document = _Document(archive, preserve=options.preserve)
        for element in document.paged():
            yield gathered(document.blocks(element), _ENGINE, between)


class _Document:
    def __init__(self, archive: ZipFile, *, preserve: bool) -> None:
        if _MANIFEST in archive.namelist() and b":encryption-data" in part(archive, _MANIFEST):
            raise ProcessingError(Failure.ENCRYPTED, "The document asks for a password.")
        self._archive = archive
        self._preserve = preserve
        self._root = tree(part(archive, "content.xml"))
        self._hidden = frozenset(_hidden_styles(self._root))

    def paged(self) -> list[etree._Element]:
        """Return the slides or sheets, or the body of a text."""
        found = self._root.find(f"{_OFFICE}body")
        body = found if found is not None else self._root
        kind = body[0] if len(body) else body
        for name in (f"{_DRAW}page", f"{_TABLE}table"):
            if kind.tag != f"{_OFFICE}text" and (pages := list(kind.iterchildren(name))):
                return pages
        return [body]

    def blocks(self, element: etree._Element) -> Iterator[str]:
        """Yield what a page shows; notes and comments after the text that they belong to."""
        running = {name: list(self._running(name)) for name in _RUNNING}
        is_text = element.tag not in {f"{_DRAW}page", f"{_TABLE}table"}
        notes: list[etree._Element] = []
        yield from running[_RUNNING[0]] if is_text else ()
        yield from self._blocks(element, 0, notes)
        yield from running[_RUNNING[1]] if is_text else ()
        while notes:
            yield from self._blocks(notes.pop(0), 0, notes)

    def _running(self, name: str) -> Iterator[str]:
        """Yield the headers or footers of the pages' styles, equal ones once."""
        if "styles.xml" not in self._archive.namelist():
            return
        found: dict[str, None] = {}
        for element in tree(part(self._archive, "styles.xml")).iter(name):
            if element.get(f"{_STYLE}display", "true") == "true":
                found |= dict.fromkeys(self._blocks(element, 0, []))
        yield from filter(str.strip, found)

    def _blocks(
        self, element: etree._Element, level: int, notes: list[etree._Element]
    ) -> Iterator[str]:
        if element.tag == f"{_TABLE}table":
            rows = [row for found in _rows(element) for row in self._row(found, notes)]
            yield table(rows, aligned=self._preserve)
            for shapes in element.iterchildren(f"{_TABLE}shapes"):
                yield from self._blocks(shapes, level, notes)
            return
        for child in element:
            if child.tag in _PARAGRAPHS:
                yield from self._paragraph(child, level, notes)
            elif child.tag == _OBJECT:
                yield from self._chart(child)
            elif child.tag == _ANNOTATION:
                notes.append(child)
            elif child.tag == f"{_TABLE}table":
                yield from self._blocks(child, level, notes)
            elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
                deeper = level + (child.tag == f"{_TEXT}list")
                yield from self._blocks(child, deeper, notes)

    def _paragraph(
        self, element: etree._Element, level: int, notes: list[etree._Element]
    ) -> Iterator[str]:
        """Yield a paragraph, then the frames in it; their paragraphs stand apart."""
        if element.get(f"{_TEXT}style-name") in self._hidden:
            return
        apart: list[etree._Element] = []
        text = "".join(self._pieces(element, apart))
        if self._preserve:
            yield "  " * level + text
        elif text.strip():
            yield " ".join(text.split())
        for found in apart:
            if found.tag in {_NOTE, _ANNOTATION}:
                notes.append(found)
            elif found.tag == _OBJECT:
                yield from self._chart(found)
            else:
                yield from self._blocks(found, level, notes)

    def _pieces(self, element: etree._Element, apart: list[etree._Element]) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            if child.tag == f"{_TEXT}s":
                count = child.get(f"{_TEXT}c", "1")
                yield " " * (min(int(count), _MAX_REPEATED) if count.isdecimal() else 1)
            elif child.tag in _SIGNS:
                yield _SIGNS[child.tag]
            elif child.tag in _SET_APART:
                apart.append(child)
            elif isinstance(child.tag, str) and not self._is_left_out(child):
                yield from self._pieces(child, apart)
            yield child.tail or ""

    def _is_left_out(self, element: etree._Element) -> bool:
        return element.tag in _LEFT_OUT or element.get(f"{_TEXT}style-name") in self._hidden

    def _row(self, row: etree._Element, notes: list[etree._Element]) -> Iterator[list[str]]:
        cells: list[str] = []
        for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            text = " ".join(self._blocks(cell, 0, notes))
            cells += [text] * _repeated(cell, "columns")
        while cells and not cells[-1]:
            cells.pop()
        yield from [cells] * (_repeated(row, "rows") if cells else 1)

    def _chart(self, element: etree._Element) -> Iterator[str]:
        """Yield the titles and labels of a chart, which is a document within the document."""
        name = (element.get(_HREF) or "").removeprefix("./").rstrip("/") + "/content.xml"
        if name not in self._archive.namelist():
            return
        found: dict[str, None] = {}
        for label in tree(part(self._archive, name)).iter(*_LABELS):
            if label.get(f"{_OFFICE}value-type", _STRINGS) == _STRINGS:
                found |= dict.fromkeys(
                    "".join(each.itertext()) for each in label.iter(*_PARAGRAPHS)
                )
        yield from filter(str.strip, found)


def _hidden_styles(root: etree._Element) -> Iterator[str]:
    for style in root.iter(f"{_STYLE}style"):
        properties = style.find(f"{_STYLE}text-properties")
        if properties is not None and properties.get(f"{_TEXT}display") == "none":
            yield style.get(f"{_STYLE}name", "")


def _rows(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the rows of a table, those in groups too, but none of a table in a cell."""
    for child in element:
        if child.tag == f"{_TABLE}table-row":
            yield child
        elif child.tag in _GROUPS:
            yield from _rows(child)


_GROUPS: Final = frozenset(f"{_TABLE}table-{name}" for name in ("rows", "row-group", "header-rows"))


def _repeated(element: etree._Element, what: str) -> int:
    times = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return min(int(times), _MAX_REPEATED) if times.isdecimal() else 1
