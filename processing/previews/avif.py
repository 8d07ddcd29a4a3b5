"""The colour of an AVIF by its boxes: Pillow keeps it to itself."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final

_HEAD: Final = struct.Struct(">I4s")
_LARGE: Final = struct.Struct(">Q")
_MAX_BOXES: Final = 1000
_MAX_META_BYTES: Final = 8 * 1024 * 1024
_FULL_BOX: Final = 4

Property = tuple[bytes, bytes]


def code_points(file: BinaryIO) -> tuple[int, int] | None:
    """Return colour primaries and transfer characteristics (ITU-T H.273) of the primary item.

    They are in its ``colr`` property of type ``nclx`` (ISO/IEC 14496-12, section 12.1.5). Other
    items, such as a gain map, have their own. None if there is none, or if the boxes are broken.
    """
    with suppress(struct.error, LookupError):
        meta = dict(_boxes(_meta(file)[_FULL_BOX:]))
        for kind, payload in _properties_of(_primary_item(meta[b"pitm"]), meta[b"iprp"]):
            if kind == b"colr" and payload[:4] == b"nclx":
                primaries, transfer = struct.unpack_from(">HH", payload, 4)
                return primaries, transfer
    return None


def _meta(file: BinaryIO) -> bytes:
    for _ in range(_MAX_BOXES):
        head = file.read(_HEAD.size)
        size, kind = _HEAD.unpack(head)
        taken = len(head)
        if size == 1:
            (size,) = _LARGE.unpack(file.read(_LARGE.size))
            taken += _LARGE.size
        if kind == b"meta":
            return file.read(min(size - taken, _MAX_META_BYTES))
        if size < taken:
            break
        file.seek(size - taken, 1)
    return b""


def _boxes(data: bytes) -> Iterator[Property]:
    """Yield type and payload of each box; of one that is cut off, what there is."""
    at = 0
    for _ in range(_MAX_BOXES):
        if at + _HEAD.size > len(data):
            return
        size, kind = _HEAD.unpack_from(data, at)
        if size < _HEAD.size:
            return
        yield kind, data[at + _HEAD.size : at + size]
        at += size


def _primary_item(payload: bytes) -> int:
    form = ">I" if payload[0] else ">H"
    number: int = struct.unpack_from(form, payload, _FULL_BOX)[0]
    return number


def _properties_of(item: int, payload: bytes) -> Iterator[Property]:
    """Yield the properties that are associated with an item (ISO/IEC 23008-12, section 9.3)."""
    parts = list(_boxes(payload))
    properties = [each for kind, inner in parts if kind == b"ipco" for each in _boxes(inner)]
    for kind, inner in parts:
        if kind == b"ipma":
            for index in _associations(inner).get(item, ()):
                if 0 < index <= len(properties):
                    yield properties[index - 1]


def _associations(payload: bytes) -> dict[int, list[int]]:
    version, wide = payload[0], payload[3] & 1
    (count,) = struct.unpack_from(">I", payload, _FULL_BOX)
    found, at = {}, _FULL_BOX + 4
    for _ in range(min(count, len(payload))):
        item_form, index_form = ">I" if version else ">H", ">H" if wide else ">B"
        (item,) = struct.unpack_from(item_form, payload, at)
        at += struct.calcsize(item_form)
        number, at = payload[at], at + 1
        indices = struct.unpack_from(f">{number}{index_form[1]}", payload, at)
        at += number * struct.calcsize(index_form)
        found[item] = [index & (0x7FFF if wide else 0x7F) for index in indices]
    return found
