"""A picture's size from its header, whatever the size."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from PIL import Image

from processing import images
from processing.analyses import embedded, png
from processing.task import MAX_PIXELS, Failure, ProcessingError, Source

_ORIENTATION: Final = 0x0112
_SWAPPING: Final = frozenset({5, 6, 7, 8})
_ORIENTATIONS: Final = range(1, 9)
_WEBP_HEAD: Final = 30


@contextmanager
def opened(source: Source) -> Iterator[Image.Image]:
    """Open a picture of any size for the block, for its header.

    Raises:
        ProcessingError: It is broken, or a WebP that takes too much memory merely to open.
    """
    if source.content_type == "image/webp" and _pixels(webp_size(source)) > MAX_PIXELS:
        raise ProcessingError(Failure.TOO_LARGE, "The picture is too large to open.")
    with images.header(source) as image:
        png.find_exif(image, source.path)
        yield image


def size(source: Source) -> tuple[int, int] | None:
    """Return width and height in pixels as the picture is to be shown; None if it has none."""
    if source.content_type == "image/webp":
        canvas = webp_size(source)
        if _pixels(canvas) > MAX_PIXELS:
            return canvas
    try:
        with images.header(source) as image:
            png.find_exif(image, source.path)
            return upright(image)
    except ProcessingError:
        return None


def upright(image: Image.Image) -> tuple[int, int] | None:
    """Return the size of an open picture as it is to be shown; None if it has no pixels."""
    width, height = image.size
    if width < 1 or height < 1:
        return None
    return (height, width) if still_to_turn(image) in _SWAPPING else (width, height)


def still_to_turn(image: Image.Image) -> int:
    """Return the orientation that the pixels of an open picture, once decoded, still have.

    Pillow turns a TIFF itself, and swaps its size when it is opened.
    """
    return 1 if image.format == "TIFF" else orientation(image)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where the file says none or nonsense."""
    found: Any = embedded.attempt(lambda: image.getexif().get(_ORIENTATION))
    return found if isinstance(found, int) and found in _ORIENTATIONS else 1


def webp_size(source: Source) -> tuple[int, int] | None:
    """Return a WebP's canvas in pixels, by its first chunk (RFC 9649, sections 2.5 to 2.7).

    libwebp allocates the whole canvas twice when it opens a file: 34 bytes may ask for 2 GB.
    """
    with images.translated(), Path(source.path).open("rb") as file:
        head = file.read(_WEBP_HEAD).ljust(_WEBP_HEAD, b"\0")
    chunk, payload = head[12:16], head[20:]
    if chunk == b"VP8X":
        return _little(payload[4:7]) + 1, _little(payload[7:10]) + 1
    if chunk == b"VP8L":
        bits = _little(payload[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return _little(payload[6:8]) & 0x3FFF, _little(payload[8:10]) & 0x3FFF
    return None


def _pixels(size: tuple[int, int] | None) -> int:
    return size[0] * size[1] if size else 0


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
