"""The images inside SVG drawings: those in ``data:`` URLs, within bounds."""

import base64
import binascii
import io
from contextlib import suppress
from typing import Final
from urllib.parse import unquote_to_bytes
from xml.etree.ElementTree import Element, tostring

from PIL import Image

from processing.images import check_size, translated
from processing.previews import svg_styles, svg_tree
from processing.task import Failure, ProcessingError

_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
_TAGS: Final = frozenset({"image", "feImage"})
_HREFS: Final = ("href", "{http://www.w3.org/1999/xlink}href")
_DRAWING: Final = "image/svg+xml"
_MAX_PIXELS: Final = 20_000_000
_MAX_DEPTH: Final = 3
_ENOUGH: Final = 2_400  # twice the longest side of a preview


def embed(root: Element) -> None:
    """Replace the images of a drawing by what librsvg decodes: PNG, or drawings as simple as it.

    Removed are images from elsewhere, broken ones, and those that would exceed 20 million pixels
    together or three levels of drawings within drawings. Parts of the same file are kept.
    """
    _Images().embed(root, _MAX_DEPTH)


class _Images:
    def __init__(self) -> None:
        self._pixels = 0
        self._known: dict[tuple[str, bool], str] = {}

    def embed(self, root: Element, depth: int) -> None:
        for element in root.iter():
            if element.tag.rpartition("}")[2] in _TAGS:
                has_size = "width" in element.attrib and "height" in element.attrib
                for name in _HREFS:
                    if (url := element.get(name)) and not url.startswith("#"):
                        element.set(name, self._replacement(url.strip(), depth, has_size=has_size))

    def _replacement(self, url: str, depth: int, *, has_size: bool) -> str:
        key = url, has_size
        if key not in self._known:
            self._known[key] = ""
            with suppress(ProcessingError, ValueError, binascii.Error):
                self._known[key] = self._embedded(url, depth, has_size=has_size)
        return self._known[key]

    def _embedded(self, url: str, depth: int, *, has_size: bool) -> str:
        kind, data = _content(url)
        if kind == _DRAWING and depth:
            return _data_url(_DRAWING, self._drawing(data, depth))
        return _data_url("image/png", self._png(data, has_size=has_size))

    def _drawing(self, data: bytes, depth: int) -> bytes:
        root = svg_tree.parsed(data)
        svg_styles.simplify(root)
        self.embed(root, depth - 1)
        return tostring(root)

    def _png(self, data: bytes, *, has_size: bool) -> bytes:
        with translated(), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            check_size(*image.size)
            self._pixels += image.width * image.height
            if self._pixels > _MAX_PIXELS:
                raise ProcessingError(Failure.TOO_LARGE, "The images have too many pixels.")
            if has_size:  # that of its own pixels does not matter then
                image.draft(None, (_ENOUGH, _ENOUGH))
                image.thumbnail((_ENOUGH, _ENOUGH), reducing_gap=2)
            png = io.BytesIO()
            # Always encoded anew: librsvg allocates whatever size an image claims.
            image.convert("RGBA").save(png, "PNG", compress_level=1)
            return png.getvalue()


def _content(url: str) -> tuple[str, bytes]:
    """Return the media type of a ``data:`` URL, and its bytes (RFC 2397)."""
    head, _, body = url.partition(",")
    scheme, _, parameters = head.partition(":")
    if scheme.lower() != "data":
        raise ProcessingError(Failure.UNSUPPORTED, "The image is not in the drawing.")
    kind, *rest = (part.strip().lower() for part in parameters.split(";"))
    data = unquote_to_bytes(body)
    return kind, base64.b64decode(data) if "base64" in rest else data


def _data_url(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
