"""The text of Word 97-2003 documents ([MS-DOC]): pieces of text, found by the piece table."""

import re
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from processing.task import Failure, ProcessingError, Source
from processing.texts.compound import encrypted, opened, stream, too_old
from processing.texts.document import Options, Page, gathered

_ENGINE: Final = "ole"
_MAGIC: Final = 0xA5EC
_WORD_97: Final = 0x00C1
_ENCRYPTED, _WHICH_TABLE = 0x0100, 0x0200
_FLAGS_AT: Final = 0x0A
_COUNTS_AT: Final = 0x4C
_CLX_AT: Final = 0x01A2
_PIECES: Final = 0x02
_COMPRESSED: Final = 0x40000000
_FIELD: Final = re.compile("\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
_MAX_FIELD_DEPTH: Final = 10
_ROW_END: Final = re.compile("\x07\x07")
_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys("\r\x0c\x0e", "\n"),
        "\x07": "\t",
        "\x0b": "\v",
        "\x1e": "-",
        "\xa0": " ",
        **dict.fromkeys("\x01\x02\x03\x04\x05\x08\x13\x14\x15\x1f", ""),
    }
)
"""What the control characters of a document stand for ([MS-DOC] 2.4.1, 2.9.21)."""


class _Parts(NamedTuple):
    """The lengths of a document's parts, in characters and in their order ([MS-DOC] 2.5.4)."""

    body: int
    footnotes: int
    headers: int
    macros: int
    comments: int
    endnotes: int
    boxes: int
    header_boxes: int


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the document as one page: body, text boxes, headers and footers, notes, comments."""
    with opened(source) as container:
        main = stream(container, "WordDocument")
        magic, version = struct.unpack_from("<HH", main)
        (flags,) = struct.unpack_from("<H", main, _FLAGS_AT)
        if magic != _MAGIC:
            raise ProcessingError(Failure.FAILED, "The document is not one of Word.")
        if version < _WORD_97:
            raise too_old("Word 95")
        if flags & _ENCRYPTED:
            raise encrypted()
        table = stream(container, "1Table" if flags & _WHICH_TABLE else "0Table")
    text = "".join(_pieces(main, table))
    between = "\n" if options.preserve else "\n\n"
    yield gathered(_blocks(main, text, preserve=options.preserve), _ENGINE, between)


def _pieces(main: bytes, table: bytes) -> Iterator[str]:
    """Yield the pieces of the text in their order ([MS-DOC] 2.8.35, 2.9.177)."""
    start, size = struct.unpack_from("<II", main, _CLX_AT)
    clx = table[start : start + size]
    place = 0
    while clx[place] != _PIECES:
        place += 3 + struct.unpack_from("<H", clx, place + 1)[0]
    (length,) = struct.unpack_from("<I", clx, place + 1)
    plc = clx[place + 5 : place + 5 + length]
    count = (len(plc) - 4) // 12
    ends = struct.unpack_from(f"<{count + 1}I", plc)
    for index, (first, last) in enumerate(pairwise(ends)):
        (where,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)
        if where & _COMPRESSED:
            begin = (where & ~_COMPRESSED) // 2
            yield main[begin : begin + last - first].decode("cp1252", "replace")
        else:
            yield main[where : where + 2 * (last - first)].decode("utf-16-le", "surrogatepass")


def _blocks(main: bytes, text: str, *, preserve: bool) -> Iterator[str]:
    counts = _Parts(*struct.unpack_from("<8i", main, _COUNTS_AT))
    parts: dict[str, str] = {}
    place = 0
    for name, count in counts._asdict().items():
        parts[name] = text[place : place + max(count, 0)]
        place += max(count, 0)
    for name in ("body", "boxes", "headers", "header_boxes", "footnotes", "endnotes", "comments"):
        lines = dict.fromkeys(_lines(parts[name])) if "header" in name else _lines(parts[name])
        for line in lines:
            if preserve or line.strip():
                yield line if preserve else " ".join(line.split(" ")).strip()


def _lines(text: str) -> Iterator[str]:
    """Yield the paragraphs and rows of a part, fields as their results."""
    for _ in range(_MAX_FIELD_DEPTH):
        text, count = _FIELD.subn(lambda found: found[1] or "", text)
        if not count:
            break
    rows = _ROW_END.sub("\n", text)
    for line in rows.translate(_SIGNS).split("\n"):
        yield line.rstrip("\t")
