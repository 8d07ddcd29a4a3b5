"""How far video tracks are to be turned, from the headers of MP4, QuickTime and Matroska alone.

FFmpeg reports it only with a decoded frame.
"""

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from processing.identification import matroska
from processing.identification.sample import Sample
from processing.task import MIB, Source

_MAX_BOXES: Final = 1_000
_TRACK_HEADER_BYTES: Final = {0: 84, 1: 96}
_MOVIE_HEADER_BYTES: Final = {0: 100, 1: 112}
_MATRIX_BYTES: Final = 36
_LARGE_SIZE: Final = 1
_MATROSKA_HEAD: Final = 4 * MIB
_Matrix = tuple[int, int, int, int]


def rotations(source: Source) -> dict[int, int]:
    """Return clockwise degrees (0, 90, 180 or 270) by track.

    Keys are FFmpeg's ``id`` of a stream in MP4, and its ``index`` in Matroska, which has no ids.
    Those of MP4 combine the matrices of track and movie (ISO 14496-12, sections 8.2.2 and 8.3.2).
    Empty for other formats; never raises for what the file holds.
    """
    try:
        with Path(source.path).open("rb") as file:
            if file.read(4) == matroska.MAGIC:
                file.seek(0)
                return dict(_projections(file.read(_MATROSKA_HEAD)))
            return dict(_tracks(file, source.size))
    except (OSError, ValueError, struct.error):
        return {}


def _projections(head: bytes) -> Iterator[tuple[int, int]]:
    """Yield the roll of each projection (RFC 9559, section 5.1.4.1.28.46), counter-clockwise."""
    for place, roll in matroska.rolls(Sample(head)):
        if math.isfinite(roll):
            yield place, round(-roll / 90) * 90 % 360


def _tracks(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    for movie in _boxes(file, 0, end, b"moov"):
        whole: _Matrix = (1, 0, 0, 1)
        for start, _end in _boxes(file, *movie, b"mvhd"):
            whole = _matrix(_header(file, start, _MOVIE_HEADER_BYTES)[:-28])
        for track in _boxes(file, *movie, b"trak"):
            for start, _end in _boxes(file, *track, b"tkhd"):
                yield _track_header(file, start, whole)


def _boxes(file: BinaryIO, start: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the contents of the wanted boxes begin and end."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if length == _LARGE_SIZE:
            length, head = struct.unpack(">Q", file.read(8))[0], 16
        stop = min(end, start + length) if length else end
        if kind == wanted:
            yield start + head, stop
        if stop < start + head:
            return
        start = stop


def _header(file: BinaryIO, start: int, lengths: dict[int, int]) -> bytes:
    """Return a header box up to and with the 28 or 8 bytes that follow its matrix."""
    file.seek(start)
    version = file.read(1)
    return version + file.read(lengths[version == b"\1"] - 1)


def _track_header(file: BinaryIO, start: int, whole: _Matrix) -> tuple[int, int]:
    header = _header(file, start, _TRACK_HEADER_BYTES)
    track: int = struct.unpack_from(">I", header, 20 if header[:1] == b"\1" else 12)[0]
    a, b, c, d = _matrix(header[:-8])
    e, f, g, h = whole
    turned = (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)
    return track, round(math.degrees(math.atan2(turned[1], turned[0])) / 90) * 90 % 360


def _matrix(header: bytes) -> _Matrix:
    """Return a, b, c and d of the matrix at the end of ``header``."""
    a, b, _u, c, d = struct.unpack_from(">5i", header, len(header) - _MATRIX_BYTES)
    return a, b, c, d
