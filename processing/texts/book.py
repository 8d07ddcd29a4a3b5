"""The text of EPUB books: the documents of the spine, in its order, each as a page."""

import posixpath
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote
from zipfile import ZipFile

from lxml import etree

from processing.task import Failure, ProcessingError, Source
from processing.texts.document import Options, Page
from processing.texts.markup import text_of
from processing.texts.packages import opened, part, tree

_ENGINE: Final = "epub"
_CONTAINER: Final = "META-INF/container.xml"
_ENCRYPTION: Final = "META-INF/encryption.xml"
_CIPHERS: Final = b"http://www.w3.org/2001/04/xmlenc#aes"
_XHTML: Final = frozenset({"application/xhtml+xml", "text/html", "text/x-oeb1-document"})


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text of each chapter; one that the book names but does not hold is empty.

    Follows EPUB 3.3, sections 4.2.6.3.1 (container.xml) and 5.7 (spine).

    Raises:
        ProcessingError: Not a book, broken, protected, or too large.
    """
    with opened(source) as archive:
        if _ENCRYPTION in archive.namelist() and _CIPHERS in part(archive, _ENCRYPTION):
            raise ProcessingError(Failure.ENCRYPTED, "The book is protected.")
        for name in _spine(archive):
            yield _chapter(archive, name, options)


def _chapter(archive: ZipFile, name: str, options: Options) -> Page:
    try:
        return Page(text_of(part(archive, name), options), _ENGINE)
    except KeyError:
        return Page("", _ENGINE, cut=True)


def _spine(archive: ZipFile) -> Iterator[str]:
    root = _named(tree(part(archive, _CONTAINER)), "rootfile")[0].get("full-path", "")
    package = tree(part(archive, root))
    documents = {
        item.get("id"): item.get("href", "")
        for item in _named(package, "item")
        if item.get("media-type") in _XHTML
    }
    for reference in _named(package, "itemref"):
        href = documents.get(reference.get("idref"))
        if href:
            path = unquote(href.partition("#")[0])
            yield posixpath.normpath(posixpath.join(posixpath.dirname(root), path))


def _named(root: etree._Element, name: str) -> list[etree._Element]:
    return list(root.iter(f"{{*}}{name}"))
