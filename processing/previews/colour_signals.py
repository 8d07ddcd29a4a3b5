"""What a still image says of its colours: an ICC profile, code points, or primaries and gamma."""

import struct
from itertools import islice
from pathlib import Path
from typing import Any, Final

from PIL import Image

from processing.analyses.png import chunks
from processing.previews import avif
from processing.previews.colour_space import (
    BT709,
    SRGB,
    ColourSpace,
    Primaries,
    Transfer,
    by_code_points,
    gamma,
)

Signal = bytes | ColourSpace | None
"""An ICC profile, a colour space, or None for sRGB."""

_MAX_CHUNKS: Final = 1000
_CICP_BYTES: Final = 4
_SRGB_GAMMA: Final = 1 / 2.2
_CLOSE: Final = 0.05
"""How far a gamma may be from 1/2.2, or a chromaticity from sRGB's, to be meant for sRGB."""

_ICC_HEAD: Final = 128
_ICC_TAG: Final = struct.Struct(">4sII")
_MAX_TAGS: Final = 200


def signal(image: Image.Image, path: str) -> Signal:
    """Return what the header of an open image says of its colours.

    Code points of HDR go before an ICC profile, which cannot tell where diffuse white is; in a PNG
    all code points do (PNG Third Edition, section 4.3).
    """
    profile: bytes | None = image.info.get("icc_profile")
    points = _code_points(image, path)
    for named in (points, _profile_code_points(profile or b"")):
        space = named and by_code_points(*named)
        if space and space.transfer.hdr:
            return space
    if image.format == "PNG":
        return _png(image, profile, points)
    return profile or (by_code_points(*points) if points else None)


def _code_points(image: Image.Image, path: str) -> tuple[int, int] | None:
    """Return colour primaries and transfer characteristics by ITU-T H.273."""
    if image.format == "AVIF":
        with Path(path).open("rb") as file:
            return avif.code_points(file)
    if image.format == "PNG":
        return _png_code_points(path)
    named: dict[str, Any] = image.info.get("nclx_profile") or {}
    if not named:
        return None
    return int(named["color_primaries"]), int(named["transfer_characteristics"])


def _png_code_points(path: str) -> tuple[int, int] | None:
    """Return those of the cICP chunk (PNG Third Edition, section 11.3.2.6)."""
    with Path(path).open("rb") as file:
        for kind, length in islice(chunks(file), _MAX_CHUNKS):
            if kind == b"IDAT":
                return None
            if kind == b"cICP" and length == _CICP_BYTES:
                primaries, transfer, *_ = file.read(_CICP_BYTES).ljust(_CICP_BYTES, b"\0")
                return primaries, transfer
    return None


def _png(image: Image.Image, profile: bytes | None, points: tuple[int, int] | None) -> Signal:
    """Return the first that there is of cICP, iCCP, sRGB, and gAMA with cHRM."""
    if points:
        return by_code_points(*points)
    if profile or "srgb" in image.info:
        return profile
    curve = _png_curve(image.info.get("gamma"))
    colours = _png_primaries(image.info.get("chromaticity"))
    return None if (curve, colours) == (SRGB, BT709) else ColourSpace(colours, curve)


def _png_curve(exponent: float | None) -> Transfer:
    if not exponent or abs(exponent - _SRGB_GAMMA) <= _CLOSE * _SRGB_GAMMA:
        return SRGB
    return gamma(min(max(1 / exponent, 0.1), 10))


def _png_primaries(values: tuple[float, ...] | None) -> Primaries:
    if not values or len(values) != 8:  # noqa: PLR2004 - x and y of white, red, green and blue
        return BT709
    white, red, green, blue = zip(values[::2], values[1::2], strict=True)
    told = (*red, *green, *blue, *white)
    srgb = (*BT709.red, *BT709.green, *BT709.blue, *BT709.white)
    if all(abs(a - b) <= _CLOSE / 10 for a, b in zip(told, srgb, strict=True)):
        return BT709
    return Primaries(red, green, blue, white)


def _profile_code_points(profile: bytes) -> tuple[int, int] | None:
    """Return the code points that a profile names (cicpTag; ICC.1:2022, section 9.2.17)."""
    tags = profile[_ICC_HEAD + 4 : _ICC_HEAD + 4 + _ICC_TAG.size * _MAX_TAGS]
    whole = len(tags) - len(tags) % _ICC_TAG.size
    for name, start, _ in _ICC_TAG.iter_unpack(tags[:whole]):
        if name == b"cicp" and profile[start : start + 4] == b"cicp":
            found = profile[start + 8 : start + 10]
            return (found[0], found[1]) if len(found) == 2 else None  # noqa: PLR2004 - a byte each
    return None
