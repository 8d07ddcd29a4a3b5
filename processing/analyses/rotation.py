"""How far MP4 and QuickTime tracks are to be turned, from their headers alone.

FFmpeg tells it only with a decoded frame; the boxes say it for nothing.
"""

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from processing.task import Source

_MAX_BOXES: Final = 1_000
_TRACK_HEADER_BYTES: Final = {0: 84, 1: 96}
_LARGE_SIZE: Final = 1


def rotations(source: Source) -> dict[int, int]:
    """Return track id to clockwise degrees: 0, 90, 180 or 270 (ISO 14496-12, section 8.3.2).

    Empty for anything that is not made of boxes; never raises for what the file holds.
    """
    try:
        with Path(source.path).open("rb") as file:
            return dict(_tracks(file, source.size))
    except (OSError, ValueError, struct.error):
        return {}


def _tracks(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    for movie in _boxes(file, 0, end, b"moov"):
        for track in _boxes(file, *movie, b"trak"):
            for start, _end in _boxes(file, *track, b"tkhd"):
                yield _track_header(file, start)


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


def _track_header(file: BinaryIO, start: int) -> tuple[int, int]:
    file.seek(start)
    version = file.read(1)[:1] == b"\1"
    data = file.read(_TRACK_HEADER_BYTES[version] - 1)
    track = struct.unpack_from(">I", data, 19 if version else 11)[0]
    a, b, _u, c, d = struct.unpack_from(">5i", data, 51 if version else 39)
    del c, d
    return track, round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360
