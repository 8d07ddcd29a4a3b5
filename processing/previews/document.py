"""The first page of a PDF."""

from PIL import Image

from processing import pdf
from processing.task import Failure, ProcessingError, Source


def render(source: Source, longest: int) -> Image.Image:
    """Return the first page on white as RGB, ``longest`` pixels on its long side.

    Annotations and filled-in forms are drawn too.

    Raises:
        ProcessingError: It asks for a password, is broken, has no page, or a page without area.
    """
    with pdf.opened(source) as document:
        document.init_forms()  # before any page is loaded, or its form fields stay empty
        if len(document) < 1:
            raise ProcessingError(Failure.FAILED, "The PDF has no pages.")
        return pdf.drawn(document[0], longest=longest)
