"""Recognising text in pictures: made ready, read in the right language, laid out as asked."""

import time
from collections.abc import Sequence
from statistics import mean, median
from typing import Final, NamedTuple

from PIL import Image, ImageOps, ImageStat

from processing.task import Failure, ProcessingError
from processing.texts import engines
from processing.texts.detection import detected
from processing.texts.document import Options, Page
from processing.texts.languages import AUTO, for_script, installed, iso_code
from processing.texts.layout import Word, grid, paragraphs

LONGEST: Final = 5000
"""The most pixels on the long side of a picture that is recognised."""

_SMALL: Final = 2400
"""Up to this long side a page is under 200 dpi, and text of 8 points reads better at twice that."""

_MIN_SIDE: Final = 8
_LIGHT: Final = 160
"""From this mean lightness of its opaque pixels on, a picture is set on black."""

_DOUBTFUL: Final = 0.6
_RETRY_SECONDS: Final = 3.5
_SAMPLED_LINES: Final = 8
_LATIN: Final = "Latin"
_ENGINE: Final = "tesseract"
_FIRST: Final = "eng"


def recognized(image: Image.Image, options: Options) -> Page:
    """Return the text of a picture, with its language and the mean confidence of its words.

    ``auto`` reads a few lines first to find the language among those installed. A page that reads
    badly is turned upright, if it is not, and read again.

    Raises:
        ProcessingError: The language is not installed, or the picture is too complex.
    """
    if not installed() or options.language not in {AUTO, *installed()}:
        raise ProcessingError(
            Failure.UNSUPPORTED, "The language to recognise text in is not installed."
        )
    prepared = _prepared(image)
    if min(prepared.size) < _MIN_SIDE:
        return Page("", _ENGINE)
    found = _read(prepared, options)
    if not found.words:
        return Page("", _ENGINE)
    text = grid(found.words) if options.preserve else paragraphs(found.words)
    return Page(text, _ENGINE, iso_code(found.code), round(found.confidence, 3))


def _prepared(image: Image.Image) -> Image.Image:
    """Return the picture upright, opaque, grey, and of a size that Tesseract reads well."""
    image.thumbnail((LONGEST, LONGEST))  # in place, and first: what follows makes copies
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = _on_contrast(image.convert("RGBA"))
    grey = _grey(image)
    if max(grey.size) < _SMALL:
        grey = grey.resize((grey.width * 2, grey.height * 2), Image.Resampling.BICUBIC)
    return grey


def _on_contrast(image: Image.Image) -> Image.Image:
    """Return a transparent picture on white, or on black where what it shows is light."""
    ink = ImageStat.Stat(image.convert("L"), mask=image.getchannel("A"))
    light = bool(ink.count[0]) and ink.mean[0] > _LIGHT
    ground = Image.new("RGBA", image.size, "black" if light else "white")
    return Image.alpha_composite(ground, image)


def _grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 or 32 bits, which Pillow would clip rather than scale
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return image.convert("L")


class _Reading(NamedTuple):
    """What was read of a picture, as it was turned and in which language."""

    image: Image.Image
    code: str
    words: list[Word]

    @classmethod
    def of(cls, image: Image.Image, code: str) -> "_Reading":
        return cls(image, code, engines.words(image, code))

    @property
    def confidence(self) -> float:
        return _confidence(self.words)


def _read(image: Image.Image, options: Options) -> _Reading:
    started = time.monotonic()
    auto = options.language == AUTO
    reading = _Reading.of(image, _guess(image) if auto else options.language)
    if reading.confidence < _DOUBTFUL and time.monotonic() - started < _RETRY_SECONDS:
        reading = _reread(reading, auto=auto)
    better = _spoken(reading.words) if auto else None
    if better not in {None, reading.code} and time.monotonic() - started < _RETRY_SECONDS:
        reading = _Reading.of(reading.image, str(better))
    return reading


def _reread(first: _Reading, *, auto: bool) -> _Reading:
    """Read again what was turned or in another script; keep whichever was read more surely."""
    found = engines.orientation(first.image)
    if found is None:
        return _upside_down(first)
    other = for_script(found.script) if auto else None
    if not (found.degrees or other not in {None, first.code}):
        return first
    upright = first.image.rotate(found.degrees, expand=True)
    again = _Reading.of(upright, other or first.code)
    return again if again.confidence > first.confidence else first


def _upside_down(first: _Reading) -> _Reading:
    """Turn text around that is too short to tell how it stands, if it reads surely then.

    Lines that stand on end are read too, from one side: from the other they are upside down.
    """
    if not first.words:
        return first
    again = _Reading.of(first.image.rotate(180), first.code)
    return again if again.confidence >= _DOUBTFUL else first


def _guess(image: Image.Image) -> str:
    """Return the language of a few lines of the picture, by a first reading."""
    first = _FIRST if _FIRST in installed() else installed()[0]
    if len(installed()) == 1:
        return first
    boxes = engines.line_boxes(image, first)
    if len(boxes) <= _SAMPLED_LINES:
        return first  # reading it all is as cheap
    return _spoken(engines.words(image.crop(_band(image, boxes)), first)) or first


def _band(
    image: Image.Image, boxes: Sequence[tuple[int, int, int, int]]
) -> tuple[int, int, int, int]:
    """Return the part of the picture, as wide as it is, with the most text on a few lines."""
    height = median(bottom - top for _, top, _, bottom in boxes) * 1.5 * _SAMPLED_LINES

    def held(start: int) -> int:
        inside = (box for box in boxes if start <= box[1] and box[3] <= start + height)
        return sum(right - left for left, _, right, _ in inside)

    top = max((box[1] for box in boxes), key=held)
    return (0, max(0, top - 10), image.width, min(image.height, round(top + height) + 10))


def _spoken(words: Sequence[Word]) -> str | None:
    """Return the Tesseract code of the language that words are in, among those installed."""
    among = {iso_code(code): code for code in installed()}
    named = tuple(sorted(iso for iso in among if iso))
    return among.get(detected(" ".join(word.text for word in words), named))


def _confidence(words: Sequence[Word]) -> float:
    return mean(word.confidence for word in words) if words else 0.0
