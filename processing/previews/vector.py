"""Previews of SVG drawings by librsvg, without access to files or the network."""

from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, tostring

from PIL import Image

from processing.analyses import svg
from processing.previews import libvips, svg_images, svg_styles, svg_tree, vips
from processing.task import MIB, Failure, ProcessingError, Source

_MAX_BYTES: Final = 5 * MIB
_DEFAULT_WIDTH: Final = 300.0  # CSS 2.2, section 10.3.2: of what has no size of its own
_DEFAULT_HEIGHT: Final = 150.0
_DEFAULT_FONT: Final = "sans-serif"  # as Chromium draws text with the fonts that are required
_LONGEST_SIDE: Final = 2.0**31


def render(source: Source, longest: int) -> Image.Image:
    """Return the drawing as RGBA on a transparent background, ``longest`` pixels on its long side.

    Only what the file itself holds is drawn: images in ``data:`` URLs, but none from elsewhere.

    Raises:
        ProcessingError: Not a drawing, broken, or too large when its references are expanded.
    """
    try:
        return _drawn(svg_tree.parsed(_content(source)), longest)
    except (MemoryError, RecursionError):
        raise ProcessingError(Failure.TOO_LARGE, "The drawing is too complex.") from None


def _content(source: Source) -> bytes:
    with Path(source.path).open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ProcessingError(
            Failure.TOO_LARGE, f"The drawing takes more than {_MAX_BYTES // MIB} MiB."
        )
    return content


def _drawn(root: Element, longest: int) -> Image.Image:
    svg_styles.simplify(root)
    svg_images.embed(root)
    root.attrib.setdefault("font-family", _DEFAULT_FONT)
    _resize(root, longest)
    try:
        return vips.drawn(tostring(root))
    except libvips.VipsError as error:
        raise _failure(str(error)) from error


def _resize(root: Element, longest: int) -> None:
    """Make ``root`` ``longest`` pixels on its long side, showing what it showed before.

    librsvg takes the extent of the shapes where a root has neither size nor view box, and scales
    no contents without a view box. Browsers take 300 by 150 pixels (CSS Images 3, section 4.1).
    """
    width, height = (side and min(side, _LONGEST_SIDE) for side in svg.dimensions(root.attrib))
    width, height = width or _DEFAULT_WIDTH, height or _DEFAULT_HEIGHT
    if not svg.view_box(root.attrib):
        root.set("viewBox", f"0 0 {width!r} {height!r}")
        root.set("preserveAspectRatio", "none")
    scale = longest / max(width, height)
    sides = {"width": width, "height": height}
    pixels = {name: max(1, round(side * scale)) for name, side in sides.items()}
    for name, value in pixels.items():
        root.set(name, str(value))
    rules = ";".join(f"{name}:{value}px!important" for name, value in pixels.items())
    root.set("style", f"{root.get('style', '')};{rules}")


def _failure(problem: str) -> ProcessingError:
    if "exceeded" in problem:  # a limit of librsvg's own: on elements, layers or references
        return ProcessingError(Failure.TOO_LARGE, "The drawing is too complex.")
    return ProcessingError(Failure.FAILED, "The drawing is broken or cut off.")
