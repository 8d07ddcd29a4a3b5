"""Tesseract itself: as a library kept warm in the process, or as a command where that is missing.

Both give the same table, one row a word (Tesseract's TSV output).
"""

import csv
import os
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from PIL import Image

from processing.task import Failure, ProcessingError
from processing.texts.languages import data_folder
from processing.texts.layout import Word

os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # with more, its threads wait for each other

try:
    import tesserocr
except ImportError:  # no wheel for this platform
    tesserocr = None

_WARM_ENGINES: Final = 3
_SECONDS: Final = 8
"""How long one page may take; under the limits of a worker, so that it stays warm."""

_WORD_LEVEL: Final = "5"
_OSD: Final = "osd"
_SURE_OF_ORIENTATION: Final = 1.0
_engines: OrderedDict[str, Any] = OrderedDict()


class Orientation(NamedTuple):
    """By how many degrees clockwise a picture is turned from upright, and the script in it."""

    degrees: int
    script: str


def words(image: Image.Image, code: str) -> list[Word]:
    """Return the words in a grey picture, in reading order.

    Raises:
        ProcessingError: It takes too long or too much memory.
    """
    try:
        table = _by_library(image, code) if tesserocr else by_command(image, code)
    except (MemoryError, RuntimeError) as error:
        _engines.clear()
        raise ProcessingError(
            Failure.TOO_LARGE, "The picture is too complex to be recognised."
        ) from error
    return list(parsed(table))


def orientation(image: Image.Image) -> Orientation | None:
    """Return how the text in a grey picture stands; None if that is not to be told."""
    folder = data_folder()
    if not tesserocr or folder is None or not (folder / f"{_OSD}.traineddata").exists():
        return None
    engine = _engine(_OSD, tesserocr.PSM.OSD_ONLY)
    _show(engine, image)
    try:
        found = engine.DetectOrientationScript()
    finally:
        engine.Clear()
    if not found or found["orient_conf"] < _SURE_OF_ORIENTATION:
        return None
    return Orientation(int(found["orient_deg"]), str(found["script_name"]))


def line_boxes(image: Image.Image, code: str) -> list[tuple[int, int, int, int]]:
    """Return the boxes of the lines of text (left, top, right, bottom), found by layout alone."""
    if not tesserocr:
        return []
    engine = _engine(code, tesserocr.PSM.AUTO)
    _show(engine, image)
    try:
        level = tesserocr.RIL.TEXTLINE
        found = engine.AnalyseLayout()
        if found is None:
            return []  # an empty page
        boxes = [row.BoundingBox(level) for row in tesserocr.iterate_level(found, level)]
        return [box for box in boxes if box]
    finally:
        engine.Clear()


def by_command(image: Image.Image, code: str) -> str:
    """Return the table of words from the ``tesseract`` command."""
    import pytesseract  # noqa: PLC0415 - only where the library is missing

    try:
        return str(
            pytesseract.image_to_data(image, lang=code, config="--psm 3 --oem 1", timeout=_SECONDS)
        )
    except (OSError, pytesseract.TesseractError) as error:  # the command itself may be missing
        raise ProcessingError(Failure.FAILED, "The picture cannot be recognised.") from error
    except RuntimeError:  # that is how it tells of its time-out
        raise _late() from None


def _by_library(image: Image.Image, code: str) -> str:
    engine = _engine(code, tesserocr.PSM.AUTO)
    _show(engine, image)
    try:
        started = time.monotonic()
        if not engine.Recognize(timeout=_SECONDS * 1000):
            if time.monotonic() - started < _SECONDS / 2:
                raise MemoryError  # that is what it gives up for when it has time left
            raise _late()
        return str(engine.GetTSVText(0))
    finally:
        engine.Clear()


def _engine(code: str, mode: Any) -> Any:
    if code in _engines:
        _engines.move_to_end(code)
        return _engines[code]
    while len(_engines) >= _WARM_ENGINES:
        _engines.popitem(last=False)[1].End()
    kind = tesserocr.OEM.DEFAULT if code == _OSD else tesserocr.OEM.LSTM_ONLY
    _engines[code] = tesserocr.PyTessBaseAPI(
        path=f"{data_folder()}/",
        lang=code,
        psm=mode,
        oem=kind,
        variables={"debug_file": os.devnull},
    )
    return _engines[code]


def _show(engine: Any, image: Image.Image) -> None:
    engine.SetImageBytes(image.tobytes(), image.width, image.height, 1, image.width)


def parsed(table: str) -> Iterator[Word]:
    """Return the words in a table, their lines and paragraphs counted over the page."""
    lines: dict[tuple[str, ...], int] = {}
    paragraphs: dict[tuple[str, ...], int] = {}
    for row in csv.reader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row[0] != _WORD_LEVEL or not row[11].strip():
            continue
        left, top, width, height = map(int, row[6:10])
        yield Word(
            row[11].strip(),
            left,
            top,
            left + width,
            top + height,
            lines.setdefault(tuple(row[2:5]), len(lines)),
            paragraphs.setdefault(tuple(row[2:4]), len(paragraphs)),
            min(max(float(row[10]) / 100, 0.0), 1.0),
        )


def _late() -> ProcessingError:
    return ProcessingError(Failure.TIMED_OUT, "Recognising the text takes too long.")
