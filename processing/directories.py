"""Reading the directories of TIFF files, of BigTIFF, of EXIF blocks and of most raw photos.

TIFF 6.0, section 2; BigTIFF as libtiff specifies it; Exif 3.0, section 4.6.2. Every length and
offset is checked and bounded, so that no file makes this read much or for long.
"""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

MAX_VALUE_BYTES: Final = 1024 * 1024
_MAX_ENTRIES: Final = 1_000
_MAX_DIRECTORIES: Final = 200
_FARTHEST: Final = 2**62

_FORMS: Final = {
    1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii",
    11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q", 129: "s",
}  # fmt: skip
"""The type of a value to its form; 129 is UTF-8 text (Exif 3.0)."""

_RATIONALS: Final = frozenset({5, 10})
SHORT: Final = 3

Tags = Mapping[int, "Value"]


@dataclass(frozen=True, slots=True)
class Value:
    """The value of one tag: its type, how many there are, and their bytes in the file's order."""

    kind: int
    count: int
    data: bytes
    order: str

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values as numbers; rationals divided, without those that divide by zero."""
        form = _FORMS[self.kind]
        if form == "s":
            return tuple(self.data)
        size = struct.calcsize("=" + form)
        whole = self.data[: len(self.data) // size * size]
        rows = struct.iter_unpack(self.order + form, whole)
        if self.kind in _RATIONALS:
            return tuple(above / below for above, below in rows if below)
        return tuple(row[0] for row in rows)

    @property
    def number(self) -> float | None:
        """The first value; None if there is none."""
        return next(iter(self.numbers), None)

    @property
    def integer(self) -> int | None:
        """The first value if it is a whole number."""
        number = self.number
        return number if isinstance(number, int) else None

    @property
    def text(self) -> str:
        """The value up to its first NUL: as UTF-8, or as Windows-1252 where it is not that."""
        return decoded(self.data.split(b"\0")[0])


class TagFile:
    """A file, or a block in memory, made of directories.

    ``base`` is where offsets count from. ``first`` is the offset of the first directory; 0 if this
    is no such file. The fixed number behind the byte order is not checked: makers of raw photos
    have numbers of their own.
    """

    def __init__(self, file: BinaryIO, base: int = 0) -> None:
        self._file = file
        self._base = base
        head = self.read(0, 16)
        self.order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        self.first = 0
        self._is_big = head[2:4] in {b"\x2b\0", b"\0\x2b"}
        if self.order and len(head) >= 8:  # noqa: PLR2004 - order, number, offset
            at, form = (8, "Q") if self._is_big else (4, "I")
            self.first = self._unpacked(form, head[at:])

    @classmethod
    def of(cls, block: bytes) -> "TagFile":
        """Return the directories of an EXIF block, with or without the prefix that JPEG needs."""
        return cls(io.BytesIO(block.removeprefix(b"Exif\0\0")))

    def read(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at an offset; fewer where the file ends."""
        if not 0 <= offset <= _FARTHEST:
            return b""
        self._file.seek(self._base + offset)
        return self._file.read(max(0, length))

    def directory(self, offset: int) -> tuple[dict[int, Value], int]:
        """Return the tags of the directory at an offset, and the offset of the next one, or 0.

        A tag whose type is unknown, or whose value lies outside of the file, is left out.
        """
        count_form, entry, link = ("Q", 20, "Q") if self._is_big else ("H", 12, "I")
        start = offset + struct.calcsize(count_form)
        count = self._unpacked(count_form, self.read(offset, 8))
        listed = min(count, _MAX_ENTRIES)
        entries = self.read(start, listed * entry)
        tags = dict(self._entries(entries, entry))
        following = self._unpacked(link, self.read(start + count * entry, 8))
        return tags, following

    def directories(self) -> Iterator[dict[int, Value]]:
        """Yield the tags of the main directories, in their order; none twice."""
        seen: set[int] = set()
        offset = self.first
        while offset and offset not in seen and len(seen) < _MAX_DIRECTORIES:
            seen.add(offset)
            tags, offset = self.directory(offset)
            yield tags

    def _entries(self, entries: bytes, size: int) -> Iterator[tuple[int, Value]]:
        form, room = ("HHQ", 8) if self._is_big else ("HHI", 4)
        for at in range(0, len(entries) - size + 1, size):
            tag, kind, count = struct.unpack_from(self.order + form, entries, at)
            if kind not in _FORMS:
                continue
            length = count * struct.calcsize("=" + _FORMS[kind])
            data = entries[at + size - room : at + size]
            if length > room:
                place = self._unpacked("Q" if self._is_big else "I", data)
                data = self.read(place, min(length, MAX_VALUE_BYTES))
            if data:
                yield tag, Value(kind, count, data[:length], self.order)

    def _unpacked(self, form: str, data: bytes) -> int:
        size = struct.calcsize("=" + form)
        number: Any = struct.unpack(self.order + form, data[:size].ljust(size, b"\0"))[0]
        return int(number)


def decoded(data: bytes) -> str:
    """Return text of an unnamed encoding: UTF-8, else Windows-1252, else Latin-1."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
