"""TIFF samples that libraries do not take: of 10, 12, 14 or 24 bits, and floats of 64.

A copy of the file in memory is described anew, as grey bytes, so that libtiff decompresses the
rows; the samples are then taken out of them.
"""

import io
import struct
import sys
from array import array
from pathlib import Path
from typing import Final

from PIL import Image

from processing import images, tiffs
from processing.directories import TagFile, Value
from processing.previews import levels
from processing.task import MIB, Failure, ProcessingError, Source
from processing.tiffs import Tiff

_PACKED: Final = frozenset({10, 12, 14, 24})
_DOUBLE: Final = 64
_MAX_FILE_BYTES: Final = 100 * MIB
_MAX_SAMPLES: Final = 40_000_000
_PLANAR, _PREDICTOR, _TILE_WIDTH = 284, 317, 322
_KEPT: Final[tuple[int, ...]] = (257, 259, 266, 273, 278, 279, 292, 323, 324, 325)
"""Height, compression, order of bits, and where the strips or tiles are."""

_LONG: Final = 4


def bands(source: Source, tiff: Tiff) -> list[Image.Image]:
    """Return the colours of such an image as images of mode F; empty for any other image.

    Raises:
        ProcessingError: Broken, too large, or stored in a way that is not supported.
    """
    is_double = tiff.bits == _DOUBLE and tiff.number_format == tiffs.FLOAT
    if not is_double and (tiff.bits not in _PACKED or tiff.number_format != tiffs.UNSIGNED):
        return []
    width, height = tiff.size
    if source.size > _MAX_FILE_BYTES or width * height * tiff.samples > _MAX_SAMPLES:
        raise ProcessingError(Failure.TOO_LARGE, "The TIFF file is too large to be unpacked.")
    rows = _rows(source, tiff)
    samples = _doubles(rows, source) if is_double else _packed(rows, tiff)
    return [_band(samples[at :: tiff.samples], tiff) for at in range(tiff.colours)]


def white(tiff: Tiff) -> float:
    """Return what ``levels.merged`` takes as white.

    Grey of 10 to 24 bits comes from sensors that seldom use their range: as viewers of such images
    do, all that it uses is shown. Colours are photographs.
    """
    if tiff.number_format == tiffs.FLOAT:
        return levels.GUESSED
    return levels.STRETCHED if tiff.colours == 1 else _largest(tiff)


def _largest(tiff: Tiff) -> float:
    return 1.0 if tiff.number_format == tiffs.FLOAT else 2.0**tiff.bits - 1


def _band(samples: "array[float]", tiff: Tiff) -> Image.Image:
    band = Image.frombytes("F", tiff.size, samples.tobytes())
    if tiff.photometric == tiffs.WHITE_IS_ZERO:
        largest = _largest(tiff)
        return band.point(lambda value: value * -1.0 + largest)
    return band


def _packed(rows: bytes, tiff: Tiff) -> "array[float]":
    width, height = tiff.size
    # The bit decoder of Pillow: rows padded to bytes, the highest bit first, unsigned.
    options = (tiff.bits, 8, 0, 0, 1)
    unpacked = Image.frombytes("F", (width * tiff.samples, height), rows, "bit", *options)
    return array("f", unpacked.tobytes())


def _doubles(rows: bytes, source: Source) -> "array[float]":
    numbers = array("d", rows)
    with tiffs.opened(source) as file:
        if (file.order == "<") != (sys.byteorder == "little"):
            numbers.byteswap()
    return array("f", numbers)


def _rows(source: Source, tiff: Tiff) -> bytes:
    """Return the decompressed rows, each padded to whole bytes."""
    with tiffs.opened(source) as file:
        tags = next(file.directories(), {})
        block = _described_anew(tags, tiff, Path(source.path).read_bytes(), file)
    with images.translated(), Image.open(io.BytesIO(block), formats=("TIFF",)) as image:
        return image.tobytes()


def _described_anew(tags: dict[int, Value], tiff: Tiff, content: bytes, file: TagFile) -> bytes:
    is_split = _PLANAR in tags and tags[_PLANAR].integer != 1 and tiff.samples > 1
    is_predicted = _PREDICTOR in tags and tags[_PREDICTOR].integer != 1
    if is_split or is_predicted or content[2:4] not in {b"*\0", b"\0*"}:
        raise ProcessingError(
            Failure.UNSUPPORTED, "The TIFF file stores its samples in a way that is not supported."
        )
    order, bits = file.order, tiff.bits * tiff.samples
    values = {tag: tags[tag] for tag in _KEPT if tag in tags}
    values |= {256: _number((tiff.size[0] * bits + 7) // 8, order)}
    values |= {258: _number(8, order), 262: _number(1, order), 277: _number(1, order)}
    if _TILE_WIDTH in tags:
        values[_TILE_WIDTH] = _number((tags[_TILE_WIDTH].integer or 0) * bits // 8, order)
    start = len(content) + len(content) % 2
    directory = _directory(values, start, order)
    head = content[:4] + struct.pack(order + "I", start)
    return head + content[8:].ljust(start - 8, b"\0") + directory


def _directory(values: dict[int, Value], start: int, order: str) -> bytes:
    entries, extra = b"", b""
    after = start + 2 + 12 * len(values) + 4
    for tag, value in sorted(values.items()):
        data = value.data
        if len(data) > 4:  # noqa: PLR2004 - what an entry holds itself (TIFF 6.0, section 2)
            place = struct.pack(order + "I", after + len(extra))
            extra += data + bytes(len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries += struct.pack(order + "HHI", tag, value.kind, value.count) + place
    return struct.pack(order + "H", len(values)) + entries + bytes(4) + extra


def _number(number: int, order: str) -> Value:
    return Value(_LONG, 1, struct.pack(order + "I", number), order)
