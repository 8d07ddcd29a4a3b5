"""Pictures: size, colour, frames, what cameras and people wrote into them, and stand-ins."""

import io
import re
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageCms

from processing import decoding_cost
from processing.analyses import animation, header
from processing.analyses.embedded import attempt, block
from processing.analyses.exif import exif, gps
from processing.analyses.iptc import iptc
from processing.analyses.placeholder import WORKING_SIZE, placeholders
from processing.analyses.result import Parts, number
from processing.analyses.xmp import xmp
from processing.task import Source

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
_BITS: Final = {"1": 1, "I": 32, "F": 32}
_BITS_PER_SAMPLE: Final = 258  # TIFF 6.0, section 8
_PNG_DEPTH_AT: Final = 24
_MAX_PROFILE: Final = 4 * 1024 * 1024


def parts(source: Source) -> Parts:
    """Yield what the header says, then the metadata blocks, then what takes decoding.

    Raises:
        ProcessingError: Broken, or too large to decode; what was yielded before holds.
    """
    size = header.size(source)
    yield {"width": size and size[0], "height": size and size[1]}
    with header.opened(source) as image:
        yield _facts(image, source)
        yield animation.frames(source) or _frames(image)
        for name, read in (("exif", exif), ("gps", gps), ("iptc", iptc), ("xmp", xmp)):
            yield from block(name, lambda read=read: read(image))  # type: ignore[misc]
        decoding_cost.check(image, WORKING_SIZE)
        yield placeholders(image)


def _facts(image: Image.Image, source: Source) -> dict[str, Any]:
    return {
        "format": image.format,
        "orientation": header.orientation(image),
        "color_mode": _MODES.get(image.mode.partition(";")[0]),
        "bit_depth": attempt(lambda: _bit_depth(image, source)),
        "has_alpha": image.has_transparency_data,
        "dpi": attempt(lambda: _dpi(image)),
        "icc_profile": attempt(lambda: _profile(image)),
    }


def _frames(image: Image.Image) -> dict[str, Any]:
    count = getattr(image, "n_frames", 1)
    return {"frames": count, "animated": bool(getattr(image, "is_animated", False))}


def _bit_depth(image: Image.Image, source: Source) -> int:
    if image.format == "PNG":  # Pillow opens 16 bits a channel as 8
        with Path(source.path).open("rb") as file:
            return file.read(_PNG_DEPTH_AT + 1)[_PNG_DEPTH_AT]
    told = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE) or image.info.get("bit_depth")
    if told:
        return int(told[0] if isinstance(told, tuple) else told)
    wide = re.search(r";(\d+)", image.mode)
    return int(wide[1]) if wide else _BITS.get(image.mode, 8)


def _dpi(image: Image.Image) -> list[float] | None:
    found = [number(value) for value in image.info.get("dpi", ())]
    pair = [round(value, 2) for value in found if value and value > 0]
    # Pillow says 1 x 1 where a TIFF has no unit.
    return pair if len(pair) == 2 and pair != [1, 1] else None  # noqa: PLR2004 - across, down


def _profile(image: Image.Image) -> str | None:
    data = image.info.get("icc_profile", b"")
    if not 0 < len(data) <= _MAX_PROFILE:
        return None
    return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(data))).strip()
