"""IPTC-IIM of a picture, as photo agencies write it (IIM 4.2, record 2)."""

from typing import Any, Final, cast

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.IptcImagePlugin import getiptcinfo

_UTF8: Final = b"\x1b%G"
_CHARACTER_SET: Final = (1, 90)
_FIELDS: Final = {
    "title": (2, 5),
    "headline": (2, 105),
    "caption": (2, 120),
    "byline": (2, 80),
    "credit": (2, 110),
    "source": (2, 115),
    "copyright": (2, 116),
    "city": (2, 90),
    "country": (2, 101),
}
_KEYWORDS: Final = (2, 25)


def iptc(image: Image.Image) -> dict[str, Any]:
    """Return title, caption, keywords and who made it; empty without an IPTC block."""
    found = getiptcinfo(cast("ImageFile", image)) or {}
    utf8 = found.get(_CHARACTER_SET) == _UTF8
    fields = {name: _decoded(_first(found.get(key)), utf8=utf8) for name, key in _FIELDS.items()}
    keywords = [_decoded(word, utf8=utf8) for word in _all(found.get(_KEYWORDS))]
    return {**fields, "keywords": [word for word in keywords if word]}


def _all(value: bytes | list[bytes] | None) -> list[bytes]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _first(value: bytes | list[bytes] | None) -> bytes:
    return next(iter(_all(value)), b"")


def _decoded(value: bytes, *, utf8: bool) -> str:
    # Most writers send UTF-8 and many forget to say so; latin-1 takes any bytes.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("utf-8" if utf8 else "latin-1", "replace")
