"""What stands for a picture: a BlurHash, its main colours and a perceptual hash."""

import math
from itertools import pairwise, product
from typing import Any, Final

from PIL import Image

from processing.previews import raster
from processing.task import Source

WORKING_SIZE: Final = 128
_BLUR_SIZE: Final = 32
_COLORS: Final = 5
_HASH_SIZE: Final = 8
_OPAQUE: Final = 128
_LINEAR_ENCODED: Final = 0.04045  # up to here sRGB is linear, encoded
_LINEAR: Final = 0.0031308  # and decoded
_DIGITS: Final = (
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
)

Color = tuple[float, float, float]


def placeholders(source: Source) -> dict[str, Any]:
    """Decode a picture and return ``blurhash``, ``dominant_colors``, ``perceptual_hash``.

    Colours are ``#rrggbb``, the most frequent first; the perceptual hash is a dHash of 64 bits in
    hexadecimal. All three are of the upright picture, on white where it is transparent.

    Raises:
        ProcessingError: Broken, too large, or of a kind that nothing here decodes.
    """
    small = raster.render(source, WORKING_SIZE)
    flat = _on_white(small)
    return {
        "blurhash": blurhash(flat),
        "dominant_colors": dominant_colors(small),
        "perceptual_hash": perceptual_hash(flat),
    }


def blurhash_of(source: Source) -> str:
    """Return the BlurHash of a picture in a file.

    Raises:
        ProcessingError: Broken, or too large to decode.
    """
    return blurhash(_on_white(raster.render(source, WORKING_SIZE)))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def dominant_colors(image: Image.Image) -> list[str]:
    """Return up to 5 colours of an RGB or RGBA picture, the most frequent first."""
    return _frequent(_seen(image))


def _seen(image: Image.Image) -> Image.Image:
    """Return the pixels that are not transparent as a picture of one row."""
    if image.mode != "RGBA":
        return image
    opaque = [pixel[:3] for pixel in _pixels(image) if pixel[3] >= _OPAQUE]
    row = Image.new("RGB", (max(1, len(opaque)), 1), "white")
    if opaque:
        row.putdata(opaque)
    return row


def _frequent(image: Image.Image) -> list[str]:
    reduced = image.quantize(_COLORS)
    palette = reduced.getpalette() or []
    counts = sorted(reduced.getcolors() or [], key=lambda entry: -entry[0])
    colors = [palette[3 * int(str(index)) :][:3] for _count, index in counts]
    return ["#{:02x}{:02x}{:02x}".format(*color) for color in colors]


def perceptual_hash(image: Image.Image) -> str:
    """Return the dHash: of 8 x 8 pairs of neighbours, whether the right one is brighter."""
    grey = image.convert("L").resize((_HASH_SIZE + 1, _HASH_SIZE), Image.Resampling.BOX)
    values = grey.tobytes()
    rows = [values[start : start + 9] for start in range(0, len(values), 9)]
    bits = [right > left for row in rows for left, right in pairwise(row)]
    return f"{sum(bit << index for index, bit in enumerate(reversed(bits))):016x}"


def _pixels(image: Image.Image) -> list[tuple[int, ...]]:
    data = image.tobytes()
    bands = len(image.getbands())
    return list(zip(*(data[band::bands] for band in range(bands)), strict=True))


def blurhash(image: Image.Image) -> str:
    """Return the BlurHash of an RGB picture, 4 x 3 components along its longer side.

    The algorithm is that of https://github.com/woltapp/blurhash (Algorithm.md).
    """
    columns, rows = (4, 3) if image.width >= image.height else (3, 4)
    tiny = image.resize((_BLUR_SIZE, _BLUR_SIZE), Image.Resampling.BOX)
    factors = _factors(_linear(tiny), columns, rows)
    strongest = max(abs(value) for factor in factors[1:] for value in factor)
    quantized = max(0, min(82, math.floor(strongest * 166 - 0.5)))
    scale = (quantized + 1) / 166
    size = _base83(columns - 1 + (rows - 1) * 9, 1)
    details = "".join(_base83(_detail(factor, scale), 2) for factor in factors[1:])
    return size + _base83(quantized, 1) + _base83(_average(factors[0]), 4) + details


def _linear(image: Image.Image) -> list[Color]:
    table = [_to_linear(value / 255) for value in range(256)]
    return [(table[red], table[green], table[blue]) for red, green, blue in _pixels(image)]


def _factors(pixels: list[Color], columns: int, rows: int) -> list[Color]:
    waves = [
        [math.cos(math.pi * order * (place + 0.5) / _BLUR_SIZE) for place in range(_BLUR_SIZE)]
        for order in range(max(columns, rows))
    ]
    return [
        _factor(pixels, waves[i], waves[j], 2 if i or j else 1) for j, i in _grid(rows, columns)
    ]


def _grid(rows: int, columns: int) -> list[tuple[int, int]]:
    return list(product(range(rows), range(columns)))


def _factor(pixels: list[Color], across: list[float], down: list[float], gain: int) -> Color:
    weights = [y * x for y in down for x in across]
    sums = [
        sum(weight * pixel[band] for weight, pixel in zip(weights, pixels, strict=True))
        for band in range(3)
    ]
    red, green, blue = (gain * total / len(pixels) for total in sums)
    return red, green, blue


def _average(color: Color) -> int:
    red, green, blue = (_to_srgb(value) for value in color)
    return (red << 16) + (green << 8) + blue


def _detail(color: Color, scale: float) -> int:
    levels = [
        max(0, min(18, math.floor(math.copysign(abs(value / scale) ** 0.5, value) * 9 + 9.5)))
        for value in color
    ]
    return levels[0] * 19 * 19 + levels[1] * 19 + levels[2]


def _to_linear(value: float) -> float:
    """Undo the sRGB transfer function (IEC 61966-2-1)."""
    return value / 12.92 if value <= _LINEAR_ENCODED else float(((value + 0.055) / 1.055) ** 2.4)


def _to_srgb(value: float) -> int:
    bounded = max(0.0, min(1.0, value))
    encoded = bounded * 12.92 if bounded <= _LINEAR else 1.055 * bounded ** (1 / 2.4) - 0.055
    return int(encoded * 255 + 0.5)


def _base83(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83**place % 83] for place in reversed(range(length)))
