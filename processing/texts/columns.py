"""Columns of prose that a page writes row by row, read one after the other."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median
from typing import Final, NamedTuple

from processing.texts.layout import Word

_GAP: Final = 0.9
"""From so many heights of a line on, the space between two words may part columns."""

_GUTTER: Final = 0.6
_FEWEST_LINES: Final = 3
_FEWEST_WORDS: Final = 3
"""Rows with fewer words on a side are those of a table, which reads across."""

_MOSTLY_LETTERS: Final = 0.7
_LETTER: Final = re.compile(r"[^\W\d_]")
_MAX_DEPTH: Final = 4

Line = Sequence[Word]


class _Gutter(NamedTuple):
    left: float
    right: float

    @property
    def width(self) -> float:
        return self.right - self.left

    def narrowed(self, other: "_Gutter") -> "_Gutter":
        return _Gutter(max(self.left, other.left), min(self.right, other.right))


def in_columns(lines: Sequence[Line], depth: int = 0) -> list[Line]:
    """Return lines in the order of reading: where columns stand side by side, the left one first.

    Each line has one word at least. Rows of tables stay as they are.
    """
    found: list[Line] = []
    start = 0
    while start < len(lines):
        end, gutter = _run(lines, start) if depth < _MAX_DEPTH else (start, None)
        if gutter is None:
            found.append(lines[start])
            start += 1
            continue
        left, right = _halves(lines[start:end], gutter)
        found += [*in_columns(left, depth + 1), *in_columns(right, depth + 1)]
        start = end
    return found


def _run(lines: Sequence[Line], start: int) -> tuple[int, _Gutter | None]:
    """Return where the columns that begin at a line end, and what parts them, if it has any."""
    for gutter in _gaps(lines[start]):
        end, common = start + 1, gutter
        while end < len(lines):
            narrowed = _narrowed(lines[end], common)
            if narrowed is None:
                break
            end, common = end + 1, narrowed
        if _is_prose(lines[start:end], common):
            return end, common
    return start, None


def _gaps(line: Line) -> list[_Gutter]:
    height = median(word.bottom - word.top for word in line)
    gaps = [_Gutter(before.right, after.left) for before, after in pairwise(line)]
    return [gap for gap in gaps if gap.width > height * _GAP]


def _narrowed(line: Line, gutter: _Gutter) -> _Gutter | None:
    """Return what is left of a gutter between the words of a line; None if one stands in it."""
    height = median(word.bottom - word.top for word in line)
    before = [word.right for word in line if (word.left + word.right) / 2 < gutter.left]
    after = [word.left for word in line if (word.left + word.right) / 2 > gutter.right]
    if len(before) + len(after) < len(line):
        return None
    edges = _Gutter(max(before, default=gutter.left), min(after, default=gutter.right))
    narrowed = gutter.narrowed(edges)
    return narrowed if narrowed.width > height * _GUTTER else None


def _halves(lines: Sequence[Line], gutter: _Gutter) -> tuple[list[Line], list[Line]]:
    left = [[word for word in line if word.left < gutter.left] for line in lines]
    right = [[word for word in line if word.left >= gutter.left] for line in lines]
    return [line for line in left if line], [line for line in right if line]


def _is_prose(lines: Sequence[Line], gutter: _Gutter) -> bool:
    halves = [_halves([line], gutter) for line in lines]
    pairs = [(left[0], right[0]) for left, right in halves if left and right]
    if len(pairs) < _FEWEST_LINES:
        return False
    return all(_reads_on([pair[side] for pair in pairs]) for side in (0, 1))


def _reads_on(lines: Sequence[Line]) -> bool:
    """Tell whether lines are those of a text: of some words, most of them of letters."""
    words = [word.text for line in lines for word in line]
    lettered = sum(bool(_LETTER.search(word)) for word in words)
    enough = mean(len(line) for line in lines) >= _FEWEST_WORDS
    return enough and lettered > len(words) * _MOSTLY_LETTERS
