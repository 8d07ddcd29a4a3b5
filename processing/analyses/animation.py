"""Counting the frames of pictures by walking over their blocks: nothing is decoded."""

import struct
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from processing import images
from processing.analyses import png
from processing.task import Source

_MAX_BLOCKS: Final = 1_000_000
_MAX_PAGES: Final = 10_000
_FARTHEST: Final = 2**62  # seeking beyond 2**63 is an error of its own
_IMAGE: Final = 0x2C
_EXTENSION: Final = 0x21
_GRAPHIC_CONTROL: Final = 0xF9
_PNG_HEAD: Final = 8
_RIFF_HEAD: Final = 12

Delays = Iterator[float | None]
"""For each block of a file the seconds that a frame it begins is shown; None if it begins none."""


def frames(source: Source) -> dict[str, Any]:
    """Return ``frames``, ``animated`` and the ``animation_duration`` in seconds, where known.

    ``frames_truncated`` is true where there are more than are counted.

    Raises:
        ProcessingError: The file is cut off.
    """
    walk = _WALKS.get(source.content_type)
    if walk is None:
        return {}
    with images.translated(), Path(source.path).open("rb") as file:
        return _counted(walk(file), animated=source.content_type != "image/tiff")


def _counted(delays: Delays, *, animated: bool) -> dict[str, Any]:
    count, duration, most = 0, 0.0, _MAX_BLOCKS if animated else _MAX_PAGES
    extra: dict[str, Any] = {}
    try:
        for delay in islice(delays, most):
            if delay is not None:
                count, duration = count + 1, duration + delay
        if next(delays, "end") != "end":
            extra = {"frames_truncated": True}
    except EOFError:
        extra = {"damaged": True, "problem": "The picture is cut off."}
    several = animated and count > 1
    length = {"animation_duration": round(duration, 3)} if several else {}
    return {"frames": max(count, 1), "animated": several, **length, **extra}


def _gif(file: BinaryIO) -> Delays:
    """Walk over the blocks of a GIF (GIF89a, sections 17 to 27)."""
    head = _exactly(file, 13)
    _skip_colors(file, head[10])
    delay = 0.0
    while (kind := file.read(1)[:1]) in (b"\x2c", b"\x21"):
        if kind[0] == _IMAGE:
            _skip_colors(file, _exactly(file, 9)[8])
            file.seek(1, 1)
            yield delay
            delay = 0.0
        elif _exactly(file, 1)[0] == _GRAPHIC_CONTROL:
            delay = struct.unpack("<xxHxx", _exactly(file, 6))[0] / 100
            file.seek(-1, 1)
        yield from _skip_blocks(file)


def _skip_colors(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 * 2 ** ((flags & 7) + 1), 1)


def _skip_blocks(file: BinaryIO) -> Delays:
    while length := _exactly(file, 1)[0]:
        file.seek(length, 1)
        yield None


def _png(file: BinaryIO) -> Delays:
    """Walk over the chunks of a PNG (PNG Third Edition, section 11.3.6: fcTL)."""
    for kind, _length in png.chunks(file):
        if kind == b"fcTL":
            number, base = struct.unpack(">20xHH2x", _exactly(file, 26))
            yield number / (base or 100)
        else:
            yield None


def _webp(file: BinaryIO) -> Delays:
    """Walk over the chunks of a WebP (RFC 9649, section 2.7.1.1: ANMF)."""
    file.seek(_RIFF_HEAD)
    while len(head := file.read(8)) == 8:  # noqa: PLR2004 - type and length
        kind, length = struct.unpack("<4sI", head)
        if kind == b"ANMF":
            duration = int.from_bytes(_exactly(file, 16)[12:15], "little")
            yield duration / 1000
            length -= 16
        else:
            yield None
        file.seek(max(length, 0) + length % 2, 1)


def _tiff(file: BinaryIO) -> Delays:
    """Walk over the directories of a TIFF or BigTIFF (TIFF 6.0, section 2); each is a page."""
    order = "<" if file.read(2) == b"II" else ">"
    big = struct.unpack(order + "H", _exactly(file, 2))[0] == 43  # noqa: PLR2004 - BigTIFF
    number, count, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    file.seek(8 if big else 4)
    seen: set[int] = set()
    while (offset := _unpacked(file, order + number)) and offset not in seen:
        seen.add(offset)
        file.seek(min(offset, _FARTHEST))
        file.seek(min(_unpacked(file, order + count) * entry, _FARTHEST), 1)
        yield 0.0


def _unpacked(file: BinaryIO, form: str) -> int:
    return int(struct.unpack(form, _exactly(file, struct.calcsize(form)))[0])


def _exactly(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise EOFError("cut off")
    return data


_WALKS: Final[dict[str, Callable[[BinaryIO], Delays]]] = {
    "image/gif": _gif,
    "image/png": _png,
    "image/apng": _png,
    "image/webp": _webp,
    "image/tiff": _tiff,
}
