"""Previews of pictures made of pixels: small, upright, in sRGB."""

from importlib import import_module
from typing import Final, NamedTuple

from PIL import Image

from processing import images
from processing.analyses import header
from processing.previews import colour
from processing.task import Source

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (Exif 2.32, section 4.6.5)."""

_BY_VIPS: Final = frozenset({"PNG", "WEBP"})
_WORTH_VIPS: Final = 500_000
"""The least pixels for which libvips is loaded: below, that takes longer than it saves."""

READERS: Final = {"TIFF": "tiff", "RAW": "raw", "BMP": "bitmap"}
"""The module that reads what Pillow does not, or not well, by decoder."""

_GAP: Final = 2.0
"""How much larger than wanted a fast box filter leaves a picture for Lanczos."""


class _Facts(NamedTuple):
    orientation: int
    profile: bytes | None
    by_vips: bool


def render(source: Source, longest: int) -> Image.Image:
    """Return the picture as RGB or RGBA, upright, ``longest`` at most on its long side.

    Of several frames or pages it is the first. Never enlarged.

    Raises:
        ProcessingError: Not a picture of its type, broken or cut off, or too large to decode.
    """
    with images.translated():
        if reader := READERS.get(images.decoder(source)):
            shown: Image.Image | None = import_module(f"{__package__}.{reader}").render(
                source, longest
            )
            if shown:
                return shown
        facts = _facts(source, longest)
        picture = (facts.by_vips and _reduced_by_vips(source, longest)) or _reduced(source, longest)
        return turned(colour.standard(picture, facts.profile), facts.orientation)


def fitted(image: Image.Image, longest: int) -> Image.Image:
    """Return ``image`` decoded, reduced to ``longest`` at most, in a mode ``colour`` takes."""
    image.draft(None, (longest, longest))  # a JPEG is decoded at 1/2, 1/4 or 1/8
    image = colour.continuous(image)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=_GAP)
    image.load()
    return image


def turned(picture: Image.Image, orientation: int) -> Image.Image:
    """Return ``picture`` upright, given its EXIF orientation of 1 to 8."""
    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def _facts(source: Source, longest: int) -> _Facts:
    """Return what the header says, with nothing kept open: Pillow holds an open WebP twice."""
    with header.opened(source) as image:
        images.check(image)
        profile = image.info.get("icc_profile")
        return _Facts(header.still_to_turn(image), profile, _is_for_vips(image, longest))


def _reduced(source: Source, longest: int) -> Image.Image:
    with header.opened(source) as image:
        if first := header.first_frame(image):
            image.seek(first)
        return fitted(image, longest)


def _is_for_vips(image: Image.Image, longest: int) -> bool:
    """Return whether libvips reduces this picture faster than Pillow, and in little memory.

    Measured on one core with 12 megapixels: PNG 200 ms against 350, WebP 145 against 225. JPEG
    takes Pillow 54 against 58. What is interlaced would be held in memory as a whole.
    """
    worthwhile = image.width * image.height >= _WORTH_VIPS and max(image.size) > longest
    whole = image.info.get("interlace") or getattr(image, "is_animated", False)
    return image.format in _BY_VIPS and worthwhile and not whole


def _reduced_by_vips(source: Source, longest: int) -> Image.Image | None:
    """Return the picture as libvips reduces it; None where Pillow is to judge."""
    from processing.previews import vips  # noqa: PLC0415 - seldom needed; it takes 15 ms

    return vips.reduced(source, longest)
