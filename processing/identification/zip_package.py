"""ZIP archives by their parts: office files, books, apps and others that are ZIP inside.

The parts are those at the beginning of the file and those that the directory at its end lists.
Sources: APPNOTE.TXT 6.3.10; Open Packaging Conventions (ECMA-376-2); OpenDocument 1.3, part 2,
section 3.3; EPUB 3.3, section 4.3.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from processing.content_types import known
from processing.identification.office_parts import by_content_types, by_parts
from processing.identification.sample import Sample

_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_STARTS: Final = (_LOCAL, _END, b"PK\7\x08PK\3\4", b"PK00PK\3\4")
_MAX_PARTS: Final = 250
_MAX_UNPACKED: Final = 256 * 1024
_DEFLATED: Final = 8
_STORED: Final = 0
_SIZE_FOLLOWS: Final = 8
_LOCAL_HEADER, _CENTRAL_HEADER = 30, 46
_MIMETYPE, _CONTENT_TYPES = "mimetype", "[Content_Types].xml"
_ZIP: Final = "application/zip"
_PACKAGES: Final = re.compile(r"application/(epub\+zip|vnd\..+)|image/openraster")
"""What a part ``mimetype`` may say: all that keep their type in one."""


class _Part(NamedTuple):
    """A part: where its packed bytes begin, how many they are if that is known, and their method.

    The sample may hold fewer of them, or none.
    """

    start: int
    size: int | None
    method: int


def find(sample: Sample) -> str | None:
    """Return the type of a ZIP archive by what is in it; None for anything else."""
    if not sample.head.startswith(_STARTS):
        return None
    parts = {**dict(_listed(sample)), **dict(_local(sample))}  # the latter can be read
    return (
        _by_mimetype(sample, parts)
        or by_content_types(_read(sample, parts.get(_CONTENT_TYPES)), parts)
        or by_parts(parts.keys(), sample.extension, _first_bytes(sample, parts, "index.xml"))
        or _ZIP
    )


def _by_mimetype(sample: Sample, parts: Mapping[str, _Part | None]) -> str | None:
    told = _read(sample, parts.get(_MIMETYPE)).strip().decode("latin-1")
    row = known(told)
    return row.name if row and _PACKAGES.fullmatch(told) else None


def _first_bytes(sample: Sample, parts: Mapping[str, _Part | None], name: str) -> bytes:
    return _read(sample, parts.get(name))[:2048]


def _read(sample: Sample, part: _Part | None) -> bytes:
    """Return what can be unpacked of a part, at most 256 KB."""
    if part is None:
        return b""
    whole = sample.head if part.start < len(sample.head) else b""
    packed = whole[part.start :] or _from_tail(sample, part.start)
    packed = packed[: part.size] if part.size is not None else packed
    if part.method == _STORED:
        return packed[:_MAX_UNPACKED]
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, _MAX_UNPACKED)
    except zlib.error:
        return b""


def _from_tail(sample: Sample, start: int) -> bytes:
    begins = (sample.size or 0) - len(sample.tail)
    return sample.tail[start - begins :] if sample.tail and start >= begins else b""


def _local(sample: Sample) -> Iterator[tuple[str, _Part]]:
    """Yield the parts whose headers are in the head (section 4.3.7)."""
    head, at = sample.head, max(sample.head.find(_LOCAL, 0, 8), 0)
    for _ in range(_MAX_PARTS):
        header = head[at : at + _LOCAL_HEADER]
        if len(header) < _LOCAL_HEADER or not header.startswith(_LOCAL):
            return
        flags, method = _u16(header, 6), _u16(header, 8)
        packed, name_length, extra = _u32(header, 18), _u16(header, 26), _u16(header, 28)
        name = head[at + _LOCAL_HEADER : at + _LOCAL_HEADER + name_length]
        start = at + _LOCAL_HEADER + name_length + extra
        unknown = not packed and flags & _SIZE_FOLLOWS
        yield _name(name), _Part(start, None if unknown else packed, method)
        at = head.find(_LOCAL, start) if unknown else start + packed
        if at < 0:
            return


def _listed(sample: Sample) -> Iterator[tuple[str, _Part | None]]:
    """Yield what the directory at the end of the file lists (section 4.3.12)."""
    tail = sample.tail or sample.head
    begins = (sample.size or len(sample.head)) - len(tail)
    end = tail.rfind(_END)
    if end < 0:
        return
    at = max(int.from_bytes(tail[end + 16 : end + 20], "little") - begins, 0)
    at = at if tail.startswith(_CENTRAL, at) else tail.find(_CENTRAL, 0, end)
    for _ in range(_MAX_PARTS):
        header = tail[at : at + _CENTRAL_HEADER]
        if at < 0 or len(header) < _CENTRAL_HEADER or not header.startswith(_CENTRAL):
            return
        lengths = [_u16(header, place) for place in (28, 30, 32)]
        name = tail[at + _CENTRAL_HEADER : at + _CENTRAL_HEADER + lengths[0]]
        yield _name(name), _located(sample, header)
        at += _CENTRAL_HEADER + sum(lengths)


def _located(sample: Sample, header: bytes) -> _Part | None:
    """Return the part that a directory entry points to, if the sample holds its header."""
    at = _u32(header, 42)
    local = _from_tail(sample, at)[:_LOCAL_HEADER]
    if len(local) < _LOCAL_HEADER or not local.startswith(_LOCAL):
        return None
    start = at + _LOCAL_HEADER + _u16(local, 26) + _u16(local, 28)
    return _Part(start, _u32(header, 20), _u16(header, 10))


def _name(raw: bytes) -> str:
    return re.sub(r"^/+", "", raw.decode("utf-8", "replace").replace("\\", "/"))


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
