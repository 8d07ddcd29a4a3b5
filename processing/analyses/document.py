"""PDF: pages, what its author says of it, and what kind of PDF it is."""

from typing import Any, Final

from pypdfium2 import PdfDocument, PdfiumError, raw

from processing import pdf
from processing.analyses.pdf_xmp import pdf_xmp
from processing.analyses.result import Parts
from processing.analyses.timestamps import from_iso, from_pdf
from processing.task import Source

_TEXTS: Final = {
    "title": "Title",
    "author": "Author",
    "subject": "Subject",
    "keywords": "Keywords",
    "creator": "Creator",
    "producer": "Producer",
}
_DATES: Final = {"created": "CreationDate", "modified": "ModDate"}
_PAGES_READ: Final = 3


def parts(source: Source) -> Parts:
    """Yield what the document says of itself, then what its first pages show.

    Raises:
        ProcessingError: Encrypted, broken, or a page is.
    """
    with pdf.opened(source) as document:
        version = document.get_version()
        yield {
            "pages": len(document),
            "version": f"{version // 10}.{version % 10}" if version else None,
            "encrypted": raw.FPDF_GetSecurityHandlerRevision(document) >= 0,
            "tagged": bool(raw.FPDFCatalog_IsTagged(document)),
            "has_form": document.get_formtype() != raw.FORMTYPE_NONE,
        }
        yield _properties(document, pdf_xmp(source))
        yield from _pages(document)


def _properties(document: PdfDocument, xmp: dict[str, str]) -> dict[str, Any]:
    """Return what the document's information says; where that is empty, what its XMP says."""
    texts = {name: _entry(document, key) or xmp.get(name) for name, key in _TEXTS.items()}
    dates = {
        name: from_pdf(_entry(document, key) or "") or from_iso(xmp.get(name))
        for name, key in _DATES.items()
    }
    return texts | dates


def _entry(document: PdfDocument, key: str) -> str | None:
    try:
        value: str = document.get_metadata_value(key)
    except (PdfiumError, ValueError):  # half a surrogate pair, for one
        return None
    return value


def _pages(document: PdfDocument) -> Parts:
    count = min(len(document), _PAGES_READ)
    if not count:
        return
    width, height = document[0].get_size()
    yield {"page_size": {"width": round(width, 2), "height": round(height, 2)}}
    yield {"has_text_layer": any(_has_text(document, index) for index in range(count))}


def _has_text(document: PdfDocument, index: int) -> Any:
    page = document[index]
    text = page.get_textpage()
    try:
        return text.count_chars() > 0
    finally:
        text.close()
        page.close()
