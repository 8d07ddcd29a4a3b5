"""The text of RTF files (Rich Text Format Specification 1.9.1), as a reader sees it."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from processing.task import Source
from processing.texts.document import MAX_TEXT_BYTES, SOFT_CPU_SECONDS, Options, Page
from processing.texts.layout import reflowed
from processing.texts.plain import read

_ENGINE: Final = "rtf"
_TOKEN: Final = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9A-Fa-f]{2})"
    rb"|\\(?P<symbol>[^A-Za-z])|(?P<brace>[{}])|[\r\n\0]+|(?P<plain>[^\\{}\r\n\0]+)|\\"
)
_DROPPED: Final = frozenset(
    """
    fonttbl colortbl stylesheet info pict object objdata objalias objsect
    listtable listoverridetable
    rsidtbl
    generator themedata colorschememapping latentstyles datastore xmlnstbl mmathPr nonshppict
    shprslt
    sp sn sv xe tc tcn rxe txe fldinst filetbl revtbl userprops template operator comment
    bkmkstart bkmkend nonesttables objclass objname fchars lchars atnid atndate atnref atntime
    atnparent wgrffmtfilter pnseclvl panose falt ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn
    """.split()  # noqa: SIM905
)
"""Destinations that hold no text of the document."""

_STARRED: Final = frozenset({"shpinst", "shptxt", "annotation", "ud", "fldrslt", "footnote"})
"""Destinations that are shown though readers may skip those that they do not know."""

_APART: Final = {
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), 0),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), 2),
    "footnote": 3,
    "annotation": 4,
}
"""Destinations that are read before the body (0) or after it: footers, notes, comments."""

_BODY: Final = 1
_LINE: Final = "\v"
_SIGNS: Final = {
    **dict.fromkeys(("par", "sect", "page", "column", "row", "nestrow", "shptxt"), "\n"),
    **dict.fromkeys(("tab", "cell", "nestcell"), "\t"),
    "line": _LINE,
    "lbr": _LINE,
    "emdash": "—",
    "endash": "\u2013",
    "lquote": "\u2018",
    "rquote": "\u2019",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
}
_SYMBOLS: Final = {b"~": "\xa0", b"_": "-", b"\n": "\n", b"\r": "\n"}
_LITERAL: Final = frozenset({b"\\", b"{", b"}"})
_CHARSETS: Final = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp437",
}
"""What a font's ``\\fcharset`` means (section "Font Table")."""

_CODE_PAGES: Final = {65001: "utf-8", 10000: "mac_roman", 936: "gbk", 10007: "mac_cyrillic"}
_FONT: Final = re.compile(rb"\\f(\d{1,6})\b[^{};]{0,100}?\\fcharset(\d{1,3})")
_FONT_TABLE_BYTES: Final = 256 * 1024
_CHECKED: Final = 4096


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the whole text as one page: headers, body, footers, notes and comments."""
    data = read(source, MAX_TEXT_BYTES)
    reader = _Reader(data)
    reader.run()
    text = reader.text()
    if not options.preserve:
        text = reflowed(text.replace("\n", "\n\n").replace(_LINE, "\n"))
    yield Page(text, _ENGINE, cut=reader.cut or source.size > len(data))


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds until a group ends."""

    dropped: bool = False
    hidden: bool = False
    starred: bool = False
    flow: int = _BODY
    encoding: str = "cp1252"
    fallback: int = 1


