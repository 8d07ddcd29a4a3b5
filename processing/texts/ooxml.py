"""Office Open XML packages: parts found by their relationships (ECMA-376, part 2, section 6.5).

Strict documents use other namespaces for the same elements (ISO 29500-1, annex A). They are read
under the transitional ones, so that extractors know one name for each.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import IO, Final, NamedTuple
from urllib.parse import unquote

from lxml import etree

from processing.task import Failure, ProcessingError
from processing.texts.packages import part, tree

MATH: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
DRAWING: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
CHART_EX: Final = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
DIAGRAM: Final = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
RELATIONSHIP: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
COMPATIBILITY: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_STRICT: Final = re.compile(rb"http://purl\.oclc\.org/ooxml/([A-Za-z]+)/")
_TRANSITIONAL: Final = rb"http://schemas.openxmlformats.org/\1/2006/"
_OUTSIDE: Final = "External"


class _Relationship(NamedTuple):
    identity: str
    kind: str
    target: str


class Package:
    """The parts of an open package. Names of parts are compared without case."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}
        self._relationships: dict[str, list[_Relationship]] = {}

    def main(self) -> str:
        """Return the name of the main part.

        Raises:
            ProcessingError: The package names none that it holds.
        """
        found = next(self.related("", "officeDocument"), None)
        if found is None:
            raise ProcessingError(Failure.FAILED, "The document has no main part.")
        return found

    def related(self, name: str, *kinds: str) -> Iterator[str]:
        """Yield the parts that a part relates to by one of ``kinds``, the last word of the type."""
        for found in self._of(name):
            if found.kind in kinds and found.target:
                yield found.target

    def target(self, name: str, identity: str | None) -> str | None:
        """Return the part that ``identity`` means in a part; None if the package lacks it."""
        return next((one.target for one in self._of(name) if one.identity == identity), None)

    def tree(self, name: str) -> etree._Element:
        """Return the root of a part's XML.

        Raises:
            ProcessingError: It is too large.
            XMLSyntaxError: It is not XML.
        """
        return tree(self.data(name))

    def data(self, name: str) -> bytes:
        """Return the bytes of a part, with the transitional namespaces."""
        return _STRICT.sub(_TRANSITIONAL, part(self._archive, self._names[name.lower()]))

    def opened(self, name: str) -> IO[bytes]:
        """Open a part of any size; its namespaces are as they are written."""
        return self._archive.open(self._names[name.lower()])

    def _of(self, name: str) -> list[_Relationship]:
        if name not in self._relationships:
            self._relationships[name] = list(self._read(name))
        return self._relationships[name]

    def _read(self, name: str) -> Iterator[_Relationship]:
        folder, base = posixpath.split(name)
        path = posixpath.join(folder, "_rels", f"{base}.rels")
        if path.lower() not in self._names:
            return
        for element in self.tree(path):
            if isinstance(element.tag, str) and element.get("TargetMode") != _OUTSIDE:
                yield _Relationship(
                    element.get("Id", ""),
                    element.get("Type", "").rpartition("/")[2],
                    self._resolved(folder, element.get("Target", "")),
                )

    def _resolved(self, folder: str, target: str) -> str:
        """Return the name of a part as the archive has it; empty if it has none."""
        path = posixpath.normpath(posixpath.join("/", folder, unquote(target.partition("#")[0])))
        return self._names.get(path.lstrip("/").lower(), "")


def chosen(element: etree._Element) -> etree._Element | None:
    """Return the branch of ``mc:AlternateContent`` that is shown: the first (ECMA-376-3, 7.4)."""
    branches = element.iterchildren(f"{COMPATIBILITY}Choice", f"{COMPATIBILITY}Fallback")
    return next(branches, None)


def graphics(package: Package, name: str, element: etree._Element) -> Iterator[str]:
    """Yield the words of the charts and diagrams that an element of a part shows."""
    for found in element.iter(f"{CHART}chart", f"{CHART_EX}chart", f"{DIAGRAM}relIds"):
        is_diagram = found.tag == f"{DIAGRAM}relIds"
        identity = found.get(f"{RELATIONSHIP}dm" if is_diagram else f"{RELATIONSHIP}id")
        target = package.target(name, identity)
        if target:
            yield from (_diagram if is_diagram else chart)(package.tree(target))


def chart(root: etree._Element) -> list[str]:
    """Return the words of a chart: titles and labels, then names of series and categories."""
    titles = _paragraphs(root)
    cached = root.iterfind(f".//{CHART}strCache/{CHART}pt/{CHART}v")
    extended = root.iterfind(f".//{CHART_EX}strDim//{CHART_EX}pt")
    named = root.iterfind(f".//{CHART_EX}txData/{CHART_EX}v")
    found = [*titles, *(one.text or "" for group in (named, cached, extended) for one in group)]
    return list(dict.fromkeys(filter(None, map(str.strip, found))))


def _diagram(root: etree._Element) -> Iterator[str]:
    """Yield the words of SmartArt, in the order of its data (ECMA-376-1, section 21.4.2)."""
    for point in root.iter(f"{DIAGRAM}pt"):
        yield from _paragraphs(point)


def _paragraphs(element: etree._Element) -> Iterator[str]:
    for paragraph in element.iter(f"{DRAWING}p"):
        text = "".join(piece.text or "" for piece in paragraph.iter(f"{DRAWING}t"))
        if text.strip():
            yield text.strip()
