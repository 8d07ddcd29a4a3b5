"""Texts as the blocks of a sheet: plain text, source code, tables of values and Markdown."""

import csv
import re
from collections.abc import Iterator
from typing import Any, Final

from pygments.lexer import Lexer
from pygments.styles import get_style_by_name
from pygments.token import _TokenType

from processing.previews.sheet import ACCENT, FAINT, INK, Block, Span

_STYLES: Final[dict[_TokenType, dict[str, Any]]] = dict(get_style_by_name("default"))
_MOST_LINES: Final = 50
_MOST_COLUMNS: Final = 100
"""What a page shows of source code at most; lexers see no more, as some take cubic time."""

_CODE_SIZE: Final = 0.8
_WIDEST_CELL: Final = 24

_FENCE: Final = re.compile(r" {0,3}(```|~~~)")
_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)(.*?)[ \t#]*$")
_ITEM: Final = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])[ \t]+(.*)")
_QUOTE: Final = re.compile(r" {0,3}>[ \t]?(.*)")
_RULE: Final = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_DELIMITER_ROW: Final = re.compile(r"[ \t]*\|?[ \t:|-]*-[ \t:|-]*$")
_BOXES: Final = {"[ ]": "☐", "[x]": "☑", "[X]": "☑"}
_SIZES: Final = {1: 2.0, 2: 1.55, 3: 1.25}

_INLINE: Final = re.compile(
    r"(?P<code>`[^`]+`)"
    r"|!\[(?P<picture>[^\]]*)\](?:\([^)]*\)|\[[^\]]*\])"
    r"|\[(?P<link>[^\]]+)\](?:\([^)]*\)|\[[^\]]*\])"
    r"|<(?P<address>https?://[^>\s]+)>"
    r"|(?P<tag></?[A-Za-z][^>]*>|<!--.*?-->)"
    r"|(?<!\w)(?P<mark>\*\*|__)(?P<strong>\S(?:.*?\S)?)(?P=mark)(?!\w)"
    r"|(?<!\w)(?P<sign>[*_])(?P<emphasis>\S(?:.*?\S)?)(?P=sign)(?!\w)"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])"
)


def plain(text: str, *, aligned: bool) -> list[Block]:
    """Return a block a line; ``aligned`` text is set in letters of one width."""
    size = _CODE_SIZE if aligned else 1.0
    return [Block([Span(line.expandtabs(8), mono=aligned)], size=size) for line in text.split("\n")]


def code(text: str, lexer: Lexer) -> list[Block]:
    """Return a block a line, numbered and coloured by ``lexer``."""
    lines: list[list[Span]] = [[]]
    for kind, value in lexer.get_tokens(_narrow(text)):
        style = _style(kind)
        colour = f"#{style['color']}" if style["color"] else INK
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append(Span(part, bool(style["bold"]), mono=True, colour=colour))
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return [_line(spans, indent=1.2, marker=str(n)) for n, spans in enumerate(lines, 1)]


def _narrow(text: str) -> str:
    lines = text.split("\n")[:_MOST_LINES]
    return "\n".join(line.expandtabs(4)[:_MOST_COLUMNS].rstrip() for line in lines)


def _style(kind: _TokenType) -> dict[str, Any]:
    while kind not in _STYLES and kind.parent is not None:  # lexers make up kinds of their own
        kind = kind.parent
    return _STYLES[kind]


def table(text: str, separator: str) -> list[Block]:
    """Return the rows of separated values, aligned, the first one bold."""
    try:
        rows = [row for row in csv.reader(text.split("\n"), delimiter=separator) if row]
    except csv.Error:
        return plain(text, aligned=True)
    return _aligned([[cell.replace("\n", " ") for cell in row] for row in rows])


def markdown(text: str) -> list[Block]:
    """Return headings, paragraphs, lists, quotes, tables and code of Markdown.

    Reads line by line what people mostly write of CommonMark and GFM; nests lists, nothing else.
    """
    return list(_Markdown(text).blocks())


