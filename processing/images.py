"""Opening pictures: by allow-list, and measured by their header before anything is decoded."""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from PIL import Image, ImageFile, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from processing.content_types import canonical
from processing.kinds import IMAGE_FORMATS, RAW, SURELY_DECODED
from processing.task import MAX_FRAME_PIXELS, MAX_PIXELS, Failure, ProcessingError, Source

_BROKEN: Final = (
    OSError,
    EOFError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    SyntaxError,  # the header of a PNG
    RuntimeError,  # the pixels of an AVIF
    struct.error,
)
"""What decoders raise for broken bytes."""

_MOST_PIXELS: Final = {"QOI": 2_000_000, "JPEG2000": 24_000_000}
_ALIKE: Final = {"ICO": ("ICO", "CUR")}
"""The formats that one content type may be."""


@contextmanager
def opened(source: Source) -> Iterator[Image.Image]:
    """Open a picture for the block, not decoded yet.

    Raises (from the block too, in place of the decoder's own errors):
        ProcessingError: Not a picture of an allowed format, too many pixels, or broken.
    """
    with translated(), _opened(source, _ready(source)) as image:
        check_size(*image.size)
        yield image


@contextmanager
def header(source: Source) -> Iterator[Image.Image]:
    """Open a picture of any size for the block, for what its header says: never to be decoded.

    Raises (from the block too, in place of the decoder's own errors):
        ProcessingError: Not a picture of an allowed format, or broken.
    """
    with translated():
        allowed = _ready(source)
        with _any_size():
            image = _opened(source, allowed)
        with image:
            yield image


@contextmanager
def _any_size() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


@contextmanager
def translated() -> Iterator[None]:
    """Raise what decoders raise as ``ProcessingError``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd metadata, which is no failure
            yield
    except (MemoryError, Image.DecompressionBombError):
        raise ProcessingError(Failure.TOO_LARGE, "The picture is too large to decode.") from None
    except UnidentifiedImageError:
        raise ProcessingError(Failure.FAILED, "The picture cannot be read.") from None
    except _BROKEN as error:
        raise ProcessingError(Failure.FAILED, "The picture is broken or cut off.") from error


def check_size(width: int, height: int, frames: int = 1) -> None:
    """Raise ``ProcessingError`` if a picture has no pixels or more than are decoded."""
    if width < 1 or height < 1:
        raise ProcessingError(Failure.FAILED, "The picture has no pixels.")
    if width * height > MAX_PIXELS:
        raise ProcessingError(
            Failure.TOO_LARGE,
            f"The picture has {width} x {height} pixels; at most {MAX_PIXELS:,} are decoded.",
        )
    if width * height * frames > MAX_FRAME_PIXELS:
        raise ProcessingError(
            Failure.TOO_LARGE, f"The animation's {frames} frames hold too many pixels."
        )


def check(image: Image.Image) -> None:
    """Raise ``ProcessingError`` if an open picture has more pixels than its decoder takes in time.

    Pillow reads QOI pixel by pixel; OpenJPEG holds each sample in four bytes, several times.
    """
    check_size(*image.size)
    most = _MOST_PIXELS.get(image.format or "", MAX_PIXELS)
    if image.width * image.height > most:
        raise ProcessingError(
            Failure.TOO_LARGE,
            f"The picture has {image.width} x {image.height} pixels; "
            f"of {image.format} at most {most:,} are decoded.",
        )


def decoder(source: Source) -> str:
    """Return the decoder of a file, by Pillow's name of the format, or ``kinds.RAW``.

    Raises:
        ProcessingError: Not an image of an allowed format.
    """
    allowed = IMAGE_FORMATS.get(source.content_type)
    if allowed is None:
        raise ProcessingError(
            Failure.UNSUPPORTED, f"A file of type {source.content_type} is not a picture."
        )
    return allowed


def _ready(source: Source) -> str:
    """Return the decoder of a file, made ready."""
    allowed = decoder(source)
    _prepare(allowed)
    return allowed


def _opened(source: Source, allowed: str) -> Image.Image:
    if allowed == RAW:
        raise ProcessingError(Failure.UNSUPPORTED, "Pillow does not read raw photos.")
    try:
        return _opened_as(allowed, source.path)
    except UnidentifiedImageError:
        if canonical(source.content_type) in SURELY_DECODED:
            raise
        raise ProcessingError(
            Failure.UNSUPPORTED, f"No decoder reads this file of type {source.content_type}."
        ) from None


def _opened_as(allowed: str, path: str) -> Image.Image:
    if allowed == "JPEG":
        # Pillow itself would open a still with a second, hidden image (CIPA DC-007) as an MPO,
        # whose second frame that is.
        try:
            return _checked(JpegImageFile(path))
        except SyntaxError:
            raise UnidentifiedImageError(path) from None
    return Image.open(path, formats=_ALIKE.get(allowed, (allowed,)))


def _checked(image: Image.Image) -> Image.Image:
    limit = Image.MAX_IMAGE_PIXELS
    if limit and image.width * image.height > 2 * limit:
        image.close()
        raise Image.DecompressionBombError
    return image


@cache
def _prepare(allowed: str) -> None:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if allowed == "HEIF":
        import pillow_heif  # noqa: PLC0415 - only where it is needed; it takes 20 ms

        pillow_heif.register_heif_opener(thumbnails=False)
    if allowed == "JXL":
        import pillow_jxl  # noqa: F401, PLC0415 - registers itself
