"""Office files and books: the properties that they carry, without opening their contents."""

import re
import zipfile
from collections.abc import Callable
from typing import Any, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from processing.analyses import zipped
from processing.analyses.result import Parts
from processing.analyses.timestamps import from_iso
from processing.task import Failure, ProcessingError, Source

_MAX_ENTRIES: Final = 10_000
_MAX_PART: Final = 1024 * 1024
_DATES: Final = frozenset({"created", "modified"})
_COUNT: Final = re.compile(r"[0-9]{1,15}")
_COUNTS: Final = frozenset(
    {"pages", "words", "characters", "paragraphs", "slides", "sheets", "tables"}
)

_CORE: Final = {
    "title": "title",
    "subject": "subject",
    "creator": "author",
    "lastModifiedBy": "last_modified_by",
    "created": "created",
    "modified": "modified",
    "keywords": "keywords",
    "description": "description",
    "category": "category",
    "language": "language",
}
_APP: Final = {
    "Application": "application",
    "Company": "company",
    "Pages": "pages",
    "Words": "words",
    "Characters": "characters",
    "Paragraphs": "paragraphs",
    "Slides": "slides",
}
_META: Final = {
    "title": "title",
    "subject": "subject",
    "initial-creator": "author",
    "creator": "last_modified_by",
    "creation-date": "created",
    "date": "modified",
    "keyword": "keywords",
    "description": "description",
    "language": "language",
    "generator": "application",
}
_STATISTICS: Final = {
    "page-count": "pages",
    "word-count": "words",
    "character-count": "characters",
    "paragraph-count": "paragraphs",
    "table-count": "tables",
}
_BOOK: Final = {
    "title": "title",
    "creator": "author",
    "publisher": "publisher",
    "date": "created",
    "language": "language",
    "subject": "keywords",
    "description": "description",
    "identifier": "identifier",
}

Properties = dict[str, Any]


def parts(source: Source) -> Parts:
    """Yield the properties: title, author, dates, and the counts that the program wrote down.

    Raises:
        ProcessingError: Not a ZIP archive, broken, or with too many entries.
    """
    with zipped.opened(source) as archive:
        if len(archive.filelist) > _MAX_ENTRIES:
            raise ProcessingError(Failure.TOO_LARGE, "The document has too many parts.")
        yield {"entries": len(archive.filelist), "encrypted": _is_encrypted(archive)}
        read = next(read for ending, read in _READERS if source.content_type.find(ending) >= 0)
        yield _typed(read(archive))


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    names = set(archive.namelist())
    manifest = zipped.part(archive, "META-INF/manifest.xml", _MAX_PART) or b""
    return (
        b"encryption-data" in manifest
        or not names.isdisjoint({"META-INF/rights.xml", "META-INF/license.lcpl"})
        or any(entry.flag_bits & 1 for entry in archive.filelist)
    )


def _ooxml(archive: zipfile.ZipFile) -> Properties:
    """Read docProps (ISO 29500-2 section 8, ISO 29500-1 section 22.2)."""
    counted = {  # these are facts; programs write 0 and leave it there
        "slides": _parts_in(archive, "ppt/slides/slide"),
        "sheets": _parts_in(archive, "xl/worksheets/sheet"),
    }
    core = _texts(_xml(archive, "docProps/core.xml"), _CORE)
    told = core | _texts(_xml(archive, "docProps/app.xml"), _APP)
    return told | {name: count for name, count in counted.items() if count}


def _parts_in(archive: zipfile.ZipFile, prefix: str) -> int | None:
    names = archive.namelist()
    return sum(name.startswith(prefix) and name.endswith(".xml") for name in names) or None


def _odf(archive: zipfile.ZipFile) -> Properties:
    """Read meta.xml (OpenDocument 1.3, part 3, section 4)."""
    root = _xml(archive, "meta.xml")
    found = _texts(root, _META)
    for element in [] if root is None else root.iter():
        if _local(element.tag) == "document-statistic":
            statistics = {_local(name): value for name, value in element.attrib.items()}
            found |= {_STATISTICS[key]: statistics[key] for key in _STATISTICS if key in statistics}
    if "tables" in found and b"spreadsheet" in (zipped.part(archive, "mimetype", 100) or b""):
        found["sheets"] = found.pop("tables")
    return found


def _epub(archive: zipfile.ZipFile) -> Properties:
    """Read the package document (EPUB 3.3, section 5)."""
    container = _xml(archive, "META-INF/container.xml")
    rootfiles = [] if container is None else list(container.iter())
    path = next((file.get("full-path") for file in rootfiles if file.get("full-path")), "")
    return _texts(_xml(archive, path or ""), _BOOK)


_READERS: Final[tuple[tuple[str, Callable[[zipfile.ZipFile], Properties]], ...]] = (
    ("opendocument", _odf),
    ("epub", _epub),
    ("", _ooxml),
)


def _xml(archive: zipfile.ZipFile, name: str) -> Any:
    """Return the root of a part; None without it.

    Raises:
        ProcessingError: It is not XML, or has entities.
    """
    data = zipped.part(archive, name, _MAX_PART)
    if data is None:
        return None
    try:
        return fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise ProcessingError(
            Failure.FAILED, "The properties of the document cannot be read."
        ) from error


def _texts(root: Any, names: dict[str, str]) -> Properties:
    """Return the text of the named elements, several of one name joined by commas."""
    found: dict[str, list[str]] = {}
    for element in [] if root is None else root.iter():
        name = names.get(_local(element.tag))
        if name and element.text and element.text.strip():
            found.setdefault(name, []).append(element.text.strip())
    return {name: ", ".join(values[:100]) for name, values in found.items()}


def _local(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _typed(properties: Properties) -> Properties:
    return {name: _value(name, value) for name, value in properties.items()}


def _value(name: str, value: Any) -> Any:
    if name in _DATES:
        return from_iso(value)
    if name in _COUNTS:
        digits = str(value)
        return int(digits) or None if _COUNT.fullmatch(digits) else None
    return value
