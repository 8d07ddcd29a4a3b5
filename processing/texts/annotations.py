"""What is filled into the forms of a PDF page, and written on it as annotations."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

_MAX_ANNOTATIONS: Final = 2000
_MAX_BYTES: Final = 64 * 1024
_UNSEEN: Final = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_FILLED: Final = frozenset(
    {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
)
_PASSWORD: Final = 1 << 13
"""The flag of a text field that shows no characters (ISO 32000-2, table 230)."""

_WORDLESS: Final = frozenset({raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP})


def annotations(page: pdfium.PdfPage) -> list[str]:
    """Return the values of form fields and the contents of notes that the page shows, in its order.

    The document's forms are initialised before the page is opened, else fields have no values.
    """
    count = min(raw.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)
    return list(dict.fromkeys(filter(None, (_text(page, index) for index in range(count)))))


def _text(page: pdfium.PdfPage, index: int) -> str:
    with _opened(page, index) as annotation:
        if not annotation or raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
            return ""
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        if kind == raw.FPDF_ANNOT_WIDGET:
            return _value(page, annotation)
        return "" if kind in _WORDLESS else _contents(annotation)


@contextmanager
def _opened(page: pdfium.PdfPage, index: int) -> Iterator[Any]:
    annotation = raw.FPDFPage_GetAnnot(page, index)
    try:
        yield annotation
    finally:
        if annotation:
            raw.FPDFPage_CloseAnnot(annotation)


def _value(page: pdfium.PdfPage, annotation: Any) -> str:
    forms = page.formenv
    if forms is None or raw.FPDFAnnot_GetFormFieldType(forms, annotation) not in _FILLED:
        return ""
    if raw.FPDFAnnot_GetFormFieldFlags(forms, annotation) & _PASSWORD:
        return ""
    return _string(
        lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(forms, annotation, buffer, size)
    )


def _contents(annotation: Any) -> str:
    return _string(
        lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", buffer, size)
    )


def _string(read: Callable[[Any, int], int]) -> str:
    """Return a string that PDFium writes in UTF-16, with a zero at its end."""
    size = min(read(None, 0), _MAX_BYTES)
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[: max(size - 2, 0)].decode("utf-16-le", "replace").strip()
