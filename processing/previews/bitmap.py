"""Previews of BMP images whose channels are bit fields of any width (BITMAPV5HEADER, bV5RedMask)."""

import struct
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from PIL import Image

from processing import images
from processing.previews.vips import RefusedError, Vips
from processing.task import Failure, ProcessingError, Source

_FILE_HEADER: Final = 14
_INFO_HEADER: Final = 40
_WITH_MASKS: Final = 52
_WITH_ALPHA: Final = 56
_BIT_FIELDS: Final = frozenset({3, 6})
_READ_BY_PILLOW: Final = frozenset({0, 1, 2})
_DEPTHS: Final = {16: 2, 32: 4}
_GAP: Final = 2


class _Bitmap(NamedTuple):
    width: int
    height: int
    is_upside_down: bool
    offset: int
    bytes: int
    masks: tuple[int, ...]


def render(source: Source, longest: int) -> Image.Image | None:
    """Return a bitmap of bit fields as RGB or RGBA; None for any other, which Pillow reads.

    Raises:
        ProcessingError: Broken, too large, or compressed in a way that nothing here reads.
    """
    with Path(source.path).open("rb") as file:
        bitmap = _described(file)
        if bitmap is None:
            return None
        images.check_size(bitmap.width, bitmap.height)
        if source.size < bitmap.offset + _stride(bitmap) * bitmap.bytes * bitmap.height:
            raise ProcessingError(Failure.FAILED, "The picture is broken or cut off.")
        picture = _decoded(file, bitmap, longest)
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return picture


def _described(file: BinaryIO) -> _Bitmap | None:
    head = file.read(_FILE_HEADER + _WITH_ALPHA)
    if not head.startswith(b"BM") or len(head) < _FILE_HEADER + _WITH_MASKS:
        return None
    offset, size, width, height = struct.unpack_from("<IIii", head, 10)
    depth, compression = struct.unpack_from("<HI", head, 28)
    if size < _INFO_HEADER or compression in _READ_BY_PILLOW:
        return None
    if compression not in _BIT_FIELDS or depth not in _DEPTHS:
        raise ProcessingError(Failure.UNSUPPORTED, "The bitmap's compression is not supported.")
    has_alpha = size >= _WITH_ALPHA or compression == max(_BIT_FIELDS)
    masks = struct.unpack_from("<4I" if has_alpha else "<3I", head, _FILE_HEADER + _INFO_HEADER)
    if not all(masks[:3]):
        return None
    if not masks[-1]:
        masks = masks[:3]
    return _Bitmap(width, abs(height), height > 0, offset, _DEPTHS[depth], masks)


def _stride(bitmap: _Bitmap) -> int:
    """Return the pixels of a row with those that pad it to four bytes."""
    return -(-bitmap.width * bitmap.bytes // 4) * 4 // bitmap.bytes


def _decoded(file: BinaryIO, bitmap: _Bitmap, longest: int) -> Image.Image:
    try:
        with Vips() as vips:
            image = _upright(vips, file, bitmap)
            factor = max(1, max(bitmap.width, bitmap.height) // (_GAP * longest))
            bands = [_channel(vips, image, mask, bitmap.bytes, factor) for mask in bitmap.masks]
    except RefusedError as error:
        raise ProcessingError(Failure.FAILED, "The picture is broken or cut off.") from error
    return Image.merge("RGBA" if len(bands) > 3 else "RGB", bands)  # noqa: PLR2004 - with alpha


def _upright(vips: Vips, file: BinaryIO, bitmap: _Bitmap) -> Any:
    stride = _stride(bitmap)
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
