"""The text in a picture: its first frame read at once, further pages of a TIFF left for OCR."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from PIL import Image

from processing.images import check_size, decoder, opened
from processing.previews import encoding, raster
from processing.task import Failure, ProcessingError, Source
from processing.texts.document import MAX_PAGES, Options, Page
from processing.texts.recognition import LONGEST, recognized

_PAGED: Final = "TIFF"


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text of the picture, and None for each further page of a TIFF."""
    if decoder(source) in raster.READERS:
        yield recognized(encoding.bare(raster.render(source, LONGEST)), options)
        yield from (None for _ in range(_further_pages(source)))
        return
    with opened(source) as image:
        count = _frames(image)
        image.draft("L", (LONGEST, LONGEST))
        first = recognized(image, options)
    yield first
    yield from (None for _ in range(count - 1))


def frame(source: Source, index: int, options: Options) -> Page:
    """Return the text of one page of a TIFF.

    Raises:
        ProcessingError: It has no such page, or that is too large or broken.
    """
    with opened(source) as image:
        if not 0 <= index < _frames(image):
            raise ProcessingError(Failure.FAILED, "The file has no such page.")
        image.seek(index)
        check_size(*image.size)
        return recognized(image, options)


def _further_pages(source: Source) -> int:
    """Count the pages of a TIFF behind the first; none where Pillow cannot open it."""
    if decoder(source) != _PAGED:
        return 0
    with suppress(ProcessingError), opened(source) as image:
        return _frames(image) - 1
    return 0


def _frames(image: Image.Image) -> int:
    """Count the pages of a TIFF, as far as pages are taken; the frames of others are one page."""
    if image.format != _PAGED:
        return 1
    for number in range(1, MAX_PAGES + 2):
        try:
            image.seek(number)
        except EOFError:
            image.seek(0)
            return number
    image.seek(0)
    return MAX_PAGES + 2
