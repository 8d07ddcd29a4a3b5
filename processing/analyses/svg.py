"""The size of an SVG drawing, by its root element alone."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.parsers import expat

from processing.analyses.result import Parts, number
from processing.task import Failure, ProcessingError, Source

_CHUNK: Final = 16 * 1024
_MAX_HEAD: Final = 1024 * 1024
_LENGTH: Final = re.compile(
    r"\s*\+?((?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:e[+-]?\d{1,2})?)\s*([a-z]*)\s*", re.ASCII
)
_PIXELS: Final = {
    "": 1.0,
    "px": 1.0,
    "pt": 96 / 72,
    "pc": 16.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "q": 96 / 101.6,
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
}
"""CSS pixels of a unit (CSS Values 3, section 6.2), with the initial font of 16 px."""


def parts(source: Source) -> Parts:
    """Yield ``width`` and ``height`` in pixels, and the ``view_box``.

    Raises:
        ProcessingError: It is not XML, or its root element is not that of a drawing.
    """
    root = _root(source)
    if root is None:
        raise ProcessingError(Failure.FAILED, "The drawing cannot be read.")
    width, height = map(_rounded, dimensions(root))
    yield {"width": width, "height": height, "view_box": view_box(root) or None}


def size(source: Source) -> tuple[int, int] | None:
    """Return width and height in pixels, rounded; None if the drawing says none."""
    width, height = map(_rounded, dimensions(_root(source) or {}))
    return (width, height) if width and height else None


def _root(source: Source) -> dict[str, str] | None:
    """Return the attributes of the root element; None if that is not ``svg``."""
    found: list[tuple[str, dict[str, str]]] = []
    # Safe for one element: expat bounds entity expansion itself since 2.4, and loads nothing
    # from elsewhere unless asked to. What refuses every entity cannot read Illustrator's drawings.
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    try:
        with Path(source.path).open("rb") as file:
            while not found and file.tell() < _MAX_HEAD and (chunk := file.read(_CHUNK)):
                parser.Parse(chunk)
    except (expat.ExpatError, OSError, ValueError, LookupError):
        pass  # what stands after the root element does not matter here
    name, attributes = found[0] if found else ("", {})
    return attributes if name.rpartition(":")[2] == "svg" else None


def dimensions(root: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Return width and height in pixels by the attributes of the root element.

    Where one is missing or a percentage, the view box gives it (CSS Images 3, section 4.1).
    """
    width, height = _pixels(root.get("width")), _pixels(root.get("height"))
    box = view_box(root)
    if box and not (width and height):
        ratio = box[2] / box[3]
        width, height = _completed(width, height, ratio) or (box[2], box[3])
    return width, height


def view_box(root: Mapping[str, str]) -> list[float]:
    """Return the view box; empty if it is missing, broken or without area."""
    words = re.split(r"[\s,]+", root.get("viewBox", "")[:200].strip())
    numbers = [value for value in map(number, words) if value is not None]
    whole = len(numbers) == len(words) == 4  # noqa: PLR2004 - x, y, width, height
    return numbers if whole and min(numbers[2:]) > 0 else []


def _completed(
    width: float | None, height: float | None, ratio: float
) -> tuple[float, float] | None:
    if width:
        return width, width / ratio
    return (height * ratio, height) if height else None


def _pixels(length: str | None) -> float | None:
    found = _LENGTH.fullmatch((length or "").lower())
    factor = _PIXELS.get(found[2]) if found else None
    return float(found[1]) * factor if found and factor else None


def _rounded(value: float | None) -> int | None:
    return max(1, round(value)) if value and math.isfinite(value) and value < 2**31 else None
