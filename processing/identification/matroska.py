"""Matroska and WebM (RFC 9559; EBML, RFC 8794): by document type and tracks."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from processing.identification.sample import Sample

_MAGIC: Final = b"\x1a\x45\xdf\xa3"
_DOC_TYPE, _SEGMENT, _TRACKS, _CLUSTER = 0x4282, 0x18538067, 0x1654AE6B, 0x1F43B675
_TRACK, _TRACK_TYPE = 0xAE, 0x83
_VIDEO, _AUDIO = 1, 2
_MAX_ELEMENTS: Final = 64
_END: Final = 2**62


class _Element(NamedTuple):
    id: int
    body: int
    end: int


def find(sample: Sample) -> str | None:
    """Return the type of a Matroska or WebM file; None for anything else."""
    if not sample.head.startswith(_MAGIC):
        return None
    elements = _elements(sample, 0, _END)
    header = next(elements, None)
    if header is None:
        return None
    doc_type = _doc_type(sample, header)
    segment = next((one for one in elements if one.id == _SEGMENT), None)
    kinds = set(_track_types(sample, segment)) if segment else set()
    family = "audio" if _AUDIO in kinds and _VIDEO not in kinds else "video"
    return f"{family}/{'webm' if doc_type == b'webm' else 'matroska'}"


def _doc_type(sample: Sample, header: _Element) -> bytes:
    for element in _elements(sample, header.body, header.end):
        if element.id == _DOC_TYPE:
            return sample.at(element.body, min(element.end - element.body, 16)).rstrip(b"\0")
    return b""


def _track_types(sample: Sample, segment: _Element) -> Iterator[int]:
    for element in _elements(sample, segment.body, segment.end):
        if element.id == _CLUSTER:
            return
        if element.id == _TRACKS:
            for track in _elements(sample, element.body, element.end):
                if track.id == _TRACK:
                    yield _track_type(sample, track)
            return


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
