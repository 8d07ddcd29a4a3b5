"""The text of PowerPoint 97-2003 files ([MS-PPT]): slides and their notes, in order."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from processing.task import Failure, ProcessingError, Source
from processing.texts.compound import encrypted, opened, stream
from processing.texts.document import Options, Page, gathered

_ENGINE: Final = "ole"
_HEADER: Final = struct.Struct("<HHI")
_CONTAINER: Final = 0xF
_DOCUMENT, _MASTER = 1000, 1016
_SLIDE_LIST: Final = 4080
_PERSIST: Final = 1011
_USER_EDIT, _PERSIST_DIRECTORY = 4085, 6002
_CHARACTERS, _BYTES = 4000, 4008
_SLIDE_ATOM: Final = 1007
_CLEAR_USER_BYTES: Final = 20
_MAX_DEPTH: Final = 40
_MAX_EDITS: Final = 1000
_CRYPTED: Final = 0xF3D1C4DF
_NOTES_LIST: Final = 2


class _Record(NamedTuple):
    instance: int
    kind: int
    start: int
    end: int
    is_container: bool


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text of each slide in the order of the presentation, its notes behind it.

    Raises:
        ProcessingError: It asks for a password, or is no presentation.
    """
    with opened(source) as container:
        user = stream(container, "Current User")
        data = stream(container, "PowerPoint Document")
    if not data:
        raise ProcessingError(Failure.FAILED, "The document is not a presentation.")
    if len(user) >= _CLEAR_USER_BYTES and struct.unpack_from("<I", user, 12)[0] == _CRYPTED:
        raise encrypted()
    between = "\n" if options.preserve else "\n\n"
    for texts in _Presentation(data, user).slides():
        yield gathered(texts, _ENGINE, between)


class _Presentation:
    def __init__(self, data: bytes, user: bytes) -> None:
        self._data = data
        self._places = self._persisted(struct.unpack_from("<I", user, 16)[0])

    def slides(self) -> Iterator[Iterator[str]]:
        """Yield the texts of each slide: those that the outline holds, then its own."""
        document = next(record for record in self._latest() if record.kind == _DOCUMENT)
        lists = [each for each in self._inside(document) if each.kind == _SLIDE_LIST]
        notes = {
            identity: place
            for found in lists
            if found.instance == _NOTES_LIST
            for place, identity, _ in self._listed(found)
        }
        for found in lists:
            if found.instance == 0:
                for place, _, outlined in self._listed(found):
                    yield self._slide(place, outlined, notes)

    def _slide(self, place: int, outlined: list[str], notes: dict[int, int]) -> Iterator[str]:
        slide = self._record(place)
        yield from outlined
        yield from self._texts(slide)
        for atom in self._inside(slide):
            if atom.kind == _SLIDE_ATOM:  # says which notes are its own ([MS-PPT] 2.5.10)
                (identity,) = struct.unpack_from("<I", self._data, atom.start + 16)
                if identity in notes:
                    yield from self._texts(self._record(notes[identity]))

    def _listed(self, found: _Record) -> Iterator[tuple[int, int, list[str]]]:
        """Yield place, identity and outlined texts of each slide ([MS-PPT] 2.4.14.3)."""
        listed: list[tuple[int, int, list[str]]] = []
        for record in self._inside(found):
            if record.kind == _PERSIST:
                reference, _, _, identity = struct.unpack_from("<IIiI", self._data, record.start)
                listed.append((self._places.get(reference, -1), identity, []))
            elif listed:
                listed[-1][2].extend(self._text(record))
        return (each for each in listed if each[0] >= 0)

    def _texts(self, record: _Record, depth: int = 0) -> Iterator[str]:
        for child in self._inside(record):
            yield from self._text(child)
            if child.is_container and depth < _MAX_DEPTH and child.kind != _MASTER:
                yield from self._texts(child, depth + 1)

    def _text(self, record: _Record) -> Iterator[str]:
        raw = self._data[record.start : record.end]
        if record.kind == _CHARACTERS:
            found = raw.decode("utf-16-le", "replace")
        elif record.kind == _BYTES:
            found = raw.decode("latin-1")
        else:
            return
        yield from filter(str.strip, found.replace("\x0b", "\r").split("\r"))

    def _latest(self) -> Iterator[_Record]:
        return (self._record(place) for place in self._places.values())

    def _persisted(self, edit: int) -> dict[int, int]:
        """Return where objects are by their number, the latest edit first ([MS-PPT] 2.1.2)."""
        places: dict[int, int] = {}
        for _ in range(_MAX_EDITS):
            record = self._record(edit)
            if record.kind != _USER_EDIT:
                break
            before, directory = struct.unpack_from("<II", self._data, record.start + 8)
            for number, place in self._directory(directory):
                places.setdefault(number, place)
            if not before or before >= edit:
                break
            edit = before
        return places

    def _directory(self, place: int) -> Iterator[tuple[int, int]]:
        record = self._record(place)
        at = record.start
        while at + 4 <= record.end:
            (entry,) = struct.unpack_from("<I", self._data, at)
            first, count = entry & 0xFFFFF, entry >> 20
            for index in range(min(count, (record.end - at - 4) // 4)):
                yield first + index, struct.unpack_from("<I", self._data, at + 4 + 4 * index)[0]
            at += 4 + 4 * count

    def _inside(self, record: _Record) -> Iterator[_Record]:
        at = record.start
        while at + _HEADER.size <= record.end:
            child = self._record(at)
            yield child
            at = child.end

    def _record(self, place: int) -> _Record:
        head, kind, length = _HEADER.unpack_from(self._data, place)
        start = place + _HEADER.size
        end = min(start + length, len(self._data))
        return _Record(head >> 4, kind, start, end, head & 0xF == _CONTAINER)
