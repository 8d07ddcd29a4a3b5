"""Opening PDFs, and drawing their pages within a bound of pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

from processing.task import Failure, ProcessingError, Source

POINTS_PER_INCH: Final = 72
_PASSWORD: Final = raw.FPDF_ERR_PASSWORD


@contextmanager
def opened(source: Source) -> Iterator[pdfium.PdfDocument]:
    """Open a PDF for the block.

    Raises (from the block too):
        ProcessingError: It asks for a password, is broken, or a page is.
    """
    # A file object: given a path, the library resolves it to a place that workers cannot see.
    with Path(source.path).open("rb") as file:
        document = _document(file)
        try:
            document.init_forms()  # before any page is: without, fields are neither drawn nor read
            yield document
        except pdfium.PdfiumError as error:
            raise ProcessingError(Failure.FAILED, "A page of the PDF cannot be read.") from error
        except MemoryError:
            raise ProcessingError(Failure.TOO_LARGE, "A page of the PDF is too large.") from None
        finally:
            document.close()


def _document(file: BinaryIO) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise ProcessingError(Failure.ENCRYPTED, "The PDF asks for a password.") from None
        raise ProcessingError(Failure.FAILED, "The PDF is broken or cut off.") from error


def drawn(page: pdfium.PdfPage, *, longest: int, dpi: float = 0) -> Image.Image:
    """Return ``page`` on white as RGB, at most ``longest`` pixels on its long side.

    With ``dpi`` the scale is that many dots per inch where ``longest`` allows it. The pixels
    are bounded by ``longest``, whatever size the page claims.

    Raises:
        ProcessingError: The page has no area.
    """
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise ProcessingError(Failure.FAILED, "The page has no area.")
    scale = longest / max(width, height)
    if dpi:
        scale = min(scale, dpi / POINTS_PER_INCH)
    bitmap = page.render(scale=scale, rev_byteorder=True, fill_color=(255, 255, 255, 255))
    try:
        picture: Image.Image = bitmap.to_pil()
        return picture.convert("RGB")
    finally:
        bitmap.close()
