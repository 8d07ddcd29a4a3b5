"""The text of HTML, XHTML and SVG, as a reader sees it: no scripts, no styles.

Collected while the parser runs: no tree is built, however deep or wide the page is.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from processing.charset import encoding
from processing.task import MIB, Source
from processing.texts.document import Options, Page
from processing.texts.layout import reflowed
from processing.texts.packages import translated
from processing.texts.plain import read

_ENGINE: Final = "lxml"
_MAX_BYTES: Final = 20 * MIB
_CHUNK: Final = 64 * 1024
_CHARSET: Final = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([a-zA-Z0-9_.:-]+)")
_HEAD_BYTES: Final = 4096
_SUBSET: Final = re.compile(r"<!DOCTYPE[^\[>]*\[", re.IGNORECASE)
_SUBSET_END: Final = re.compile(r"\]\s*+>")
_DROPPED: Final = frozenset({"script", "style", "template", "noscript", "head"})
_KEPT: Final = frozenset({"pre", "textarea"})
_LISTS: Final = frozenset({"ul", "ol", "menu"})
_CELLS: Final = frozenset({"td", "th"})
_LINES: Final = frozenset({"br", "tr", "li", "dt", "dd", "option", "tspan"})
_BLOCKS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        address article aside blockquote body caption center details dialog div dl fieldset
        figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr legend main menu nav ol p pre
        section summary svg table tbody text textarea tfoot thead title ul
        """,
    )
)


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the whole text as one page."""
    data = read(source, _MAX_BYTES)
    yield Page(text_of(data, options), _ENGINE, cut=source.size > len(data))


def text_of(data: bytes, options: Options, charset: str | None = None) -> str:
    """Return the text of a page of HTML; its encoding as a byte-order mark, the caller or it says.

    Raises:
        ProcessingError: It takes too much memory.
    """
    if not data.strip():
        return ""
    with translated():
        text = data.decode(encoding(data, charset or _named(data)), "replace")
        found = _collected(_without_subset(text))
    return found if options.preserve else reflowed(found)


def _named(data: bytes) -> str | None:
    found = _CHARSET.search(data[:_HEAD_BYTES])
    return found[1].decode("ascii") if found else None


def _without_subset(text: str) -> str:
    """Leave out the declarations in a DOCTYPE: HTML has none, and its parser takes them for text.

    Drawing programs write them into SVG.
    """
    begin = _SUBSET.search(text, 0, _HEAD_BYTES)
    end = _SUBSET_END.search(text, begin.end()) if begin else None
    return text[: begin.start()] + text[end.end() :] if begin and end else text


def _collected(text: str) -> str:
    collector = _Collector()
    parser = etree.HTMLParser(
        target=collector, no_network=True, recover=True, huge_tree=True, encoding="utf-8"
    )
    data = text.encode("utf-8", "replace")
    for start in range(0, len(data), _CHUNK):
        parser.feed(data[start : start + _CHUNK])
    return str(parser.close())


class _Collector:
    """Takes what the parser meets, and gives the text (lxml's parser target interface)."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._dropped = self._kept = self._lists = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        del attributes
        self._dropped += tag in _DROPPED
        self._kept += tag in _KEPT
        self._lists += tag in _LISTS
        self._break(tag)
        if tag == "li" and not self._dropped:
            self._parts.append("  " * (min(self._lists, 20) - 1) + "- ")

    def end(self, tag: str) -> None:
        self._dropped -= tag in _DROPPED
        self._kept -= tag in _KEPT
        self._lists -= tag in _LISTS
        if tag in _CELLS:
            self._parts.append("\t")
        elif tag in _BLOCKS:
            self._break(tag)

    def data(self, text: str) -> None:
        if not self._dropped:
            self._parts.append(text if self._kept else re.sub(r"[ \t\r\n]+", " ", text))

    def close(self) -> str:
        text = "".join(self._parts)
        text = re.sub(r"[ \t]+\n", "\n", text)
        text = re.sub(r"(?<=\n) (?=\S)", "", text)
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def _break(self, tag: str) -> None:
        nested = tag in _LISTS and self._lists > 1
        if tag in _LINES or nested:
            self._parts.append("\n")
        elif tag in _BLOCKS:
            self._parts.append("\n\n")
