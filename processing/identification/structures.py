"""Binary formats that begin with too little to go by: their first fields have to make sense."""

import re
from collections.abc import Callable
from typing import Final

from processing.identification.sample import Sample

_BITMAP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_MAX_ICONS: Final = 256
_SFNT_TAG: Final = re.compile(rb"[A-Za-z0-9/ ]{4}")
_NETPBM: Final = re.compile(rb"P([1-7])\s(?:#[^\n]{0,200}\n|\s){0,20}(?:WIDTH )?([0-9]{1,6})")
_BINARY_NETPBM: Final = re.compile(
    rb"P(?:(4)\s+(?:#[^\n]{0,200}\n\s*){0,20}([0-9]{1,6})\s+([0-9]{1,6})"
    rb"|([56])\s+(?:#[^\n]{0,200}\n\s*){0,20}([0-9]{1,6})\s+([0-9]{1,6})\s+([0-9]{1,5}))\s"
)
_ONE_BYTE: Final = 255
_NETPBM_TYPES: Final = {
    b"1": "image/x-portable-bitmap",
    b"2": "image/x-portable-graymap",
    b"3": "image/x-portable-pixmap",
    b"4": "image/x-portable-bitmap",
    b"5": "image/x-portable-graymap",
    b"6": "image/x-portable-pixmap",
    b"7": "image/x-portable-arbitrarymap",
}
_FAT_BINARY: Final = b"\xca\xfe\xba\xbe"
_FIRST_JAVA: Final = 43
_TGA_FOOTER: Final = b"TRUEVISION-XFILE.\0"
_DMG_TRAILER: Final = b"koly\0\0\0\4\0\0\2\0"


def find(sample: Sample) -> str | None:
    """Return the type by fields that agree with each other; None for anything else."""
    return next((kind for read in _READERS if (kind := read(sample))), None)


def binary_netpbm(sample: Sample) -> str | None:
    """Return the type of a binary portable map that is as long as its head says."""
    found = _BINARY_NETPBM.match(sample.head)
    if not found:
        return None
    kind = found[1] or found[4]
    if kind == b"4":
        width, height = int(found[2]), int(found[3])
        row = -(-width // 8)
    else:
        width, height, largest = int(found[5]), int(found[6]), int(found[7])
        row = width * (3 if kind == b"6" else 1) * (2 if largest > _ONE_BYTE else 1)
    is_whole = (sample.size or len(sample.head)) == found.end() + row * height
    return _NETPBM_TYPES[kind] if is_whole else None


def netpbm(head: bytes) -> str | None:
    """Return the type of a portable map, which may be text: a letter, a digit, then numbers."""
    found = _NETPBM.match(head)
    return _NETPBM_TYPES[found[1]] if found else None


def _bitmap(sample: Sample) -> str | None:
    """Read the headers of a BMP: they are of a known size, and before the pixels."""
    head = sample.head
    if not head.startswith(b"BM"):
        return None
    pixels, header = sample.u32(10, "little"), sample.u32(14, "little")
    return "image/bmp" if header in _BITMAP_HEADERS and pixels >= 14 + header // 2 else None


def _icon(sample: Sample) -> str | None:
    """Read the directory of an icon or cursor: its first entry points behind it."""
    head = sample.head
    if head[:4] not in {b"\0\0\1\0", b"\0\0\2\0"}:
        return None
    count, size, at = sample.u16(4, "little"), sample.u32(14, "little"), sample.u32(18, "little")
    fits = 0 < count <= _MAX_ICONS and at >= 6 + 16 * count and size > 0 and head[9] == 0
    return "image/vnd.microsoft.icon" if fits else None


def _font(sample: Sample) -> str | None:
    """Read the table directory of a font (OpenType 1.9): its first tag is a word."""
    head = sample.head
    if head[:4] not in {b"\0\1\0\0", b"OTTO", b"true"}:
        return None
    tables, tag, at = sample.u16(4), head[12:16], sample.u32(20)
    if not 0 < tables <= 100 or not _SFNT_TAG.fullmatch(tag) or at < 12 + 16 * tables:  # noqa: PLR2004
        return None
    return "font/otf" if head.startswith(b"OTTO") else "font/ttf"


def _embedded_font(sample: Sample) -> str | None:
    version = sample.head[8:12]
    versions = {b"\0\0\1\0", b"\1\0\2\0", b"\2\0\2\0"}
    return (
        "application/vnd.ms-fontobject"
        if sample.head[34:36] == b"LP" and version in versions
        else None
    )


def _class_or_fat_binary(sample: Sample) -> str | None:
    """Tell Java's classes from universal binaries, which begin alike: by a version, or a count."""
    if not sample.head.startswith(_FAT_BINARY):
        return None
    number = sample.u32(4)
    return "application/x-mach-binary" if number < _FIRST_JAVA else "application/java-vm"


def _tar(sample: Sample) -> str | None:
    """Check the sum in the header of a TAR without a signature (POSIX ustar, before 1988)."""
    header = sample.head[:512]
    told = header[148:156].strip(b"\0 ")
    if len(header) < 512 or not told or told.strip(b"01234567"):  # noqa: PLR2004 - a block
        return None
    actual = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    return "application/x-tar" if int(told, 8) == actual else None


def _asar(sample: Sample) -> str | None:
    """Read the header of an Electron archive: lengths within each other, then JSON."""
    sizes = [sample.u32(at, "little") for at in (0, 4, 8, 12)]
    if sizes[0] != 4 or not 0 < sizes[3] <= sizes[2] <= sizes[1]:  # noqa: PLR2004 - a word
        return None
    return "application/x-asar" if re.match(rb'\{\s*"files"', sample.head[16:64]) else None


def _arrow_stream(sample: Sample) -> str | None:
    """Read the first message of an Arrow stream: a mark, and a length (Arrow columnar format)."""
    length = sample.u32(4, "little")
    begins = sample.head.startswith(b"\xff\xff\xff\xff") and sample.head[8:12] == b"\x10\0\0\0"
    return "application/vnd.apache.arrow.stream" if begins and length % 8 == 0 and length else None


def _stl(sample: Sample) -> str | None:
    """Check the length of a binary STL: 50 bytes for each of its triangles."""
    triangles = sample.u32(80, "little")
    size = sample.size or len(sample.head)
    return "model/stl" if triangles and size == 84 + 50 * triangles else None


def _pcx(sample: Sample) -> str | None:
    head = sample.head[:74]
    fits = head[:1] == b"\x0a" and len(head) == 74 and head[1] <= 5 and head[2] == 1  # noqa: PLR2004
    return "image/vnd.zbrush.pcx" if fits and head[3] in {1, 2, 4, 8} and head[64] == 0 else None


def _by_the_end(sample: Sample) -> str | None:
    """Return what only the last bytes tell: a disk image's trailer, Targa's footer."""
    end = sample.tail or sample.head
    if _DMG_TRAILER in end[-512:-480]:
        return "application/x-apple-diskimage"
    if end.endswith(_TGA_FOOTER):
        return "image/x-tga"
    return None


def _netpbm(sample: Sample) -> str | None:
    return netpbm(sample.head)


_READERS: Final[tuple[Callable[[Sample], str | None], ...]] = (
    _bitmap,
    _icon,
    _font,
    _embedded_font,
    _class_or_fat_binary,
    _tar,
    _asar,
    _arrow_stream,
    _stl,
    _pcx,
    _netpbm,
    _by_the_end,
)
