"""The text of PowerPoint files: a slide with its tables, charts, notes and comments is a page."""

from collections.abc import Iterator
from typing import Final

from lxml import etree

from processing.task import Failure, ProcessingError, Source
from processing.texts.document import Options, Page, gathered
from processing.texts.ooxml import (
    COMPATIBILITY,
    DRAWING,
    MATH,
    RELATIONSHIP,
    Package,
    chosen,
    graphics,
)
from processing.texts.packages import opened
from processing.texts.tables import table

_ENGINE: Final = "ooxml"
_SLIDES: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_P, _TBL, _TR, _TC = (f"{DRAWING}{name}" for name in ("p", "tbl", "tr", "tc"))
_TEXT, _BREAK, _PROPERTIES = (f"{DRAWING}{name}" for name in ("t", "br", "pPr"))
_GRAPHIC: Final = f"{_SLIDES}graphicFrame"
_ALTERNATE: Final = f"{COMPATIBILITY}AlternateContent"
_BODY: Final = "body"
_MAX_LEVEL: Final = 8


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text of each slide in the order of the presentation, its notes behind it."""
    between = "\n" if options.preserve else "\n\n"
    with opened(source) as archive:
        package = Package(archive)
        for name in _names(package):
            yield gathered(_slide(package, name, preserve=options.preserve), _ENGINE, between)


def _names(package: Package) -> Iterator[str]:
    main = package.main()
    root = package.tree(main)
    if root.tag != f"{_SLIDES}presentation":
        raise ProcessingError(Failure.FAILED, "The document is not a presentation.")
    for found in root.iterfind(f"{_SLIDES}sldIdLst/{_SLIDES}sldId"):
        target = package.target(main, found.get(f"{RELATIONSHIP}id"))
        if target:
            yield target


def _slide(package: Package, name: str, *, preserve: bool) -> Iterator[str]:
    yield from _blocks(package, name, package.tree(name), preserve=preserve)
    for notes in package.related(name, "notesSlide"):
        for shape in package.tree(notes).iter(f"{_SLIDES}sp"):
            if _placeholder(shape) == _BODY:
                yield from _blocks(package, notes, shape, preserve=preserve)
    for comments in package.related(name, "comments"):
        yield from _comments(package.tree(comments))


def _comments(root: etree._Element) -> Iterator[str]:
    """Yield comments, as they are since 2007 and as threads since 2021."""
    for found in root.iter(f"{_SLIDES}text", _P):
        text = found.text or "" if found.tag != _P else _text(found)
        if text.strip():
            yield text.strip()


def _placeholder(shape: etree._Element) -> str | None:
    found = next(shape.iter(f"{_SLIDES}ph"), None)
    return found.get("type", _BODY) if found is not None else None


def _blocks(
    package: Package, name: str, element: etree._Element, *, preserve: bool
) -> Iterator[str]:
    for child in element:
        if child.tag == _P:
            text = _text(child)
            if text.strip():
                yield "  " * _level(child) + text if preserve else " ".join(text.split())
        elif child.tag == _TBL:
            yield table([_cells(row) for row in child.iterchildren(_TR)], aligned=preserve)
        elif child.tag == _ALTERNATE:
            branch = chosen(child)
            if branch is not None:
                yield from _blocks(package, name, branch, preserve=preserve)
        elif isinstance(child.tag, str) and not _is_hidden(child):
            yield from _blocks(package, name, child, preserve=preserve)
            if child.tag == _GRAPHIC:
                yield from graphics(package, name, child)


def _is_hidden(shape: etree._Element) -> bool:
    """Tell whether a shape is hidden; its first child says so (ECMA-376-1, section 19.3.1)."""
    properties = shape.find(f"*/{_SLIDES}cNvPr")
    return properties is not None and properties.get("hidden") in {"1", "true"}


def _cells(row: etree._Element) -> list[str]:
    return [" ".join(_text(found) for found in cell.iter(_P)) for cell in row.iterchildren(_TC)]


def _text(paragraph: etree._Element) -> str:
    pieces = paragraph.iter(_TEXT, f"{MATH}t", _BREAK)
    return "".join("\n" if piece.tag == _BREAK else piece.text or "" for piece in pieces)


def _level(paragraph: etree._Element) -> int:
    properties = paragraph.find(_PROPERTIES)
    level = properties.get("lvl", "0") if properties is not None else "0"
    return min(int(level), _MAX_LEVEL) if level.isdecimal() else 0
