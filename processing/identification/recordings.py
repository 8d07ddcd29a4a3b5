"""Recordings in Ogg (RFC 3533), RIFF, IFF, ASF and Flash files."""

import re
from typing import Final

from processing.identification.sample import Sample

_MAX_PAGES: Final = 16
_MAX_OBJECTS: Final = 64
_FIRST_PAGE: Final = 2
_OGG_VIDEO: Final = re.compile(rb"\x80theora|BBCD\0|\x01video|OVP80|\x80daala")
_OGG_AUDIO: Final = re.compile(
    rb"\x01vorbis|OpusHead|\x7fFLAC|Speex|PCM {5}|\x01audio|CELT|\x01\x01Codec2"
)

_RIFF: Final = {
    b"WEBP": "image/webp",
    b"WAVE": "audio/wav",
    b"AVI ": "video/x-msvideo",
    b"AVIX": "video/x-msvideo",
    b"QLCM": "audio/qcelp",
    b"RMID": "audio/midi",
    b"sfbk": "audio/x-soundfont",
}
_IFF: Final = {b"AIFF": "audio/x-aiff", b"AIFC": "audio/x-aiff"}
_DRAWING: Final = b"CDR"

_ASF: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_STREAM: Final = bytes.fromhex("9107dcb7b7a9cf118ee600c00c205365")
_ASF_AUDIO: Final = bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b")
_ASF_VIDEO: Final = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b")


def find(sample: Sample) -> str | None:
    """Return the type of a recording in one of these containers; None for anything else."""
    head = sample.head
    if head.startswith(b"OggS\0"):
        return _ogg(sample)
    if head.startswith((b"RIFF", b"RIFX", b"RF64", b"BW64")):
        drawing = head[8:11] == _DRAWING
        return "image/x-coreldraw" if drawing else _RIFF.get(head[8:12])
    if head.startswith(b"FORM"):
        return _IFF.get(head[8:12])
    if head.startswith(_ASF):
        return _asf(sample)
    return None


def _ogg(sample: Sample) -> str:
    """Read the first packet of each stream: they all come first (RFC 3533, section 4)."""
    at, sound = 0, False
    for _ in range(_MAX_PAGES):
        page = sample.at(at, 27)
        if not page.startswith(b"OggS") or len(page) < 27 or not page[5] & _FIRST_PAGE:  # noqa: PLR2004 - a page's header
            break
        lengths = sample.at(at + 27, page[26])
        packet = at + 27 + page[26]
        first = sample.at(packet, 16)
        if _OGG_VIDEO.match(first):
            return "video/ogg"
        sound |= bool(_OGG_AUDIO.match(first))
        at = packet + sum(lengths)
    return "audio/ogg" if sound else "application/ogg"


def _asf(sample: Sample) -> str:
    """Read the stream properties in the header (ASF specification, section 3.3)."""
    at, sound = 30, False
    end = 30 + int.from_bytes(sample.at(16, 8), "little")
    for _ in range(_MAX_OBJECTS):
        header = sample.at(at, 24)
        size = int.from_bytes(header[16:24], "little")
        if len(header) < 24 or size < 24 or at >= end:  # noqa: PLR2004 - an object's header
            break
        if header.startswith(_STREAM):
            kind = sample.at(at + 24, 16)
            if kind == _ASF_VIDEO:
                return "video/x-ms-asf"
            sound |= kind == _ASF_AUDIO
        at += size
    return "audio/x-ms-wma" if sound else "video/x-ms-asf"
