"""Whether an open image fits a worker's memory and time, by its header."""

from typing import Final

from PIL import Image

from processing import images
from processing.task import Failure, ProcessingError

_MAX_BYTES: Final = 380_000_000
"""The most memory that decoding may take, of the 600 MB of a worker."""

_MAX_JPEG_PIXELS: Final = 250_000_000
"""The most pixels of a JPEG: reading them takes the time that a task has, at any scale."""

_MAX_PNG_PIXELS: Final = 120_000_000
"""The most pixels of a PNG that is reduced while it is decoded: more take too long."""

_SCALES: Final = (8, 4, 2, 1)
_PIXEL_BYTES: Final = 4
_COEFFICIENT_BYTES: Final = 2


def check(image: Image.Image, longest: int, *, in_strips: bool = False) -> None:
    """Raise ``ProcessingError`` if ``image`` cannot be decoded for a reduction to ``longest``.

    A JPEG is decoded at the scale that ``draft_size`` leads to; a progressive one holds all of its
    coefficients meanwhile. A PNG that is reduced ``in_strips``, while it is decoded, takes little
    memory. All other formats have a limit of pixels.
    """
    width, height = image.size
    is_png = image.format == "PNG" and in_strips
    if min(image.size) < 1 or not (is_png or image.format == "JPEG"):
        images.check(image)
        return
    most = _MAX_PNG_PIXELS if is_png else _MAX_JPEG_PIXELS
    needed = 0 if is_png else _decoded(image, longest) + _coefficients(image)
    if width * height > most or needed > _MAX_BYTES:
        raise ProcessingError(
            Failure.TOO_LARGE,
            f"The image has {width} x {height} pixels; decoding it takes too much memory or time.",
        )


def draft_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the size to give to ``Image.draft`` for a reduction to ``longest``."""
    width, height = size
    largest = max(longest, 1)
    return max(1, width * largest // max(size)), max(1, height * largest // max(size))


def _decoded(image: Image.Image, longest: int) -> int:
    width, height = image.size
    possible = max(image.size) // longest
    scale = next((each for each in _SCALES if each <= possible), 1)
    return width * height * _PIXEL_BYTES // scale**2


def _coefficients(image: Image.Image) -> int:
    """Return the bytes of a progressive JPEG's coefficients (ITU-T T.81, annexes A.1 and G)."""
    if not image.info.get("progressive"):
        return 0
    factors = [across * down for _, across, down, *_ in getattr(image, "layer", ())]
    share = sum(factors) / max(factors) if factors else _PIXEL_BYTES
    return int(image.width * image.height * share * _COEFFICIENT_BYTES)
