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


_DECODERS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/apng": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/heic-sequence": "HEIF",
    "image/heif": "HEIF",
    "image/heif-sequence": "HEIF",
    "image/jxl": "JXL",
    "image/jp2": "JPEG2000",
    "image/jpx": "JPEG2000",
    "image/j2c": "JPEG2000",
    "image/vnd.adobe.photoshop": "PSD",
    "image/vnd.microsoft.icon": "ICO",
    "image/x-icns": "ICNS",
    "image/x-tga": "TGA",
    "image/vnd.zbrush.pcx": "PCX",
    "image/x-portable-bitmap": "PPM",
    "image/x-portable-graymap": "PPM",
    "image/x-portable-pixmap": "PPM",
    "image/qoi": "QOI",
}
RAW: Final = "RAW"
"""The decoder of every image type that is not listed: LibRaw. All others are Pillow's."""

IMAGE_FORMATS: Final = {
    name: _DECODERS.get(row.name, RAW)
    for row in CONTENT_TYPES.values()
    if row.handler == Kind.IMAGE
    for name in names_of(row.name)
}
"""Content type to the one decoder that may open it, by Pillow's name of the format."""

SURELY_DECODED: Final = frozenset(
    {"image/jpeg", "image/png", "image/apng", "image/webp", "image/gif", "image/bmp", "image/tiff"}
    | {"image/avif", "image/heic", "image/heif"}
)
"""Types whose files are broken if they cannot be opened; of the others, some cannot be."""

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
