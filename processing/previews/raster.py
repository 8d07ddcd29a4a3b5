"""Previews of pictures made of pixels: small, upright, in sRGB."""

from importlib import import_module
from typing import Final, NamedTuple

from PIL import Image

from processing import decoding_cost, images
from processing.analyses import header
from processing.previews import colour, colour_signals
from processing.previews.colour_space import ColourSpace
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

_DEEP_PIXELS: Final = 26_000_000
"""The most pixels decoded to 16 bits a channel: that takes up to 18 bytes a pixel."""

_UPRIGHT_FORMS: Final = frozenset({"AVIF", "HEIF"})
"""What libheif turns while it decodes."""

READERS: Final = {"TIFF": "tiff", "RAW": "raw", "BMP": "bitmap"}
"""The module that reads what Pillow does not, or not well, by decoder."""

_GAP: Final = 2.0
"""How much larger than wanted a fast box filter leaves a picture for Lanczos."""


class _Facts(NamedTuple):
    form: str | None
    orientation: int
    colours: colour_signals.Signal
    by_vips: bool
    deep: bool


def render(source: Source, longest: int) -> Image.Image:
    """Return the picture as RGB or RGBA, upright, ``longest`` at most on its long side.

    Of several frames or pages it is the first. Never enlarged.

    Raises:
        ProcessingError: Not a picture of its type, broken or cut off, or too large to decode.
    """
    with images.translated():
        if reader := READERS.get(images.decoder(source)):
            read = import_module(f"{__package__}.{reader}").render(source, longest)
            if isinstance(read, Image.Image):
                return read
        facts = _facts(source, longest)
        if shown := facts.deep and _tone_mapped(source, facts, longest):
            return shown
        picture = (facts.by_vips and _reduced_by_vips(source, longest)) or _reduced(source, longest)
        return turned(colour.standard(picture, facts.colours), facts.orientation)


def fitted(image: Image.Image, longest: int) -> Image.Image:
    """Return ``image`` decoded, reduced to ``longest`` at most, in a mode ``colour`` takes."""
    image.draft(
        None, decoding_cost.draft_size(image.size, longest)
    )  # a JPEG is decoded at 1/2, 1/4 or 1/8
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
        by_vips = _is_for_vips(image, longest)
        decoding_cost.check(image, longest, in_strips=by_vips)
        colours = colour_signals.signal(image, source.path)
        deep = _is_deep(image, colours)
        return _Facts(image.format, header.still_to_turn(image), colours, by_vips, deep)


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


def _is_deep(image: Image.Image, colours: colour_signals.Signal) -> bool:
    """Return whether 8 bits a channel are too few, and memory for 16 is there."""
    is_hdr = isinstance(colours, ColourSpace) and colours.transfer.hdr
    return is_hdr and image.width * image.height <= _DEEP_PIXELS


def _tone_mapped(source: Source, facts: _Facts, longest: int) -> Image.Image | None:
    """Return a still of HDR in sRGB, upright; None if it has no more than 8 bits."""
    from processing.previews import conversion, deep  # noqa: PLC0415 - seldom needed

    samples = deep.reduced(source, facts.form, longest)
    if samples is None or not isinstance(facts.colours, ColourSpace):
        return None
    picture = conversion.converted(samples, facts.colours)
    return picture if facts.form in _UPRIGHT_FORMS else turned(picture, facts.orientation)


def _reduced_by_vips(source: Source, longest: int) -> Image.Image | None:
    """Return the picture as libvips reduces it; None where Pillow is to judge."""
    from processing.previews import vips  # noqa: PLC0415 - seldom needed; it takes 15 ms

    return vips.reduced(source, longest)
