"""Setting blocks of styled text on a white sheet of paper."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import groupby, islice
from typing import Final

from PIL import Image, ImageDraw, ImageFont

INK: Final = "#24292f"
FAINT: Final = "#8c959f"
ACCENT: Final = "#0969da"

_PAPER: Final = "#ffffff"
_SHADE: Final = "#f3f5f7"
_RULE: Final = "#d8dee4"
_WIDTH_OF_HEIGHT: Final = 210 / 297  # ISO 216, A4
_CANVAS: Final = 1200
"""Sheets are drawn about this high and reduced: small letters come out better than when hinted."""

_LETTER: Final = 1 / 58
_SMALLEST_LETTER: Final = 4.2
_LEADING: Final = 1.45
_MARGIN: Final = 2.7
_FAMILIES: Final = {
    (False, False): "DejaVuSans.ttf",
    (False, True): "DejaVuSans-Bold.ttf",
    (True, False): "DejaVuSansMono.ttf",
    (True, True): "DejaVuSansMono-Bold.ttf",
}
_EAST_ASIAN_FAMILY: Final = "wqy-microhei.ttc"
_MAX_LINES: Final = 120
_EAST_ASIAN: Final = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
"""Hangul, kana, Han and their punctuation: lines break after any of them."""

_WORDS: Final = re.compile(rf"\s+|[{_EAST_ASIAN}]|[^\s{_EAST_ASIAN}-]{{1,24}}-?|-")
_IN_EAST_ASIAN: Final = re.compile(rf"[{_EAST_ASIAN}]")

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in one style, on one line."""

    text: str
    bold: bool = False
    mono: bool = False
    colour: str = INK


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph; lengths are in the size of the body's letters.

    ``wrapped`` text goes on in the next line, other text is cut at the margin. ``marker`` stands
    left of the first line, with its right end one space before the text.
    """

    spans: list[Span] = field(default_factory=list)
    size: float = 1.0
    indent: float = 0.0
    before: float = 0.0
    marker: str = ""
    wrapped: bool = True
    shaded: bool = False
    ruled: bool = False


def drawn(blocks: Iterable[Block], longest: int) -> Image.Image:
    """Return the sheet with as many of the ``blocks`` as it holds, RGB, ``longest`` pixels high."""
    scale = max(1, round(_CANVAS / longest))
    size = (max(1, round(longest * _WIDTH_OF_HEIGHT)) * scale, longest * scale)
    letter = max(longest * _LETTER, _SMALLEST_LETTER) * scale
    sheet = _Sheet(Image.new("RGB", size, _PAPER), letter)
    for block in blocks:
        if not sheet.set(block):
            break
    return sheet.image.reduce(scale)


class _Sheet:
    """A sheet that fills from top to bottom."""

    def __init__(self, image: Image.Image, letter: float) -> None:
        self.image = image
        self._draw = ImageDraw.Draw(image)
        self._letter = letter
        self._margin = letter * _MARGIN
        self._right = image.width - self._margin
        self._y = self._margin

    def set(self, block: Block) -> bool:
        """Draw ``block`` below the last; false when the sheet is full."""
        self._y += block.before * self._letter
        left = self._margin + block.indent * self._letter
        height = block.size * self._letter * _LEADING
        lines = (
            self._wrapped(block, left) if block.wrapped else iter([_merged(_words(block.spans))])
        )
        for number, line in enumerate(islice(lines, _MAX_LINES)):
            if self._y + height > self.image.height - self._margin * 0.6:
                return False
            self._set_line(block, line, left, height)
            if number == 0 and block.marker:
                self._set_marker(block, left)
            self._y += height
        if block.ruled:
            self._set_rule()
        return True

    def _set_line(self, block: Block, line: list[Span], left: float, height: float) -> None:
        if block.shaded:
            pad = self._letter * 0.8
            box = (left - pad, self._y - height * 0.06, self._right, self._y + height * 1.06)
            self._draw.rectangle(box, fill=_SHADE)
        baseline = self._y + _ascent(self._font(Span(""), block.size))
        for span in line:
            font = self._font(span, block.size)
            if left < self.image.width:
                place = (left, baseline - _ascent(font))
                self._draw.text(place, span.text, fill=span.colour, font=font)
            left += font.getlength(span.text)
        if not block.wrapped:  # cut off what went over the margin
            margin = (self._right, self._y, self.image.width, self._y + height)
            self._draw.rectangle(margin, fill=_PAPER)

    def _set_marker(self, block: Block, left: float) -> None:
        font = self._font(Span("", mono=not block.wrapped), block.size)
        x = left - font.getlength(block.marker) - self._letter * 0.6
        self._draw.text((x, self._y), block.marker, fill=FAINT, font=font)

    def _set_rule(self) -> None:
        y = self._y + self._letter * 0.3
        box = (self._margin, y, self._right, y + self._letter * 0.08)
        self._draw.rectangle(box, fill=_RULE)
        self._y = y + self._letter * 0.3

    def _wrapped(self, block: Block, left: float) -> Iterator[list[Span]]:
        line: list[Span] = []
        x = left
        for word in _words(block.spans):
            width = self._font(word, block.size).getlength(word.text)
            if line and x + width > self._right and not word.text.isspace():
                yield _merged(line)
                line, x = [], left
            line.append(word)
            x += width
        yield _merged(line)

    def _font(self, span: Span, size: float) -> _Font:
        family = _EAST_ASIAN_FAMILY if _is_east_asian(span) else _FAMILIES[span.mono, span.bold]
        return _font(family, round(self._letter * size))


def _words(spans: Iterable[Span]) -> Iterator[Span]:
    for span in spans:
        for text in _WORDS.findall(span.text):
            yield replace(span, text=text)


def _merged(words: Iterable[Span]) -> list[Span]:
    """Join neighbours of one style and font: text from right to left is put in order in a span."""
    groups = groupby(words, key=lambda word: (replace(word, text=""), _is_east_asian(word)))
    return [replace(look, text="".join(word.text for word in same)) for (look, _), same in groups]


def _is_east_asian(word: Span) -> bool:
    return _IN_EAST_ASIAN.match(word.text) is not None


def _ascent(font: _Font) -> int:
    return font.getmetrics()[0] if isinstance(font, ImageFont.FreeTypeFont) else 0


@cache
def _font(name: str, size: int) -> _Font:
    try:
        return ImageFont.truetype(name, size)  # found in the system's font folders by its name
    except OSError:
        return ImageFont.load_default(size)
