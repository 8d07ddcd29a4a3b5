"""The text of OpenDocument files: texts as one page, slides and sheets as pages.

Read from the parts themselves: a table's repeated rows and cells are a number in the file, which
a library that builds the table would expand whatever it says.
"""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from processing.task import Failure, ProcessingError, Source
from processing.texts.document import Options, Page, gathered
from processing.texts.packages import opened, part, tree
from processing.texts.tables import table

_ENGINE: Final = "opendocument"
_NAMESPACE: Final = "urn:oasis:names:tc:opendocument:xmlns"
_TEXT, _TABLE, _DRAW, _OFFICE = (
    f"{{{_NAMESPACE}:{name}:1.0}}" for name in ("text", "table", "drawing", "office")
)
_PARAGRAPHS: Final = (f"{_TEXT}p", f"{_TEXT}h")
_SIGNS: Final = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
_LEFT_OUT: Final = frozenset({f"{_TEXT}tracked-changes", f"{_OFFICE}annotation"})
_MAX_REPEATED: Final = 50
_MANIFEST: Final = "META-INF/manifest.xml"


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text by the kind of document.

    Raises:
        ProcessingError: It asks for a password.
    """
    root = _content(source)
    body = root.find(f"{_OFFICE}body")
    between = "\n" if options.preserve else "\n\n"
    for element in _paged(body if body is not None else root):
        yield gathered(_blocks(element, 0, preserve=options.preserve), _ENGINE, between)


def _content(source: Source) -> etree._Element:
    with opened(source) as archive:
        if _MANIFEST in archive.namelist() and b":encryption-data" in part(archive, _MANIFEST):
            raise ProcessingError(Failure.ENCRYPTED, "The document asks for a password.")
        return tree(part(archive, "content.xml"))


def _paged(body: etree._Element) -> list[etree._Element]:
    kind = body[0] if len(body) else body
    for name in (f"{_DRAW}page", f"{_TABLE}table"):
        if kind.tag != f"{_OFFICE}text" and (found := list(kind.iterchildren(name))):
            return found
    return [body]


def _blocks(element: etree._Element, level: int, *, preserve: bool) -> Iterator[str]:
    if element.tag == f"{_TABLE}table":
        yield table(list(_rows(element)), aligned=preserve)
        return
    for child in element:
        if child.tag in _PARAGRAPHS:
            text = "".join(_pieces(child))
            if preserve or text.strip():
                yield "  " * level + text if preserve else " ".join(text.split())
        elif child.tag not in _LEFT_OUT:
            deeper = level + (child.tag == f"{_TEXT}list")
            yield from _blocks(child, deeper, preserve=preserve)


def _rows(element: etree._Element) -> Iterator[list[str]]:
    for row in element.iter(f"{_TABLE}table-row"):
        cells: list[str] = []
        for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            text = " ".join("".join(_pieces(found)) for found in cell.iter(*_PARAGRAPHS))
            cells += [text] * _repeated(cell, "columns")
        while cells and not cells[-1]:
            cells.pop()
        yield from [cells] * (_repeated(row, "rows") if cells else 1)


def _repeated(element: etree._Element, what: str) -> int:
    times = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return min(int(times), _MAX_REPEATED) if times.isdecimal() else 1


def _pieces(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag == f"{_TEXT}s":
            count = child.get(f"{_TEXT}c", "1")
            yield " " * (min(int(count), _MAX_REPEATED) if count.isdecimal() else 1)
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag not in _LEFT_OUT:
            yield from _pieces(child)
        yield child.tail or ""
