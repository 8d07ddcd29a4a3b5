"""TIFF (revision 6.0), and raw photos, which most makers keep in it, by the first image's tags.

A raw photo begins with a small image of itself, or with pixels packed in the maker's own way; a
TIFF that the same camera or its programs export does neither.
"""

import struct
from typing import Final, NamedTuple

from processing.identification.sample import Sample

_MAX_TAGS: Final = 200
_ENTRY_BYTES: Final = 12
_SUBFILE, _COMPRESSION, _MAKE, _SUB_IMAGES, _THUMBNAIL = 254, 259, 271, 330, 513
_DNG_VERSION, _REDUCED = 50706, 1
_OWN_COMPRESSIONS: Final = frozenset({6, 262, 32767, 32769, 32770, 34713, 65000, 65535})
_SHORT: Final = 3

_MAKERS: Final = (
    (b"NIKON", "image/x-nikon-nef"),
    (b"SONY", "image/x-sony-arw"),
    (b"CANON", "image/x-canon-cr2"),
    (b"PENTAX", "image/x-pentax-pef"),
    (b"RICOH", "image/x-pentax-pef"),
    (b"ASAHI", "image/x-pentax-pef"),
    (b"SAMSUNG", "image/x-samsung-srw"),
    (b"HASSELBLAD", "image/x-hasselblad-3fr"),
    (b"EASTMAN KODAK", "image/x-kodak-dcr"),
    (b"KODAK", "image/x-kodak-dcr"),
    (b"SEIKO EPSON", "image/x-epson-erf"),
    (b"EPSON", "image/x-epson-erf"),
    (b"MAMIYA", "image/x-mamiya-mef"),
    (b"PHASE ONE", "image/x-phaseone-iiq"),
    (b"LEAF", "image/x-phaseone-iiq"),
)
_BY_NAME: Final = {
    "nef": "image/x-nikon-nef",
    "nrw": "image/x-nikon-nef",
    "arw": "image/x-sony-arw",
    "sr2": "image/x-sony-arw",
    "cr2": "image/x-canon-cr2",
    "pef": "image/x-pentax-pef",
    "srw": "image/x-samsung-srw",
    "3fr": "image/x-hasselblad-3fr",
    "fff": "image/x-hasselblad-3fr",
    "dcr": "image/x-kodak-dcr",
    "kdc": "image/x-kodak-dcr",
    "erf": "image/x-epson-erf",
    "mef": "image/x-mamiya-mef",
    "iiq": "image/x-phaseone-iiq",
    "dng": "image/x-adobe-dng",
}
_TIFF: Final = "image/tiff"
_ORDERS: Final = {
    b"II*\0": "little",
    b"MM\0*": "big",
    b"II+\0": "little",  # BigTIFF
    b"MM\0+": "big",
}


_ENTRIES: Final = {"little": struct.Struct("<HHII"), "big": struct.Struct(">HHII")}
"""A tag: its number, the form of its values, how many they are, and the value or its place."""


class _Tag(NamedTuple):
    length: int
    value: int


def find(sample: Sample) -> str | None:
    """Return the type of a TIFF file or of a raw photo in one; None for anything else."""
    order = _ORDERS.get(sample.head[:4])
    if order is None:
        return None
    if sample.head[8:10] == b"CR" and sample.head[10:11] == b"\2":
        return "image/x-canon-cr2"
    if b"+" in sample.head[:4]:
        return _TIFF
    tags = _tags(sample, order)
    if _DNG_VERSION in tags:
        return "image/x-adobe-dng"
    if tags and not _is_raw(tags):
        return _TIFF
    maker = _maker(sample, tags)
    by_maker = next((kind for name, kind in _MAKERS if maker.startswith(name)), None)
    return by_maker or _BY_NAME.get(sample.extension, _TIFF)


def _is_raw(tags: dict[int, _Tag]) -> bool:
    first = tags.get(_SUBFILE)
    if first and first.value == _REDUCED:
        return True
    compression = tags.get(_COMPRESSION)
    packed = compression is not None and compression.value in _OWN_COMPRESSIONS
    return packed and (_SUB_IMAGES in tags or _THUMBNAIL in tags or _MAKE in tags)


def _maker(sample: Sample, tags: dict[int, _Tag]) -> bytes:
    make = tags.get(_MAKE)
    return sample.at(make.value, min(make.length, 32)).upper() if make else b""


def _tags(sample: Sample, order: str) -> dict[int, _Tag]:
    """Return the tags of the first image; none if they are out of reach."""
    at = sample.u32(4, order)
    count = min(sample.u16(at, order), _MAX_TAGS)
    raw = sample.at(at + 2, count * _ENTRY_BYTES) if count else b""
    entries = _ENTRIES[order].iter_unpack(raw[: len(raw) // _ENTRY_BYTES * _ENTRY_BYTES])
    big = order == "big"
    return {
        number: _Tag(length, value >> 16 if big and form == _SHORT else value)
        for number, form, length, value in entries
    }
