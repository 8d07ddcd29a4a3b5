"""Writing previews: pixels alone, without anything that came with them."""

import io
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

from PIL import Image

from processing.task import MAX_OUTPUT_BYTES, Failure, ProcessingError

_ENCODERS: Final[dict[str, dict[str, Any]]] = {
    "image/webp": {"format": "WEBP", "quality": 80, "method": 4},
    "image/jpeg": {"format": "JPEG", "quality": 82, "optimize": True, "progressive": True},
    "image/png": {"format": "PNG"},
    "image/avif": {"format": "AVIF", "quality": 60, "speed": 8, "max_threads": 1},
}
_OPAQUE: Final = 255


def write(picture: Image.Image, mime_type: str, output: BinaryIO) -> None:
    """Write ``picture`` (RGB or RGBA) to ``output``; JPEG shows what is transparent as white.

    Raises:
        ProcessingError: It takes more bytes than a task may write.
    """
    encoder = _ENCODERS[mime_type]
    _bounded(bare(picture, opaque=encoder["format"] == "JPEG"), encoder, output)


def write_animation(
    frames: Sequence[Image.Image], durations: Sequence[int], loop: int, output: BinaryIO
) -> None:
    """Write frames, each ``durations`` milliseconds, as WebP shown ``loop`` times (0: for ever).

    Raises:
        ProcessingError: They take more bytes than a task may write.
    """
    options = {"format": "WEBP", "quality": 75, "method": 0, "save_all": True}
    rest = {"append_images": frames[1:], "duration": list(durations), "loop": loop}
    _bounded(frames[0], options | rest, output)


def bare(picture: Image.Image, *, opaque: bool = False) -> Image.Image:
    """Return the pixels of ``picture`` as RGB, or RGBA if some are transparent.

    ``opaque`` puts transparent ones on white. Pillow's encoders write profiles, comments and EXIF
    that hang on a picture they are given, so that the pixels go into one that holds nothing else.
    """
    if _is_opaque(picture):
        clean = Image.new("RGB", picture.size)
        clean.paste(picture.convert("RGB"))
        return clean
    if opaque:
        clean = Image.new("RGB", picture.size, "white")
        clean.paste(picture, mask=picture.getchannel("A"))
        return clean
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    return clean


def _is_opaque(picture: Image.Image) -> bool:
    return picture.mode != "RGBA" or picture.getchannel("A").getextrema()[0] == _OPAQUE


def _bounded(picture: Image.Image, options: dict[str, Any], output: BinaryIO) -> None:
    encoded = io.BytesIO()
    picture.save(encoded, **options)
    if encoded.tell() > MAX_OUTPUT_BYTES:
        raise ProcessingError(Failure.TOO_LARGE, "The preview takes too many bytes.")
    output.write(encoded.getbuffer())
