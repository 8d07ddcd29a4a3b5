"""Where the words of a PDF's text layer stand, and what lines, columns and paragraphs they make."""

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from statistics import median
from typing import Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from processing.texts.columns import in_columns
from processing.texts.layout import Word, grid, reflowed

HYPHEN: Final = "\ufffe"
"""What PDFium writes for a hyphen at a line's end, in place of it and the break."""

_HYPHENS: Final = str.maketrans({"\x02": HYPHEN})  # what it writes in other places
_WORDS: Final = re.compile(rf"[^\s{HYPHEN}]+{HYPHEN}?")
_LINES: Final = re.compile(r"[^\r\n]+")
_RIGHT_TO_LEFT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_PRESENTATION: Final = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")
_ENDED: Final = re.compile(r"[.!?:;\"'\u201d\u2019»)]$")
_APART: Final = 1.25
_RESIZED: Final = 1.15
_INDENTED: Final = 0.7
_SAMPLED: Final = 50

Box = tuple[float, float, float, float]


def placed(layer: pdfium.PdfTextPage, text: str) -> str:
    """Return ``text``, which is the layer's from its first character, set where it stands."""
    words = [word for line in _lines(layer, text) for word in line]
    return grid(_numbered([replace(word, text=word.text.replace(HYPHEN, "-")) for word in words]))


def flowing(layer: pdfium.PdfTextPage, text: str) -> str:
    """Return ``text``, which is the layer's from its first character, with paragraphs joined.

    Columns that are written row by row are read one after the other.
    """
    lines = in_columns(_lines(layer, text))
    if not lines:
        return ""
    pitch = _pitch(lines)
    parts = [_joined(lines[0])]
    for before, after in pairwise(lines):
        parts += [*([""] if _separate(before, after, pitch) else []), _joined(after)]
    return reflowed("\n".join(parts))


def covered(layer: pdfium.PdfTextPage, text: str) -> float:
    """Return the area that words cover, in square points."""
    words = (word for line in _lines(layer, text) for word in line)
    return sum((word.right - word.left) * (word.bottom - word.top) for word in words)


def _lines(layer: pdfium.PdfTextPage, text: str) -> list[list[Word]]:
    """Return the words of each line in logical order, with their boxes as the text is read."""
    boxes = _Boxes(layer, text)
    text = text.translate(_HYPHENS)
    found = [list(_words(boxes, text, line)) for line in _LINES.finditer(text)]
    if boxes.quarters:  # PDFium orders the words of a line as if it were upright
        found = [sorted(line, key=attrgetter("left")) for line in found]
    return [_logical(line) for line in found if line]


def _words(boxes: "_Boxes", text: str, line: re.Match[str]) -> Iterator[Word]:
    for found in _WORDS.finditer(text, line.start(), line.end()):
        word = boxes.of(found.start(), found.end(), found.group())
        if _RIGHT_TO_LEFT.search(word.text):
            characters = boxes.each(found.start(), found.end())
            word = replace(word, text=_spelled(word.text, characters))
        yield word


def _spelled(word: str, characters: Sequence[Box]) -> str:
    """Return a right-to-left word in logical order, whichever way its letters are stored."""
    lefts = [box[0] for box in characters]
    rising = sum(after > before for before, after in pairwise(lefts))
    falling = sum(after < before for before, after in pairwise(lefts))
    if rising > falling:
        word = "".join(reversed(list(_glyphs(word, lefts))))
    return _PRESENTATION.sub(lambda found: unicodedata.normalize("NFKC", found[0]), word)


def _glyphs(word: str, lefts: Sequence[float]) -> Iterator[str]:
    """Yield the letters of a word, those of a ligature together; digits keep their order."""
    glyph, before = "", None
    for letter, left in zip(word, lefts, strict=True):
        joined = left == before or (glyph and letter.isdecimal() and glyph[-1].isdecimal())
        if glyph and not joined:
            yield glyph
            glyph = ""
        glyph += letter
        before = left
    yield glyph


