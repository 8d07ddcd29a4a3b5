"""The content types that can be worked on, by what handles them. First match wins."""

from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """A family of formats that one module handles."""

    IMAGE = "image"
    SVG = "svg"
    PDF = "pdf"
    VIDEO = "video"
    AUDIO = "audio"
    OFFICE = "office"
    BOOK = "book"
    HTML = "html"
    RTF = "rtf"
    MAIL = "mail"
    TEXT = "text"
    ARCHIVE = "archive"
    UNKNOWN = "unknown"


_OOXML: Final = "application/vnd.openxmlformats-officedocument"

IMAGE_FORMATS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
    "image/x-ms-bmp": "BMP",
    "image/avif": "AVIF",
    "image/heic": "HEIF",
    "image/heif": "HEIF",
}
"""Content type to the one Pillow format that may open it."""

_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(IMAGE_FORMATS, Kind.IMAGE),
    "image/svg+xml": Kind.SVG,
    "application/pdf": Kind.PDF,
    "application/ogg": Kind.AUDIO,
    "application/x-matroska": Kind.VIDEO,
    f"{_OOXML}.wordprocessingml.document": Kind.OFFICE,
    f"{_OOXML}.presentationml.presentation": Kind.OFFICE,
    f"{_OOXML}.spreadsheetml.sheet": Kind.OFFICE,
    "application/vnd.oasis.opendocument.text": Kind.OFFICE,
    "application/vnd.oasis.opendocument.presentation": Kind.OFFICE,
    "application/vnd.oasis.opendocument.spreadsheet": Kind.OFFICE,
    "application/epub+zip": Kind.BOOK,
    "text/html": Kind.HTML,
    "application/xhtml+xml": Kind.HTML,
    "text/rtf": Kind.RTF,
    "application/rtf": Kind.RTF,
    "message/rfc822": Kind.MAIL,
    "application/json": Kind.TEXT,
    "application/x-ndjson": Kind.TEXT,
    "application/xml": Kind.TEXT,
    "application/yaml": Kind.TEXT,
    "application/toml": Kind.TEXT,
    "application/javascript": Kind.TEXT,
    "application/zip": Kind.ARCHIVE,
    "application/x-tar": Kind.ARCHIVE,
    "application/gzip": Kind.ARCHIVE,
    "application/x-bzip2": Kind.ARCHIVE,
    "application/x-xz": Kind.ARCHIVE,
    "application/java-archive": Kind.ARCHIVE,
}
_FAMILIES: Final = {"video": Kind.VIDEO, "audio": Kind.AUDIO, "text": Kind.TEXT}

PREVIEWED: Final = frozenset(
    {Kind.IMAGE, Kind.SVG, Kind.PDF, Kind.VIDEO, Kind.AUDIO, Kind.TEXT, Kind.HTML, Kind.MAIL}
)
"""The kinds that have a preview."""

PROBED: Final = frozenset({Kind.IMAGE, Kind.SVG, Kind.VIDEO, Kind.AUDIO})
"""The kinds that have a size in pixels or a duration."""

PICTURED: Final = frozenset({Kind.IMAGE, Kind.VIDEO})
"""The kinds that have a BlurHash."""


def kind_of(content_type: str) -> Kind:
    """Return the family of ``content_type``; ``Kind.UNKNOWN`` for what nothing handles."""
    known = _KINDS.get(content_type)
    return known or _FAMILIES.get(content_type.partition("/")[0], Kind.UNKNOWN)
