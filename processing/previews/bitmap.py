"""Previews of BMP images whose channels are bit fields of any width."""

from pathlib import Path
from typing import Any, BinaryIO, Final

from PIL import Image

from processing import bitmaps, images
from processing.bitmaps import Bitmap
from processing.previews.vips import RefusedError, Vips
from processing.task import Failure, ProcessingError, Source

_GAP: Final = 2


def render(source: Source, longest: int) -> Image.Image | None:
    """Return a bitmap of bit fields as RGB or RGBA; None for any other, which Pillow reads.

    Raises:
        ProcessingError: Broken, too large, or compressed in a way that nothing here reads.
    """
    bitmap = bitmaps.described(source)
    if bitmap is None:
        return None
    images.check_size(bitmap.width, bitmap.height)
    with Path(source.path).open("rb") as file:
        if source.size < bitmap.offset + bitmap.stride * bitmap.bytes * bitmap.height:
            raise ProcessingError(Failure.FAILED, "The picture is broken or cut off.")
        picture = _decoded(file, bitmap, longest)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return picture


def _decoded(file: BinaryIO, bitmap: Bitmap, longest: int) -> Image.Image:
    try:
        with Vips() as vips:
            image = _upright(vips, file, bitmap)
            factor = max(1, max(bitmap.width, bitmap.height) // (_GAP * longest))
            bands = [_channel(vips, image, mask, bitmap.bytes, factor) for mask in bitmap.masks]
    except RefusedError as error:
        raise ProcessingError(Failure.FAILED, "The picture is broken or cut off.") from error
    return Image.merge("RGBA" if len(bands) > 3 else "RGB", bands)  # noqa: PLR2004 - with alpha


def _upright(vips: Vips, file: BinaryIO, bitmap: Bitmap) -> Any:
    stride = bitmap.stride
    image = vips.file(
        "rawload",
        file,
        width=stride,
        height=bitmap.height,
        bands=bitmap.bytes,
        offset=bitmap.offset,
    )
    if stride > bitmap.width:
        crop = {"left": 0, "top": 0, "width": bitmap.width, "height": bitmap.height}
        image = vips.apply("extract_area", image, **crop)
    return vips.apply("flip", image, direction="vertical") if bitmap.is_upside_down else image


def _channel(vips: Vips, image: Any, mask: int, count: int, factor: int) -> Image.Image:
    """Return one channel: the bits under its mask, byte by byte, put together and scaled to 255."""
    parts = mask.to_bytes(count, "little")
    weights = [255 * count * 256**place / mask for place in range(count)]
    bits = vips.apply("boolean_const", image, boolean="and", c=_joined(parts))
    scaled = vips.apply("linear", bits, a=_joined(weights), b=_joined([0.5] * count))
    channel = vips.apply("shrink", vips.apply("bandmean", scaled), hshrink=factor, vshrink=factor)
    channel = vips.apply("cast", channel, format="uchar")
    return Image.frombytes("L", vips.size(channel), vips.pixels(channel))


def _joined(numbers: Any) -> str:
    return " ".join(map(str, numbers))
