"""The content types that can be worked on, by what handles them."""

from enum import StrEnum
from typing import Final

from processing.content_types import CONTENT_TYPES, known, names_of


class Kind(StrEnum):
    """A family of formats that one module handles."""

    IMAGE = "image"
    SVG = "svg"
    PDF = "pdf"
    VIDEO = "video"
    AUDIO = "audio"
    OFFICE = "office"
    COMPOUND = "compound"
    BOOK = "book"
    HTML = "html"
    RTF = "rtf"
    MAIL = "mail"
    TEXT = "text"
    ARCHIVE = "archive"
    UNKNOWN = "unknown"


_PILLOW: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/apng": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/heic-sequence": "HEIF",
    "image/heif": "HEIF",
    "image/heif-sequence": "HEIF",
}
_TIFF: Final = "TIFF"  # and raw photos, of which most are TIFF files

IMAGE_FORMATS: Final = {
    name: _PILLOW.get(row.name, _TIFF)
    for row in CONTENT_TYPES.values()
    if row.handler == Kind.IMAGE
    for name in names_of(row.name)
}
"""Content type to the one Pillow format that may open it."""

SURELY_DECODED: Final = frozenset(
    {"image/jpeg", "image/png", "image/apng", "image/webp", "image/gif", "image/bmp", "image/tiff"}
    | {"image/avif", "image/heic", "image/heif"}
)
"""Types whose files are broken if they cannot be opened; of sequences and raw photos some can."""

_TOP_LEVEL: Final = {"video": Kind.VIDEO, "audio": Kind.AUDIO, "text": Kind.TEXT}
_NO_HANDLER: Final = "-"

PREVIEWED: Final = frozenset(
    {Kind.IMAGE, Kind.SVG, Kind.PDF, Kind.VIDEO, Kind.AUDIO, Kind.TEXT, Kind.HTML, Kind.MAIL}
)
"""The kinds that have a preview."""

PROBED: Final = frozenset({Kind.IMAGE, Kind.SVG, Kind.VIDEO, Kind.AUDIO})
"""The kinds that have a size in pixels or a duration."""

PICTURED: Final = frozenset({Kind.IMAGE, Kind.VIDEO})
"""The kinds that have a BlurHash."""


def kind_of(content_type: str) -> Kind:
    """Return what handles ``content_type``, under any of its names.

    ``Kind.UNKNOWN`` for what nothing handles. Video, audio and text that the table of content
    types does not list is tried by the handler of its top-level type.
    """
    row = known(content_type)
    if row is None:
        return _TOP_LEVEL.get(content_type.partition("/")[0], Kind.UNKNOWN)
    return Kind.UNKNOWN if row.handler == _NO_HANDLER else Kind(row.handler)
