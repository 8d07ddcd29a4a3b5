"""Whatever a picture's colours are stored as, sRGB of 8 bits."""

import io
from math import isfinite
from typing import Final

from PIL import Image, ImageCms

from processing.previews.colour_signals import Signal
from processing.previews.colour_space import ColourSpace
from processing.previews.libvips import Samples, VipsError
from processing.task import Failure, ProcessingError

_WIDE: Final = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_OPAQUE: Final = {"RGBA": "RGB", "LA": "L"}
_WHITES: Final = (1, 255, 65535)
"""What white may be in a picture of large integers or floats that does not say."""

_MAX_PROFILE: Final = 4 * 1024 * 1024
_SPACES: Final = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab "}
"""Pillow's mode to the colour space that a profile for it names (ICC.1:2022, section 7.2.6)."""


def continuous(image: Image.Image) -> Image.Image:
    """Return ``image`` in a mode whose values can be averaged: no palette, key or bits."""
    if image.mode in _WIDE or (image.mode == "I" and image.format == "PPM"):
        # Shifted now, while it is known that white is 65535.
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"La", "RGBa"}:
        return image.convert(image.mode.upper())
    if image.mode in {"P", "PA"} or (image.has_transparency_data and "A" not in image.getbands()):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image


def standard(picture: Image.Image, colours: Signal) -> Image.Image:
    """Return ``picture`` in sRGB, as RGB, or RGBA if it has an alpha channel.

    ``colours`` is an ICC profile, a colour space, or None if the values are those of sRGB already.
    One that is broken, or for another kind of picture, is taken for none.

    Raises:
        ProcessingError: Its values are not numbers.
    """
    if picture.mode in _OPAQUE:
        opaque = standard(picture.convert(_OPAQUE[picture.mode]), colours)
        opaque.putalpha(picture.getchannel("A"))
        return opaque
    if picture.mode in {"I", "F"}:
        picture = _bytes(picture)
    if isinstance(colours, ColourSpace):
        return _by_space(picture, colours)
    return _by_profile(picture, colours) or picture.convert("RGB")


def _bytes(picture: Image.Image) -> Image.Image:
    low, high = (float(value) for value in picture.getextrema())  # type: ignore[arg-type] # one band
    if not (isfinite(low) and isfinite(high)):
        raise ProcessingError(Failure.FAILED, "The picture's values are not numbers.")
    white = next((white for white in _WHITES if high <= white), high) if low >= 0 else high
    black = min(low, 0.0)
    scale = 255 / ((white - black) or 1)
    return picture.convert("F").point(lambda value: value * scale - black * scale).convert("L")


def _by_space(picture: Image.Image, space: ColourSpace) -> Image.Image:
    from processing.previews import conversion  # noqa: PLC0415 - seldom needed; it takes 15 ms

    shown = picture.convert("RGB")
    samples = Samples(*shown.size, len(shown.getbands()), "B", shown.tobytes())
    try:
        return conversion.converted(samples, space)
    except (VipsError, ValueError):
        return shown


def _by_profile(picture: Image.Image, profile: bytes | None) -> Image.Image | None:
    if not profile or len(profile) > _MAX_PROFILE or picture.mode not in _SPACES:
        return None
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if given.profile.xcolor_space != _SPACES[picture.mode]:
            return None
        return ImageCms.profileToProfile(
            picture, given, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
