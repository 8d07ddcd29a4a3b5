"""Images of libvips: reduced while they are decoded, samples that Pillow does not take, and SVG."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from PIL import Image

from processing.previews import libvips
from processing.previews.libvips import VipsError as RefusedError
from processing.task import Source

__all__ = ["UCHAR", "USHORT", "RefusedError", "Vips", "drawn", "reduced"]

_CSS_PIXELS: Final = "dpi=96,scale=0.75"  # of 1/96 inch; libvips scales by dpi / 72 beside
_INPUTS: Final = {"extract_area": "input"}
_REDUCED: Final = (b"\x89PNG\r\n\x1a\n", b"RIFF")
"""How PNG and WebP begin: ``thumbnail`` would take whatever it has a loader for."""

_MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
UCHAR, USHORT = 0, 2
"""Formats of samples (VipsBandFormat)."""


class Vips:
    """Images of libvips, which are given back when the block ends."""

    def __init__(self) -> None:
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def file(self, name: str, file: BinaryIO, **options: Any) -> Any:
        """Return the image that a loader, or ``thumbnail``, makes of an open file.

        Raises:
            RefusedError: libvips refuses it.
        """
        # Named by its number, since libvips takes what stands in brackets in a name for options;
        # as a stream it would take what is cut off for whole, whatever fail_on says.
        return self.apply(name, filename=f"/proc/self/fd/{file.fileno()}", **options)

    def apply(self, name: str, image: Any = None, **options: Any) -> Any:
        """Return the image that an operation makes, of ``image`` if it takes one.

        Raises:
            RefusedError: libvips refuses it.
        """
        text = ",".join(f"{key}={value}" for key, value in options.items())
        images = {} if image is None else {_INPUTS.get(name, "in"): image}
        return libvips.call(self._held, name, text, **images)

    @staticmethod
    def number(image: Any, field: str) -> int:
        """Return a number from the header of an image; -1 if it has none of that name."""
        return libvips.number(image, field)

    def size(self, image: Any) -> tuple[int, int]:
        """Return the width and the height of an image."""
        return self.number(image, "width"), self.number(image, "height")

    @staticmethod
    def pixels(image: Any) -> bytes | memoryview:
        """Return the samples of an image, decoded.

        Raises:
            RefusedError: The file is broken.
        """
        return libvips.samples(image).data


def reduced(source: Source, longest: int) -> Image.Image | None:
    """Return the picture, not turned, its colours as stored, ``longest`` at most on its long side.

    None if libvips refuses it, or holds it in more than 8 bits a channel: what is wrong with a
    broken picture is for a decoder of better manners to say.
    """
    options = {"fail_on": "error", "no_rotate": "true", "size": "down"}
    with Vips() as vips, Path(source.path).open("rb") as file:
        if not file.read(8).startswith(_REDUCED):
            return None
        try:
            image = vips.file("thumbnail", file, **options, width=longest, height=longest)
            mode = _MODES.get(vips.number(image, "bands"))
            if mode is None or vips.number(image, "format") != UCHAR:
                return None
            return Image.frombytes(mode, vips.size(image), vips.pixels(image))
        except RefusedError:
            return None


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
