"""Where the characters of a PDF's text layer stand, and what lines and paragraphs they make."""

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from processing.texts.layout import Word, grid, reflowed

HYPHEN: Final = "\ufffe"
"""What PDFium writes for a hyphen at a line's end, in place of it and the break."""

_WORDS: Final = re.compile(rf"[^\s{HYPHEN}]+{HYPHEN}?")
_LINES: Final = re.compile(r"[^\r\n]+")
_ENDED: Final = re.compile(r"[.!?:;\"'\u201d\u2019»)]$")
_APART: Final = 1.25
_RESIZED: Final = 1.15
_INDENTED: Final = 0.7


def placed(layer: pdfium.PdfTextPage, text: str) -> str:
    """Return ``text``, which is the layer's from its first character, set where it stands."""
    boxes = _Boxes(layer, text)
    words = [
        boxes.of(found.start(), found.end(), found.group().replace(HYPHEN, "-"))
        for found in _WORDS.finditer(text)
    ]
    return grid(_numbered(words))


def flowing(layer: pdfium.PdfTextPage, text: str) -> str:
    """Return ``text``, which is the layer's from its first character, with paragraphs joined."""
    boxes = _Boxes(layer, text)
    lines = [_Line.of(boxes, found) for found in _LINES.finditer(text) if found.group().strip()]
    if not lines:
        return ""
    pitch = _pitch(lines)
    parts = [lines[0].text]
    for before, after in pairwise(lines):
        parts += [*([""] if _separate(before, after, pitch) else []), after.text]
    return reflowed("\n".join(parts))


class _Boxes:
    """The boxes of characters, by their place in the text; ``top`` grows downwards."""

    def __init__(self, layer: pdfium.PdfTextPage, text: str) -> None:
        self._layer = layer
        self._rect = raw.FS_RECTF()
        self._wide = any(character > "\uffff" for character in text)
        self._text = text

    def of(self, start: int, end: int, text: str) -> Word:
        """Return the box from one character to before another, on one line."""
        left, top, _, bottom = self._box(start)
        right = self._box(end - 1)[2] if end - start > 1 else self._rect.right
        return Word(text, left, top, max(right, left), bottom)

    def _box(self, place: int) -> tuple[float, float, float, float]:
        index = raw.FPDFText_GetCharIndexFromTextIndex(self._layer, self._unit(place))
        rect = self._rect
        if not raw.FPDFText_GetLooseCharBox(self._layer, index, ctypes.byref(rect)):
            rect.left = rect.top = rect.right = rect.bottom = 0.0
        return rect.left, -rect.top, rect.right, -rect.bottom

    def _unit(self, place: int) -> int:
        """Return the place in UTF-16, which PDFium counts in."""
        if not self._wide:
            return place
        return len(self._text[:place].encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    first: Word
    last: Word

    @classmethod
    def of(cls, boxes: _Boxes, found: re.Match[str]) -> "_Line":
        stripped = found.group().strip()
        start = found.start() + found.group().index(stripped)
        end = start + len(stripped)
        return cls(
            stripped.replace(HYPHEN, "-\n"),
            boxes.of(start, start + 1, ""),
            boxes.of(end - 1, end, ""),
        )

    @property
    def height(self) -> float:
        return self.first.bottom - self.first.top


def _pitch(lines: Sequence[_Line]) -> float:
    """Return the usual distance from one line to the next."""
    steps = [after.first.bottom - before.last.bottom for before, after in pairwise(lines)]
    down = [step for step in steps if step > 0]
    return median(down) if down else lines[0].height


def _separate(before: _Line, after: _Line, pitch: float) -> bool:
    """Tell whether a paragraph ends between two lines."""
    sizes = sorted((before.height, after.height))
    if sizes[1] > sizes[0] * _RESIZED:
        return True
    step = after.first.bottom - before.last.bottom
    ended = _ENDED.search(before.text) is not None
    if step <= 0:
        return ended  # another column or part of the page
    indented = after.first.left - before.first.left > after.height * _INDENTED
    return step > max(pitch, after.height) * _APART or (indented and ended)


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
