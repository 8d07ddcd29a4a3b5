"""``transform-origin`` in SVG drawings, written as a transform that librsvg knows."""

import re
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element

_DECLARATION: Final = re.compile(r"(?:^|;)\s*([a-z-]+)\s*:\s*([^;]*)", re.IGNORECASE)
_LENGTH: Final = re.compile(r"(-?(?:\d+\.?\d*|\.\d+))(px|%)?")
_WORDS: Final = {"left": "0%", "top": "0%", "center": "50%", "right": "100%", "bottom": "100%"}
_Box = tuple[float, float, float, float]


def apply_origins(root: Element) -> None:
    """Move the transforms of all elements that have an origin (CSS Transforms 1, section 6).

    A percentage is one of the view box, or of the shape itself with ``transform-box: fill-box``
    if that is a rectangle, an image, a circle or an ellipse; other origins stay where they were.
    """
    view = _numbers(root.get("viewBox", "").replace(",", " ").split())
    for element in root.iter():
        style = dict(_DECLARATION.findall(element.get("style", "")))
        origin = style.get("transform-origin") or element.get("transform-origin")
        transform = style.get("transform") or element.get("transform")
        if origin and transform:
            fills = style.get("transform-box", element.get("transform-box")) == "fill-box"
            box = _shape(element) if fills else _view(view)
            _apply(element, origin, transform, box)


def _apply(element: Element, origin: str, transform: str, box: _Box | None) -> None:
    place = _place(origin, box)
    if place is None:
        return
    x, y = place
    in_style = "transform" in dict(_DECLARATION.findall(element.get("style", "")))
    unit = "px" if in_style else ""
    moved = f"translate({x}{unit},{y}{unit}) {transform} translate({-x}{unit},{-y}{unit})"
    if in_style:
        element.set("style", f"{element.get('style')};transform:{moved}")
    else:
        element.set("transform", moved)


def _place(origin: str, box: _Box | None) -> tuple[float, float] | None:
    words = origin.lower().split()[:2]
    if words and words[0] in {"top", "bottom"}:
        words.reverse()
    words = [*words, "center", "center"][:2] if len(words) != 1 else [words[0], "center"]
    lengths = [_LENGTH.fullmatch(_WORDS.get(word, word)) for word in words]
    if not all(lengths):
        return None
    places = []
    for axis, length in enumerate(lengths):
        value, unit = float(length[1]), length[2]  # type: ignore[index] # all are found
        if unit == "%":
            if box is None:
                return None
            value = value / 100 * box[2 + axis]
        places.append(value + (box[axis] if box else 0.0))
    return places[0], places[1]


def _view(view: list[float]) -> _Box | None:
    return (0.0, 0.0, view[2], view[3]) if len(view) == 4 else None  # noqa: PLR2004


def _shape(element: Element) -> _Box | None:
    """Return x, y, width and height of a simple shape."""
    at = element.attrib
    match element.tag.rpartition("}")[2]:
        case "rect" | "image":
            return _box(at, ("x", "y", "width", "height"))
        case "circle":
            return _around(_box(at, ("cx", "cy", "r", "r")))
        case "ellipse":
            return _around(_box(at, ("cx", "cy", "rx", "ry")))
    return None


def _around(box: _Box | None) -> _Box | None:
    if box is None:
        return None
    x, y, rx, ry = box
    return x - rx, y - ry, 2 * rx, 2 * ry


def _box(attributes: Mapping[str, str], names: tuple[str, ...]) -> _Box | None:
    numbers = _numbers([attributes.get(name, "0") for name in names])
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if numbers else None


def _numbers(words: list[str]) -> list[float]:
    try:
        return [float(word.removesuffix("px")) for word in words]
    except ValueError:
        return []
