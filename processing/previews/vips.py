"""Reducing PNG and WebP while they are decoded, and drawing SVG, by libvips."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

from PIL import Image

from processing.previews import libvips
from processing.task import Source

_CSS_PIXELS: Final = "dpi=96,scale=0.75"  # of 1/96 inch; libvips scales by dpi / 72 beside
_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def reduced(source: Source, longest: int) -> Image.Image | None:
    """Return the picture, not turned, its colours as stored, ``longest`` at most on its long side.

    None if libvips refuses it, or holds it in more than 8 bits a channel: what is wrong with a
    broken picture is for a decoder of better manners to say.
    """
    with ExitStack() as held, Path(source.path).open("rb") as file:
        # Named by its number, since libvips takes what stands in brackets in a name for options;
        # as a stream it would take what is cut off for whole, whatever fail_on says.
        options = (
            f"filename=/proc/self/fd/{file.fileno()},fail_on=error,no_rotate=true,"
            f"size=down,width={longest},height={longest}"
        )
        try:
            found = libvips.samples(libvips.call(held, "thumbnail", options))
        except libvips.VipsError:
            return None
    if found.form != "B" or found.bands not in _MODES:
        return None
    return Image.frombytes(_MODES[found.bands], (found.width, found.height), found.data)


def drawn(drawing: bytes) -> Image.Image:
    """Return an SVG drawing as RGBA in its own size, drawn by librsvg.

    librsvg gets no base URL, and so refuses every reference but ``data:`` URLs.

    Raises:
        VipsError: The drawing is broken, or exceeds a limit of librsvg's.
    """
    with ExitStack() as held:
        stream = libvips.stream(held, drawing)
        found = libvips.samples(libvips.call(held, "svgload_source", _CSS_PIXELS, source=stream))
    return Image.frombytes(_MODES[found.bands], (found.width, found.height), found.data)