def _logical(line: list[Word]) -> list[Word]:
    """Return the words of a line in logical order: a right-to-left line begins at the right."""
    hebrew_or_arabic = [word for word in line if _RIGHT_TO_LEFT.search(word.text)]
    if len(hebrew_or_arabic) * 2 <= len(line):
        return line
    rising = sum(after.left > before.left for before, after in pairwise(hebrew_or_arabic))
    if rising * 2 < len(hebrew_or_arabic):
        return line
    ordered: list[Word] = []
    others: list[Word] = []
    for word in sorted(line, key=lambda word: -word.right):
        if _RIGHT_TO_LEFT.search(word.text):
            ordered += [*reversed(others), word]
            others = []
        else:
            others.append(word)
    return [*ordered, *reversed(others)]


class _Boxes:
    """The boxes of characters by their place in the text, turned so that most of it is upright.

    ``top`` grows downwards.
    """

    def __init__(self, layer: pdfium.PdfTextPage, text: str) -> None:
        self._layer = layer
        self._rect = raw.FS_RECTF()
        self._wide = any(character > "\uffff" for character in text)
        self._text = text
        self.quarters = self._turned()

    def of(self, start: int, end: int, text: str) -> Word:
        """Return the box from one character to before another, on one line."""
        first = self._box(start)
        last = self._box(end - 1) if end - start > 1 else first
        left, right = min(first[0], last[0]), max(first[2], last[2])
        return Word(text, left, first[1], right, first[3])

    def each(self, start: int, end: int) -> list[Box]:
        """Return the box of each character."""
        return [self._box(place) for place in range(start, end)]

    def _box(self, place: int) -> Box:
        index = raw.FPDFText_GetCharIndexFromTextIndex(self._layer, self._unit(place))
        rect = self._rect
        if not raw.FPDFText_GetLooseCharBox(self._layer, index, ctypes.byref(rect)):
            return (0.0, 0.0, 0.0, 0.0)
        left, right, bottom, top = rect.left, rect.right, rect.bottom, rect.top
        return (
            (left, -top, right, -bottom),
            (bottom, left, top, right),
            (-right, bottom, -left, top),
            (-top, -right, -bottom, -left),
        )[self.quarters]

    def _turned(self) -> int:
        """Return by how many quarters most of the text is turned counter-clockwise."""
        step = max(len(self._text) // _SAMPLED, 1)
        angles = (
            raw.FPDFText_GetCharAngle(self._layer, place)
            for place in range(0, len(self._text), step)
            if not self._text[place].isspace()
        )
        quarters = Counter(-round(angle / (math.pi / 2)) % 4 for angle in angles if angle >= 0)
        return quarters.most_common(1)[0][0] if quarters else 0

    def _unit(self, place: int) -> int:
        """Return the place in UTF-16, which PDFium counts in."""
        if not self._wide:
            return place
        return len(self._text[:place].encode("utf-16-le", "surrogatepass")) // 2


def _joined(line: Sequence[Word]) -> str:
    return " ".join(word.text for word in line).replace(HYPHEN, "-\n")


def _pitch(lines: Sequence[Sequence[Word]]) -> float:
    """Return the usual distance from one line to the next."""
    steps = [after[0].bottom - before[-1].bottom for before, after in pairwise(lines)]
    down = [step for step in steps if step > 0]
    return median(down) if down else _height(lines[0])


def _height(line: Sequence[Word]) -> float:
    return line[0].bottom - line[0].top


def _separate(before: Sequence[Word], after: Sequence[Word], pitch: float) -> bool:
    """Tell whether a paragraph ends between two lines."""
    sizes = sorted((_height(before), _height(after)))
    if sizes[1] > sizes[0] * _RESIZED:
        return True
    step = after[0].bottom - before[-1].bottom
    ended = _ENDED.search(before[-1].text) is not None
    if step <= 0:
        return ended  # another column or part of the page
    indented = after[0].left - before[0].left > _height(after) * _INDENTED
    return step > max(pitch, _height(after)) * _APART or (indented and ended)


def _numbered(words: Sequence[Word]) -> list[Word]:
    """Return words with the lines they are on: a word that goes back or down begins one."""
    return list(_counted(words))


def _counted(words: Sequence[Word]) -> Iterator[Word]:
    line, before = 0, None
    for word in words:
        if before and (
            word.left < before.left
            or abs(word.middle - before.middle) > (word.bottom - word.top) / 2
        ):
            line += 1
        before = word
        yield replace(word, line=line)
