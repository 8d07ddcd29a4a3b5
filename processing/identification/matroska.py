"""Matroska and WebM (RFC 9559; EBML, RFC 8794): by document type and tracks."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from processing.identification.sample import Sample

MAGIC: Final = b"\x1a\x45\xdf\xa3"
_DOC_TYPE, _SEGMENT, _TRACKS, _CLUSTER = 0x4282, 0x18538067, 0x1654AE6B, 0x1F43B675
_TRACK, _TRACK_TYPE = 0xAE, 0x83
_VIDEO_SETTINGS, _PROJECTION, _ROLL = 0xE0, 0x7670, 0x7675
_VIDEO, _AUDIO = 1, 2
_MAX_ELEMENTS: Final = 64
_END: Final = 2**62


class _Element(NamedTuple):
    id: int
    body: int
    end: int


def find(sample: Sample) -> str | None:
    """Return the type of a Matroska or WebM file; None for anything else."""
    if not sample.head.startswith(MAGIC):
        return None
    elements = _elements(sample, 0, _END)
    header = next(elements, None)
    if header is None:
        return None
    doc_type = _doc_type(sample, header)
    segment = next((one for one in elements if one.id == _SEGMENT), None)
    kinds = {_track_type(sample, track) for track in _tracks(sample, segment)} if segment else set()
    family = "audio" if _AUDIO in kinds and _VIDEO not in kinds else "video"
    return f"{family}/{'webm' if doc_type == b'webm' else 'matroska'}"


def _doc_type(sample: Sample, header: _Element) -> bytes:
    for element in _elements(sample, header.body, header.end):
        if element.id == _DOC_TYPE:
            return sample.at(element.body, min(element.end - element.body, 16)).rstrip(b"\0")
    return b""


def rolls(sample: Sample) -> Iterator[tuple[int, float]]:
    """Yield the place, from 0, of each track whose picture rolls, and by how many degrees."""
    for segment in _children(sample, _Element(0, 0, _END), _SEGMENT):
        for place, track in enumerate(_tracks(sample, segment)):
            for settings in _children(sample, track, _VIDEO_SETTINGS):
                for projection in _children(sample, settings, _PROJECTION):
                    for roll in _children(sample, projection, _ROLL):
                        yield place, _float(sample.at(roll.body, min(roll.end - roll.body, 8)))


def _tracks(sample: Sample, segment: _Element) -> Iterator[_Element]:
    for element in _elements(sample, segment.body, segment.end):
        if element.id == _CLUSTER:
            return
        if element.id == _TRACKS:
            yield from _children(sample, element, _TRACK)
            return


def _children(sample: Sample, parent: _Element, wanted: int) -> Iterator[_Element]:
    return (each for each in _elements(sample, parent.body, parent.end) if each.id == wanted)


def _float(raw: bytes) -> float:
    form = {4: ">f", 8: ">d"}.get(len(raw))
    return float(struct.unpack(form, raw)[0]) if form else 0.0


def _track_type(sample: Sample, track: _Element) -> int:
    for element in _elements(sample, track.body, track.end):
        if element.id == _TRACK_TYPE:
            return int.from_bytes(sample.at(element.body, 1))
    return 0


def _elements(sample: Sample, start: int, end: int) -> Iterator[_Element]:
    for _ in range(_MAX_ELEMENTS):
        if start >= end:
            return
        raw = sample.at(start, 12)
        id_length = _length(raw[:1], 4)
        size_length = _length(raw[id_length : id_length + 1], 8) if id_length else 0
        body = start + id_length + size_length
        if not size_length or len(raw) < id_length + size_length:
            return
        size = int.from_bytes(raw[id_length : id_length + size_length])
        size &= (1 << 7 * size_length) - 1
        unknown = size == (1 << 7 * size_length) - 1  # RFC 8794, section 6.2
        element = _Element(int.from_bytes(raw[:id_length]), body, end if unknown else body + size)
        yield element
        start = element.end


def _length(first: bytes, most: int) -> int:
    """Return how many bytes a variable-size integer has (RFC 8794, section 4); 0 for none."""
    length = 9 - first[0].bit_length() if first else 0
    return length if length <= most else 0
