"""The pictures inside SVG drawings: those that the file itself holds, within bounds."""

import base64
import io
from contextlib import suppress
from typing import Final
from urllib.parse import unquote_to_bytes

from PIL import Image

from processing.images import check_size, translated
from processing.task import Failure, ProcessingError

_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
_MAX_PIXELS: Final = 20_000_000
_EMPTY_DRAWING: Final = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


class EmbeddedImages:
    """Answers, for CairoSVG, what is at a URL: a picture for ``data:``, for all else nothing."""

    def __init__(self) -> None:
        self._pixels = 0
        self._known: dict[str, bytes] = {}

    def __call__(self, url: str, resource_type: str) -> bytes:
        """Return the picture as PNG; nothing, if it is broken or there are too many pixels."""
        if resource_type == "image/svg+xml":
            return _EMPTY_DRAWING  # what must be a drawing
        if resource_type != "image/*" or not url.startswith("data:"):
            return b""
        if url not in self._known:
            self._known[url] = b""
            with suppress(ProcessingError):
                self._known[url] = self._decoded(url)
        return self._known[url]

    def _decoded(self, url: str) -> bytes:
        with translated(), Image.open(io.BytesIO(_data(url)), formats=_FORMATS) as image:
            check_size(*image.size)
            self._pixels += image.width * image.height
            if self._pixels > _MAX_PIXELS:
                raise ProcessingError(Failure.TOO_LARGE, "The pictures have too many pixels.")
            png = io.BytesIO()
            # Written anew: CairoSVG itself would open whatever format the bytes are of.
            image.convert("RGBA").save(png, "PNG", compress_level=1)
            return png.getvalue()


def _data(url: str) -> bytes:
    """Return what a ``data:`` URL holds (RFC 2397)."""
    kind, _, body = url.partition(",")
    data = unquote_to_bytes(body)
    return base64.b64decode(data) if kind.lower().endswith(";base64") else data
