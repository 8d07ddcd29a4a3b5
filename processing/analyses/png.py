"""Walking over the chunks of a PNG (PNG Third Edition, section 5.3)."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from PIL import Image

from processing.analyses.embedded import MAX_BLOCK_BYTES

_SIGNATURE_BYTES: Final = 8
_HEAD_BYTES: Final = 8
_MAX_CHUNKS: Final = 100_000
_KNOWN: Final = ("exif", "Raw profile type exif")


def chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield type and length in bytes of each chunk; ``file`` then stands at its data."""
    position = _SIGNATURE_BYTES
    file.seek(position)
    while len(head := file.read(_HEAD_BYTES)) == _HEAD_BYTES:
        length, kind = struct.unpack(">I4s", head)
        yield kind, length
        position += _HEAD_BYTES + length + 4
        file.seek(position)


def find_exif(image: Image.Image, path: str) -> None:
    """Give ``image`` its EXIF block, which may stand behind the pixels.

    Pillow would decode the whole picture to get there, even one that is too large for that.
    """
    info: dict[Any, Any] = image.info
    if image.format == "PNG" and not any(key in info for key in _KNOWN):
        with Path(path).open("rb") as file:
            info["exif"] = _trailing_exif(file)


def _trailing_exif(file: BinaryIO) -> bytes:
    for (kind, length), _ in zip(chunks(file), range(_MAX_CHUNKS), strict=False):
        if kind == b"eXIf" and length <= MAX_BLOCK_BYTES:
            return b"Exif\0\0" + file.read(length)
    return b""
