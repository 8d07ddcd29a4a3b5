"""Pictures: size, colour, frames, what cameras and people wrote into them, and stand-ins."""

import io
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageCms

from processing import bitmaps, decoding_cost, images, raws, tiffs
from processing.analyses import animation, header
from processing.analyses.embedded import attempt, block
from processing.analyses.exif import exif, gps, main_tags, orientation
from processing.analyses.iptc import iptc
from processing.analyses.motion import motion
from processing.analyses.placeholder import WORKING_SIZE, placeholders
from processing.analyses.result import Parts, number
from processing.analyses.xmp import xmp
from processing.directories import TagFile
from processing.kinds import RAW
from processing.task import ProcessingError, Source

_MODES: Final = {
    "1": "bilevel",
    "L": "grayscale",
    "LA": "grayscale",
    "La": "grayscale",
    "I": "grayscale",
    "F": "grayscale",
    "P": "palette",
    "PA": "palette",
    "RGB": "rgb",
    "RGBA": "rgb",
    "RGBa": "rgb",
    "RGBX": "rgb",
    "CMYK": "cmyk",
    "YCbCr": "ycbcr",
    "LAB": "lab",
    "HSV": "hsv",
}
_TIFF_MODES: Final = {2: "rgb", 3: "palette", 5: "cmyk", 6: "ycbcr", 8: "lab", 9: "lab"}
_BITS: Final = {"1": 1, "I": 32, "F": 32}
_PNG_DEPTH_AT: Final = 24
_MAX_PROFILE: Final = 4 * 1024 * 1024


def parts(source: Source) -> Parts:
    """Yield what the header says, then the metadata blocks, then what takes decoding.

    Raises:
        ProcessingError: Broken, or too large to decode; what was yielded before holds.
    """
    size = header.size(source)
    yield {"width": size and size[0], "height": size and size[1]}
    read = _PARTS.get(images.decoder(source), _pillow_parts)
    yield from read(source)
    yield placeholders(source)


def _pillow_parts(source: Source) -> Parts:
    with header.opened(source) as image:
        file = TagFile.of(attempt(lambda: header.exif_block(image)) or b"")
        yield _facts(image, source)
        yield animation.frames(source) or _frames(image)
        yield from _camera_parts(file)
        for name, read in (("iptc", iptc), ("xmp", xmp)):
            yield from block(name, lambda read=read: read(image))  # type: ignore[misc]
        yield attempt(lambda: motion(source, image, file)) or {}
        decoding_cost.check(image, WORKING_SIZE)


def _tiff_parts(source: Source) -> Parts:
    tiff = tiffs.first(source)
    yield {
        "format": "TIFF",
        "orientation": tiff.orientation,
        "color_mode": _tiff_mode(tiff),
        "bit_depth": tiff.bits,
        "has_alpha": tiff.has_alpha,
        "dpi": tiff.dpi and [round(number, 2) for number in tiff.dpi],
        "icc_profile": attempt(lambda: _profile(tiff.profile or b"")),
    }
    yield animation.frames(source)
    with tiffs.opened(source) as file:
        yield from _camera_parts(file)
    with suppress(ProcessingError), header.opened(source) as image:
        for name, read in (("iptc", iptc), ("xmp", xmp)):
            yield from block(name, lambda read=read: read(image))  # type: ignore[misc]


def _bitmap_parts(source: Source) -> Parts:
    bitmap = bitmaps.described(source)
    if bitmap is None:
        yield from _pillow_parts(source)
        return
    widths = [mask.bit_count() for mask in bitmap.masks]
    yield {
        "format": "BMP",
        "orientation": 1,
        "color_mode": "rgb",
        "bit_depth": max(widths[:3]),
        "has_alpha": len(widths) > 3,  # noqa: PLR2004 - red, green, blue and alpha
        "frames": 1,
        "animated": False,
    }


def _raw_parts(source: Source) -> Parts:
    yield {"format": raws.format_of(source), "color_mode": "rgb", "frames": 1, "animated": False}
    with raws.tags(source) as file:
        yield {"orientation": orientation(main_tags(file))}
        yield from _camera_parts(file)


_PARTS: Final[dict[str, Callable[[Source], Parts]]] = {
    "TIFF": _tiff_parts,
    "BMP": _bitmap_parts,
    RAW: _raw_parts,
}
"""What reads the files of a decoder; all others are read by Pillow."""


def _camera_parts(file: TagFile) -> Parts:
    for name, read in (("exif", exif), ("gps", gps)):
        yield from block(name, lambda read=read: read(file))  # type: ignore[misc]


def _tiff_mode(tiff: tiffs.Tiff) -> str | None:
    if tiff.photometric in {tiffs.WHITE_IS_ZERO, tiffs.BLACK_IS_ZERO}:
        return "bilevel" if tiff.bits == 1 else "grayscale"
    return _TIFF_MODES.get(tiff.photometric)


def _facts(image: Image.Image, source: Source) -> dict[str, Any]:
    return {
        "format": image.format,
        "orientation": header.orientation(image),
        "color_mode": _MODES.get(image.mode.partition(";")[0]),
        "bit_depth": attempt(lambda: _bit_depth(image, source)),
        "has_alpha": image.has_transparency_data,
        "dpi": attempt(lambda: _dpi(image)),
        "icc_profile": attempt(lambda: _profile(image.info.get("icc_profile", b""))),
    }


def _frames(image: Image.Image) -> dict[str, Any]:
    moves = header.moves(image)
    return {"frames": getattr(image, "n_frames", 1) if moves else 1, "animated": moves}


def _bit_depth(image: Image.Image, source: Source) -> int:
    if image.format == "PNG":  # Pillow opens 16 bits a channel as 8
        with Path(source.path).open("rb") as file:
            return file.read(_PNG_DEPTH_AT + 1)[_PNG_DEPTH_AT]
    if told := image.info.get("bit_depth"):
        return int(told)
    wide = re.search(r";(\d+)", image.mode)
    return int(wide[1]) if wide else _BITS.get(image.mode, 8)


def _dpi(image: Image.Image) -> list[float] | None:
    found = [number(value) for value in image.info.get("dpi", ())]
    pair = [round(value, 2) for value in found if value and value > 0]
    # Pillow says 1 x 1 where a file has no unit.
    return pair if len(pair) == 2 and pair != [1, 1] else None  # noqa: PLR2004 - across, down


def _profile(data: bytes) -> str | None:
    if not 0 < len(data) <= _MAX_PROFILE:
        return None
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(data))).strip()
