"""Previews of SVG drawings, which reach for no file and no address, and unfold within bounds."""

import re
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from xml.etree.ElementTree import Element, tostring

from cairosvg.helpers import node_format
from cairosvg.parser import Tree
from cairosvg.surface import PNGSurface
from PIL import Image

from processing.previews import svg_tree
from processing.previews.svg_images import EmbeddedImages
from processing.task import MIB, Failure, ProcessingError, Source

_MAX_BYTES: Final = 5 * MIB
_DPI: Final = 96  # CSS Values 3, section 6.2
_FONT_SIZE: Final = 16.0
_SEPARATOR: Final = re.compile(r"[\s,]+")
_DEFAULT_SIZE: Final = (300.0, 150.0)  # CSS 2.2, section 10.3.2: of what has no size of its own


def render(source: Source, longest: int) -> Image.Image:
    """Return the drawing as RGBA on nothing, ``longest`` pixels on its long side.

    It shows what the file itself holds: pictures in ``data:`` URLs, but none from elsewhere.

    Raises:
        ProcessingError: Not a drawing, broken, or larger when unfolded than is drawn.
    """
    try:
        return _drawn(svg_tree.parsed(_content(source)), longest)
    except ProcessingError:
        raise
    except (MemoryError, RecursionError):
        raise ProcessingError(Failure.TOO_LARGE, "The drawing is too intricate.") from None
    except Exception as error:
        # CairoSVG raises whatever its arithmetic comes to: there is no list of it.
        raise ProcessingError(Failure.FAILED, "The drawing is broken or cut off.") from error


def _content(source: Source) -> bytes:
    with Path(source.path).open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ProcessingError(
            Failure.TOO_LARGE, f"The drawing takes more than {_MAX_BYTES // MIB} MiB."
        )
    return content


def _drawn(root: Element, longest: int) -> Image.Image:
    width, height = _normalized(root)
    scale = longest / max(width, height)
    tree = Tree(bytestring=tostring(root), url_fetcher=EmbeddedImages())
    surface = PNGSurface(
        tree,
        None,
        _DPI,
        output_width=max(1, round(width * scale)),
        output_height=max(1, round(height * scale)),
    )
    return _picture(surface.cairo)


def _normalized(root: Element) -> tuple[float, float]:
    """Return width and height in CSS pixels, finite and above 0, and make ``root`` say just that.

    Without either, the view box gives both; without any, they are what browsers take.
    """
    # What stands for a surface: no more than lengths are computed from.
    frame = SimpleNamespace(dpi=_DPI, font_size=_FONT_SIZE, context_width=0, context_height=0)
    if not _has_view_box(root):
        root.attrib.pop("viewBox", None)
    width, height, box = node_format(frame, root)
    if not _are_given(root, width, height):
        width, height = box[2:] if box else _DEFAULT_SIZE
    root.set("width", repr(width))
    root.set("height", repr(height))
    return width, height


def _has_view_box(root: Element) -> bool:
    words = _SEPARATOR.split(root.get("viewBox", "").strip())
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return False
    whole = len(numbers) == 4 and all(map(isfinite, numbers))  # noqa: PLR2004 - x, y, width, height
    return whole and _is_area(numbers[2:])


def _are_given(root: Element, width: float, height: float) -> bool:
    lengths = (root.get("width", "%"), root.get("height", "%"))
    return _is_area((width, height)) and not any(length.strip().endswith("%") for length in lengths)


def _is_area(sides: Sequence[float]) -> bool:
    return all(isfinite(side) and 0 < side < 2**31 for side in sides)


def _picture(surface: Any) -> Image.Image:
    surface.flush()
    size = (surface.get_width(), surface.get_height())
    data = bytes(surface.get_data())
    premultiplied = Image.frombytes("RGBa", size, data, "raw", "BGRa", surface.get_stride())
    return premultiplied.convert("RGBA")
