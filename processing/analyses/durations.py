"""How long recordings last: by their headers, or by their packets where headers do not say."""

import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Final

import av
from av.container import InputContainer

from processing import audiovisual
from processing.analyses.result import number
from processing.task import MIB, Source

_ESTIMATED_BY_FFMPEG: Final = frozenset({"mp3", "aac", "ac3", "eac3", "dts"})
"""Formats without an index, whose duration FFmpeg derives from the first packets' bit rate."""

_INDEX: Final = re.compile(rb"Xing|Info|VBRI")
_ID3_HEAD: Final = 10
_FIRST_FRAME: Final = 4096
_MAX_PACKETS: Final = 300_000
"""The most packets read for a duration: 2 hours of MP3, about two seconds of processor time."""

_CLUSTER: Final = re.compile(
    rb"\x1f\x43\xb6\x75(?:[\x80-\xff]|\x01.{7}|[\x02-\x7f].{1,6}?)(?:\xbf\x84.{4})?\xe7", re.DOTALL
)
"""The head of a Cluster: after a checksum, its Timestamp (RFC 9559, section 5.1.3.1)."""

_HEAD_BYTES: Final = 4 * MIB
_TAIL_BYTES: Final = 32 * MIB


def measured(source: Source, container: InputContainer) -> dict[str, Any]:
    """Return ``duration`` in seconds, and ``duration_estimated`` if it is an estimate.

    ``container`` is the open ``source``; where packets must be read, the source is opened anew.
    """
    if _says(source, container):
        return {"duration": _by_header(container)}
    if container.format.name.startswith("matroska") and (duration := _by_last_cluster(source)):
        return {"duration": duration}
    found = _by_packets(source)
    return found if found["duration"] else {"duration": _by_header(container)}


def seconds(value: Any) -> float | None:
    """Return a duration rounded to milliseconds; None if it is no positive number."""
    found = number(value)
    return round(found, 3) if found and found > 0 else None


def _says(source: Source, container: InputContainer) -> bool:
    name = container.format.name
    if name == "mp3":
        return _has_index(source)
    return name not in _ESTIMATED_BY_FFMPEG and _by_header(container) is not None


def _by_header(container: InputContainer) -> float | None:
    if container.duration:
        return seconds(container.duration / av.time_base)
    lengths = [
        stream.duration * stream.time_base
        for stream in container.streams
        if stream.duration and stream.time_base
    ]
    return seconds(max(lengths)) if lengths else None


def _has_index(source: Source) -> bool:
    """Return whether the first frame of an MP3 holds the number of frames."""
    with Path(source.path).open("rb") as file:
        head = file.read(_ID3_HEAD)
        if head.startswith(b"ID3") and len(head) == _ID3_HEAD:
            size = sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
            file.seek(_ID3_HEAD + size)
        else:
            file.seek(0)
        return _INDEX.search(file.read(_FIRST_FRAME)) is not None


def _by_packets(source: Source) -> dict[str, Any]:
    """Add up the packets; if there are too many, take the rest to be like those that were read."""
    with audiovisual.opened(source) as container:
        stream = audiovisual.main_audio(container) or audiovisual.main_video(container)
        if stream is None or not stream.time_base:
            return {"duration": None}
        total, first, last, count = 0, None, 0, 0
        for packet in islice(_packets(container, stream), _MAX_PACKETS):
            count += 1
            total += packet.duration or 0
            first = packet.pos if first is None else first
            last = packet.pos or last
        length = total * stream.time_base
    if count < _MAX_PACKETS or first is None or last <= first:
        return {"duration": seconds(length)}
    estimate = length * Fraction(source.size - first, last - first)
    return {"duration": seconds(estimate), "duration_estimated": True}


def _packets(container: InputContainer, *streams: Any) -> Iterator[Any]:
    with suppress(av.FFmpegError):  # what is cut off lasts as long as what there is
        yield from (packet for packet in container.demux(*streams) if packet.size)


def _by_last_cluster(source: Source) -> float | None:
    """Return when the last packet of a Matroska file ends, without reading what lies between.

    Recorders that write as they go leave the duration out. Clusters have absolute timestamps, so
    the last one is demuxed right after the header.
    """
    with Path(source.path).open("rb") as file:
        head = file.read(_HEAD_BYTES)
        first = _CLUSTER.search(head)
        file.seek(max(0, source.size - _TAIL_BYTES))
        tail = file.read(_TAIL_BYTES)
    last = deque(_CLUSTER.finditer(tail), maxlen=1)
    if first is None or not last:
        return None
    begin = _times(head, 1)
    end = _times(head[: first.start()] + tail[last[0].start() :], None)
    return seconds(max(end) - min(begin)) if begin and end else None


def _times(data: bytes, most: int | None) -> list[Fraction]:
    """Return when the first ``most`` packets begin and end."""
    found: list[Fraction] = []
    with (
        suppress(av.FFmpegError, ValueError),
        av.open(io.BytesIO(data), "r", options=audiovisual.OPTIONS) as container,
    ):
        for packet in islice(_packets(container), most):
            if packet.pts is not None and packet.time_base:
                begin = packet.pts * packet.time_base
                found += [begin, begin + (packet.duration or 0) * packet.time_base]
    return found