class _Markdown:
    """The lines of a document, and how far it has been read."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0
        if self._lines[0].strip() == "---" and "---" in (ln.strip() for ln in self._lines[1:]):
            self._at = next(n for n, ln in enumerate(self._lines) if n and ln.strip() == "---") + 1

    def blocks(self) -> Iterator[Block]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            yield from self._block(line)

    def _block(self, line: str) -> Iterator[Block]:
        if not line.strip():
            return
        if fence := _FENCE.match(line):
            yield from self._fenced(fence[1])
        elif heading := _HEADING.match(line):
            yield _heading(len(heading[1]), heading[2])
        elif _RULE.match(line):
            yield Block(size=0.4, before=0.3, ruled=True)
        elif item := _ITEM.match(line):
            yield _item(item, self._continued(item[3]))
        elif quote := _QUOTE.match(line):
            spans = list(_inline(self._continued(quote[1]), FAINT))
            yield Block(spans, indent=1.6, before=0.4, marker="│")
        elif line.lstrip().startswith("|"):
            yield from self._table(line)
        elif line.startswith(("    ", "\t")):
            yield _line([Span(line.expandtabs(4)[4:], mono=True)], indent=0.8, shaded=True)
        else:
            yield from self._paragraph(line)

    def _fenced(self, fence: str) -> Iterator[Block]:
        before = 0.6
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if line.strip().startswith(fence):
                break
            span = Span(line.expandtabs(4), mono=True)
            yield _line([span], indent=0.8, before=before, shaded=True)
            before = 0.0
        yield Block(size=0.3)

    def _table(self, line: str) -> Iterator[Block]:
        lines = [line]
        while self._at < len(self._lines) and self._lines[self._at].lstrip().startswith("|"):
            lines.append(self._lines[self._at])
            self._at += 1
        cells = [
            row.strip().strip("|").split("|") for row in lines if not _DELIMITER_ROW.match(row)
        ]
        yield Block(size=0.3)
        yield from _aligned([[_shown(cell) for cell in row] for row in cells])

    def _paragraph(self, line: str) -> Iterator[Block]:
        text = self._continued(line.strip())
        following = self._lines[self._at] if self._at < len(self._lines) else ""
        if underline := _UNDERLINE.match(following):
            self._at += 1
            yield _heading(1 if "=" in underline[1] else 2, text)
        else:
            yield Block(list(_inline(text)), before=0.6)

    def _continued(self, text: str) -> str:
        """Return ``text`` with the lines that go on with its paragraph."""
        parts = [text]
        while self._at < len(self._lines) and _goes_on(self._lines[self._at]):
            quote = _QUOTE.match(self._lines[self._at])
            parts.append((quote[1] if quote else self._lines[self._at]).strip())
            self._at += 1
        return " ".join(parts)


def _goes_on(line: str) -> bool:
    others = (_FENCE, _HEADING, _RULE, _ITEM, _UNDERLINE)
    return bool(line.strip()) and not any(other.match(line) for other in others)


def _heading(level: int, text: str) -> Block:
    spans = [Span(_shown(text), bold=True)]
    return Block(spans, size=_SIZES.get(level, 1.05), before=0.8, ruled=level == 1)


def _item(item: re.Match[str], text: str) -> Block:
    depth = len(item[1].expandtabs(4)) // 2
    box = _BOXES.get(text[:3])
    bullet = "•" if item[2] in "-*+" else item[2]
    spans = list(_inline(text[3:].lstrip() if box else text))
    return Block(spans, indent=1.8 + 1.5 * min(depth, 6), before=0.15, marker=box or bullet)


def _line(
    spans: list[Span],
    *,
    indent: float = 0.0,
    before: float = 0.0,
    marker: str = "",
    shaded: bool = False,
) -> Block:
    return Block(spans, _CODE_SIZE, indent, before, marker, wrapped=False, shaded=shaded)


def _aligned(rows: list[list[str]]) -> list[Block]:
    cut = [[cell.strip()[:_WIDEST_CELL] for cell in row] for row in rows]
    widths = [0] * max(map(len, cut), default=0)
    for row in cut:
        for number, cell in enumerate(row):
            widths[number] = max(widths[number], len(cell))
    return [
        _line([Span("  ".join(map(str.ljust, row, widths)), bold=number == 0, mono=True)])
        for number, row in enumerate(cut)
    ]


def _shown(text: str) -> str:
    return "".join(span.text for span in _inline(text))


def _inline(text: str, colour: str = INK) -> Iterator[Span]:
    end = 0
    for found in _INLINE.finditer(text):
        if found.start() > end:
            yield Span(text[end : found.start()], colour=colour)
        end = found.end()
        yield from _marked(found, colour)
    yield Span(text[end:], colour=colour)


def _marked(found: re.Match[str], colour: str) -> Iterator[Span]:
    match found.lastgroup:
        case "code":
            yield Span(found["code"].strip("`"), mono=True, colour=colour)
        case "link" | "address" as kind:
            yield Span(found[kind], colour=ACCENT)
        case "picture":
            yield Span(f"[{found['picture']}]", colour=FAINT)
        case "strong":
            yield Span(found["strong"], bold=True, colour=colour)
        case "emphasis" | "escaped" as kind:
            yield Span(found[kind], colour=colour)
