"""Pictures for tests, drawn and encoded here."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image

from processing.task import Source

RGB = tuple[int, int, int]
RED, GREEN, BLUE, WHITE = (220, 30, 30), (20, 160, 40), (30, 60, 220), (255, 255, 255)

pillow_heif.register_heif_opener()  # and its encoder


def quarters(width: int = 320, height: int = 200) -> Image.Image:
    """Return red and green above, blue and white below: a picture that tells how it is turned."""
    picture = Image.new("RGB", (width, height), WHITE)
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    picture.paste(BLUE, (0, height // 2, width // 2, height))
    return picture


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


def source(folder: Path, data: bytes, content_type: str) -> Source:
    path = folder / "content"
    path.write_bytes(data)
    return Source(str(path), content_type, "a name.bin", len(data))


def colours(picture: Image.Image) -> list[RGB | None]:
    """Return the colours of the four quarters, row by row; None for what is none of them."""
    shown = picture.convert("RGB")
    points = [(shown.width * x // 4, shown.height * y // 4) for y in (1, 3) for x in (1, 3)]
    return [_nearest(shown.getpixel(point)) for point in points]


def _nearest(pixel: Any) -> RGB | None:
    for known in (RED, GREEN, BLUE, WHITE):
        if max(abs(a - b) for a, b in zip(known, pixel, strict=True)) <= 40:
            return known
    return None


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG that claims a size (8 bits, RGB) and holds any chunks."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)
