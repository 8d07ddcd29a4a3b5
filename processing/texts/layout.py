"""Where words stand on a page: kept as they stand, or joined into paragraphs."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter
from statistics import median
from typing import Final

_MAX_COLUMNS: Final = 400
_MAX_BLANK_LINES: Final = 2
_ORDINARY_SPACE: Final = 1.5
"""Up to so many characters of space, words follow each other; beyond it they are set apart."""

_HYPHENATED: Final = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]$")
_PARAGRAPHS: Final = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters and its box; ``top`` is less than ``bottom``.

    ``line`` and ``paragraph`` are what recognition took it for, counted over the page;
    ``confidence`` is 0 to 1.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: int = 0
    paragraph: int = 0
    confidence: float = 1.0

    @property
    def middle(self) -> float:
        """The height of its centre."""
        return (self.top + self.bottom) / 2


def reflowed(text: str) -> str:
    """Return ``text`` with each paragraph on one line, a blank line between, no hyphenation.

    Paragraphs are what blank lines separate. A hyphen at a line's end goes where a lower-case
    letter follows.
    """
    parts = _PARAGRAPHS.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    paragraphs = (joined(part.splitlines()) for part in parts)
    return "\n\n".join(filter(None, paragraphs))


def joined(lines: Iterable[str]) -> str:
    """Return lines as one, hyphenation at their ends undone and spaces made single."""
    parts: list[str] = []
    for words in filter(None, (" ".join(line.split()) for line in lines)):
        if parts and words[0].islower() and _HYPHENATED.search(parts[-1]):
            parts[-1] = parts[-1][:-1] + words
        else:
            parts.append(words)
    return " ".join(parts)


def paragraphs(words: Sequence[Word]) -> str:
    """Return words in their order, one paragraph a line and a blank line between."""
    found = []
    for _, inside in groupby(words, key=attrgetter("paragraph")):
        lines = groupby(inside, key=attrgetter("line"))
        found.append(joined(" ".join(word.text for word in line) for _, line in lines))
    return "\n\n".join(filter(None, found))


def grid(words: Sequence[Word]) -> str:
    """Return words set on a grid of characters, so that columns and indentation stay."""
    if not words:
        return ""
    width = _character_width(words)
    margin = min(word.left for word in words)
    rows = _rows(words)
    steps = [after[0].middle - before[0].middle for before, after in pairwise(rows)]
    pitch = max(median(steps), 1e-6) if steps else 1
    lines = [_set(rows[0], margin, width)]
    for step, row in zip(steps, rows[1:], strict=True):
        blank = round(min(step / pitch - 1, _MAX_BLANK_LINES))
        lines += [""] * blank + [_set(row, margin, width)]
    return "\n".join(lines)


def _character_width(words: Sequence[Word]) -> float:
    widths = [(word.right - word.left) / len(word.text) for word in words]
    span = max(word.right for word in words) - min(word.left for word in words)
    return max(median(widths), span / _MAX_COLUMNS, 1e-6)


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Group what stands at one height, whichever column recognition put it in."""
    rows: list[list[Word]] = []
    for line in _lines(words):
        if rows and _level(rows[-1], line):
            rows[-1].extend(line)
        else:
            rows.append(list(line))
    return [sorted(row, key=attrgetter("left")) for row in rows]


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    lines = [list(line) for _, line in groupby(words, key=attrgetter("line"))]
    return sorted(lines, key=_height)


def _level(row: Sequence[Word], line: Sequence[Word]) -> bool:
    tallest = max(word.bottom - word.top for word in line)
    return abs(_height(row) - _height(line)) < tallest / 2


def _height(line: Sequence[Word]) -> float:
    return median(word.middle for word in line)


def _set(row: Iterable[Word], margin: float, width: float) -> str:
    line, end = "", margin
    for word in row:
        column = round((word.left - margin) / width)
        apart = not line or word.left - end > width * _ORDINARY_SPACE
        spaces = max(column - len(line), 0) if apart else 0
        line += " " * max(spaces, 1 if line else 0) + word.text
        end = word.right
    return line
