"""Previews of TIFF images, whatever their samples are: reduced by libvips, finished by Pillow."""

from array import array
from pathlib import Path
from typing import Any, Final

from PIL import Image

from processing import images, tiffs
from processing.previews import colour, levels, raster, tiff_rows
from processing.previews.vips import UCHAR, USHORT, RefusedError, Vips
from processing.task import Failure, ProcessingError, Source
from processing.tiffs import Tiff

_GAP: Final = 2
"""How many times larger than wanted a box filter leaves an image for Lanczos."""

_BYTE: Final = 8
_SWAPPING: Final = range(5, 9)
_MODES: Final = {(1, False): "L", (1, True): "La", (3, False): "RGB", (3, True): "RGBa"}
_COMPRESSIONS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000, 50001})
"""What the libraries here decode (TIFF 6.0, section 8, and libtiff's additions)."""


def render(source: Source, longest: int) -> Image.Image:
    """Return the first image as RGB or RGBA, upright, with square pixels.

    Raises:
        ProcessingError: Broken or too large, or its samples are of a kind that nothing here reads.
    """
    tiff = tiffs.first(source)
    if tiff.size == (0, 0):
        raise ProcessingError(Failure.FAILED, "The TIFF file has no image, or is broken.")
    images.check_size(*tiff.size)
    target = _target(tiff, longest)
    picture = _by_rows(source, tiff) or _by_vips(source, tiff, target)
    if picture is None:
        return _by_pillow(source, tiff, target)
    return raster.turned(_finished(picture, target, tiff), tiff.orientation)


def _finished(picture: Image.Image, target: tuple[int, int], tiff: Tiff) -> Image.Image:
    fitted = picture.resize(target, Image.Resampling.LANCZOS, reducing_gap=_GAP)
    return colour.standard(colour.continuous(fitted), tiff.profile)


def _target(tiff: Tiff, longest: int) -> tuple[int, int]:
    width, height = tiff.square_size
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _by_rows(source: Source, tiff: Tiff) -> Image.Image | None:
    bands = tiff_rows.bands(source, tiff)
    return levels.merged(bands, tiff_rows.white(tiff)) if bands else None


def _by_vips(source: Source, tiff: Tiff, target: tuple[int, int]) -> Image.Image | None:
    """Return the image somewhat larger than ``target``; None if Pillow is to read it."""
    if (tiff.photometric, tiff.bits) == (tiffs.LAB, _BYTE):
        return None
    with Vips() as vips, Path(source.path).open("rb") as file:
        try:
            image = vips.file("tiffload", file, page=0, fail_on="error", access="sequential")
            return _reduced(vips, _shown(vips, image, tiff), tiff, target)
        except RefusedError:
            return None


def _shown(vips: Vips, image: Any, tiff: Tiff) -> Any:
    """Return the channels that are shown, of 8 bits where the largest value is known."""
    if tiff.photometric == tiffs.LAB:
        return vips.apply("colourspace", image, space="srgb")
    channels = tiff.colours + (tiff.has_alpha and tiff.photometric != tiffs.SEPARATED)
    if vips.number(image, "bands") > channels:
        image = vips.apply("extract_band", image, band=0, n=channels)
    if vips.number(image, "format") == USHORT:
        image = vips.apply("linear", image, a=255 / 65_535, b=0, uchar="true")
    return image


def _reduced(vips: Vips, image: Any, tiff: Tiff, target: tuple[int, int]) -> Image.Image:
    is_premultiplied = tiff.has_alpha and tiff.extra[0] == tiffs.ASSOCIATED
    is_byte = vips.number(image, "format") == UCHAR
    bands = vips.number(image, "bands")
    has_alpha = tiff.has_alpha and bands in {2, 4} and tiff.photometric != tiffs.SEPARATED
    if is_byte and has_alpha and not is_premultiplied:
        image = vips.apply("premultiply", image, max_alpha=255)
    width, height = vips.size(image)
    across, down = (max(1, n // (_GAP * m)) for n, m in zip((width, height), target, strict=True))
    image = vips.apply("shrink", image, hshrink=across, vshrink=down)
    if not is_byte:
        return levels.merged(_separate(vips, image, bands - has_alpha), levels.GUESSED)
    image = vips.apply("cast", image, format="uchar")
    data, size = vips.pixels(image), vips.size(image)
    if tiff.photometric == tiffs.ICC_LAB:
        # Pillow keeps a and b as ICC does, but takes them as CIELab has them.
        return Image.merge("LAB", Image.frombytes("RGB", size, data).split())
    mode = "CMYK" if tiff.photometric == tiffs.SEPARATED else _MODES[bands - has_alpha, has_alpha]
    picture = Image.frombytes(mode, size, data)
    return picture.convert(mode.upper()) if has_alpha else picture


def _separate(vips: Vips, image: Any, count: int) -> list[Image.Image]:
    image = vips.apply("cast", image, format="float")
    size, bands = vips.size(image), vips.number(image, "bands")
    samples = array("f", vips.pixels(image))  # read once: the file is decoded in one sweep
    return [Image.frombytes("F", size, samples[at::bands].tobytes()) for at in range(count)]


def _by_pillow(source: Source, tiff: Tiff, target: tuple[int, int]) -> Image.Image:
    """Return what Pillow, which turns TIFF images itself, makes of the image."""
    turned = target[::-1] if tiff.orientation in _SWAPPING else target
    try:
        with images.header(source) as image:
            image.load()
            return _finished(colour.continuous(image), turned, tiff)
    except ProcessingError as error:
        if tiff.compression in _COMPRESSIONS and error.failure is not Failure.UNSUPPORTED:
            raise
        raise ProcessingError(
            Failure.UNSUPPORTED, "The TIFF file stores its samples in a way that is not supported."
        ) from None
