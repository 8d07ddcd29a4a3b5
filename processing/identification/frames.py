"""Recordings without a container: frames of MPEG audio, AAC, AC-3, DTS, and MPEG streams.

One frame's header is a few bits, which chance writes as well: the next frame has to follow it.
"""

import re
from typing import Final

from processing.identification.sample import Sample

_SCANNED: Final = 2048
_SYNC: Final = re.compile(rb"\xff[\xe2-\xff]")
_MAX_TRIES: Final = 64
_MPEG_NAMES: Final = frozenset({"mp3", "mp2", "mp1", "mpga", "mpa"})
_DTS: Final = tuple(map(bytes.fromhex, ("7ffe8001", "fe7f0180", "1fffe800", "ff1f00e8")))
_AC3: Final = b"\x0b\x77"
_VBR: Final = re.compile(rb"Xing|Info|VBRI")

_ID3: Final = re.compile(rb"ID3[\x02-\x04][^\xff][\x00-\xff][\x00-\x7f]{4}")
_MAX_TAGS: Final = 4
_TAGGED: Final = (
    (b"fLaC", "audio/flac"),
    (b"MAC ", "audio/x-ape"),
    (b"MPCK", "audio/x-musepack"),
    (b"MP+", "audio/x-musepack"),
    (b"wvpk", "audio/x-wavpack"),
    (b"TTA1", "audio/x-tta"),
    (b"OggS", "audio/ogg"),
)
_TAGGED_BY_NAME: Final = {"aac": "audio/aac", "flac": "audio/flac", "tta": "audio/x-tta"}

_PACKETS: Final = (
    re.compile(rb"(?:G.{187}){3}G|(?:G.{187}){1,2}G.{0,187}\Z", re.DOTALL),
    re.compile(rb"(?:.{4}G.{187}){3}.{4}G|(?:.{4}G.{187}){1,2}.{4}G.{0,187}\Z", re.DOTALL),
)
"""Packets of 188 bytes (ISO/IEC 13818-1), or of 192 with a time."""

_LOW: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_LOW_LAYER_I: Final = (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_KBITS: Final = {
    (3, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    **{(version, layer): _LOW for version in (2, 0) for layer in (2, 1)},
    **{(version, 3): _LOW_LAYER_I for version in (2, 0)},
}
"""Bit rates by the bits of version (3 is MPEG-1) and layer (3 is layer I), section 2.4.2.3."""

_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def tagged(sample: Sample) -> str | None:
    """Return the type of a recording behind an ID3v2 tag; None for anything else."""
    return _behind_tags(sample) if _ID3.match(sample.head) else None


def find(sample: Sample) -> str | None:
    """Return the type of a recording of bare frames; None for anything else."""
    head = sample.head
    if any(packets.match(head) for packets in _PACKETS):
        return "video/mp2t"
    if head.startswith((b"\0\0\1\xba", b"\0\0\1\xb3")):
        return "video/mpeg"
    if head.startswith((_AC3, _AC3[::-1])):
        return _dolby(head)
    if head.startswith(_DTS):
        return "audio/vnd.dts"
    return _framed(head, sample.extension)


def _behind_tags(sample: Sample) -> str:
    """Return what follows the ID3v2 tags (section 3.1), which may hold a large cover."""
    at = 0
    for _ in range(_MAX_TAGS):
        tag = sample.at(at, 10)
        if not _ID3.match(tag):
            break
        size = sum(byte << shift for byte, shift in zip(tag[6:10], (21, 14, 7, 0), strict=True))
        at += 10 + size + (10 if tag[5] & 0x10 else 0)
    follows = sample.at(at, 2048)
    known = next((kind for mark, kind in _TAGGED if follows.startswith(mark)), None)
    found = known or (_framed(follows, sample.extension) if follows else None)
    return found or _TAGGED_BY_NAME.get(sample.extension, "audio/mpeg")


def _dolby(head: bytes) -> str | None:
    """Return AC-3 or E-AC-3 by the identifier of the stream (ETSI TS 102 366, section 5.4.2)."""
    if len(head) < 6:  # noqa: PLR2004 - the header
        return None
    identifier = head[5 if head.startswith(_AC3) else 4] >> 3
    if identifier <= 10:  # noqa: PLR2004 - AC-3 and its variants of half the rate
        return "audio/ac3"
    return "audio/eac3" if identifier <= 16 else None  # noqa: PLR2004


def _framed(head: bytes, extension: str) -> str | None:
    """Return MPEG audio or AAC that begins within the first 2 KB."""
    for tries, match in enumerate(_SYNC.finditer(head, 0, _SCANNED)):
        if tries == _MAX_TRIES:
            return None
        at = match.start()
        if found := _frame(head, at, extension):
            return found
    return None


def _frame(head: bytes, at: int, extension: str) -> str | None:
    is_aac = head[at + 1] & 0xF6 == 0xF0  # noqa: PLR2004 - layer 0
    length = _aac_length(head, at) if is_aac else _mpeg_length(head, at)
    if not length:
        return None
    kind = "audio/aac" if is_aac else "audio/mpeg"
    measured = _aac_length if is_aac else _mpeg_length
    following, frames = at + length, 1
    while following + 7 <= len(head) and frames < (2 if at == 0 else 4):
        length = measured(head, following)
        if not length or head[following + 1] & 0xFE != head[at + 1] & 0xFE:
            return None
        following, frames = following + length, frames + 1
    if frames > 1:
        return kind
    told = extension in _MPEG_NAMES or extension == "aac" or _VBR.search(head, at, at + 200)
    return kind if at == 0 and told else None


def _aac_length(head: bytes, at: int) -> int:
    """Return the bytes of an ADTS frame (ISO/IEC 13818-7, section 6.2); 0 if it is none."""
    header = head[at : at + 7]
    if len(header) < 7 or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:  # noqa: PLR2004
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0  # noqa: PLR2004 - more than its header


def _mpeg_length(head: bytes, at: int) -> int:
    """Return the bytes of an MPEG audio frame (ISO/IEC 11172-3, section 2.4.1); 0 if it is none."""
    header = head[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate, hertz, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 0 or rate in {0, 15} or hertz == 3:  # noqa: PLR2004 - reserved
        return 0
    kbits = _KBITS[version, layer][rate]
    frequency = _RATES[version][hertz]
    if layer == 3:  # noqa: PLR2004 - layer I counts in words
        return (12_000 * kbits // frequency + padding) * 4
    halved = layer == 1 and version != 3  # noqa: PLR2004 - layer III of MPEG-2
    return (72_000 if halved else 144_000) * kbits // frequency + padding