@dataclass(slots=True)
class _Reader:
    data: bytes
    cut: bool = False
    _group: _Group = field(default_factory=_Group)
    _outer: list[_Group] = field(default_factory=list)
    _flows: list[list[str]] = field(default_factory=lambda: [[] for _ in range(5)])
    _pending: bytearray = field(default_factory=bytearray)
    _skipped: int = 0
    _default: str = "cp1252"
    _fonts: dict[int, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return what was read; surrogates that belong together are one character."""
        flows = ("".join(flow).strip("\n") for flow in self._flows)
        text = "\n".join(filter(None, flows))
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def run(self) -> None:
        """Read the file as far as time allows."""
        self._fonts = {
            int(found[1]): _CHARSETS[int(found[2])]
            for found in _FONT.finditer(self.data, 0, _FONT_TABLE_BYTES)
            if int(found[2]) in _CHARSETS
        }
        started, count, place = time.process_time(), 0, 0
        while found := _TOKEN.match(self.data, place):
            place = found.end()
            if found["word"]:
                place += self._word(found["word"].decode(), found["number"])
            else:
                self._other(found)
            count += 1
            if count % _CHECKED == 0 and time.process_time() - started > SOFT_CPU_SECONDS:
                self.cut = True
                break
        self._flush()

    def _other(self, found: re.Match[bytes]) -> None:
        if found["plain"] is not None:
            self._write(found["plain"])
        elif found["hex"]:
            self._write(bytes.fromhex(found["hex"].decode()))
        elif found["brace"]:
            self._brace(found["brace"])
        elif found["symbol"]:
            self._symbol(found["symbol"])

    def _brace(self, brace: bytes) -> None:
        self._flush()
        self._skipped = 0
        if brace == b"{":
            self._outer.append(self._group)
            self._group = replace(self._group, starred=False)
        elif self._outer:
            self._group = self._outer.pop()

    def _symbol(self, symbol: bytes) -> None:
        if symbol in _LITERAL:
            self._write(symbol)
        elif symbol == b"*":
            self._group = replace(self._group, starred=True)
        elif symbol in _SYMBOLS:
            self._show(_SYMBOLS[symbol])

    def _word(self, word: str, number: bytes | None) -> int:
        """Do what a control word says; return how many bytes of data follow it."""
        value = int(number) if number is not None else None
        if word == "u" and value is not None:
            self._show(chr(value % 0x10000))
            self._skipped = self._group.fallback
        elif word in _DROPPED or (self._group.starred and word not in _STARRED):
            self._group = replace(self._group, dropped=True, starred=False)
        elif word in _APART:
            self._apart(word)
        elif word == "bin":
            return max(value or 0, 0)
        elif word in _SIGNS:
            self._show(_SIGNS[word])
        else:
            self._format(word, value)
        self._group = replace(self._group, starred=False) if self._group.starred else self._group
        return 0

    def _apart(self, word: str) -> None:
        self._flush()
        self._group = replace(self._group, flow=_APART[word], starred=False)
        if self._flows[_APART[word]]:
            self._show("\n")

    def _format(self, word: str, value: int | None) -> None:
        on = value != 0
        if word in {"v", "deleted"}:
            self._change(hidden=on)
        elif word == "plain":
            self._change(hidden=False)
        elif word == "uc":
            self._group = replace(self._group, fallback=min(max(value or 0, 0), 255))
        elif word == "f":
            self._change(encoding=self._fonts.get(value or 0, self._default))
        elif word in {"ansicpg", "mac", "pc", "pca"}:
            self._default = _code_page(word, value)
            self._change(encoding=self._default)

    def _change(self, *, hidden: bool | None = None, encoding: str | None = None) -> None:
        self._flush()
        group = self._group
        self._group = replace(
            group,
            hidden=group.hidden if hidden is None else hidden,
            encoding=encoding or group.encoding,
        )

    def _write(self, data: bytes) -> None:
        """Take bytes of text: a character of two bytes may be in two tokens."""
        skipped = min(self._skipped, len(data))
        self._skipped -= skipped
        self._pending += data[skipped:]

    def _show(self, text: str) -> None:
        self._flush()
        self._skipped = 0
        if not self._group.dropped and not self._group.hidden:
            self._flows[self._group.flow].append(text)

    def _flush(self) -> None:
        pending, self._pending = bytes(self._pending), bytearray()
        if pending and not self._group.dropped and not self._group.hidden:
            self._flows[self._group.flow].append(pending.decode(self._group.encoding, "replace"))


def _code_page(word: str, number: int | None) -> str:
    if word != "ansicpg":
        return {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
    name = _CODE_PAGES.get(number or 0, f"cp{number}")
    try:
        b"".decode(name)
    except LookupError:
        return "cp1252"
    return name
