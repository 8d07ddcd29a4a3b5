"""A picture's size from its header, whatever the size."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image

from processing import bitmaps, images
from processing.analyses import exif, png
from processing.directories import TagFile
from processing.kinds import RAW
from processing.task import MAX_PIXELS, Failure, ProcessingError, Source

SWAPPING: Final = frozenset({5, 6, 7, 8})
"""The orientations that make width of height."""

_TURNED: Final = frozenset({"TIFF", "JXL"})
_MOVING: Final = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
_PROFILE: Final = "Raw profile type exif"  # how ImageMagick writes it into PNG
_PROFILE_HEAD: Final = 3
_EXIF_IN_AVIF: Final = 4
_WEBP_HEAD: Final = 30


@contextmanager
def opened(source: Source) -> Iterator[Image.Image]:
    """Open a picture of any size for the block, for its header.

    Raises:
        ProcessingError: It is broken, or a WebP that takes too much memory merely to open.
    """
    if source.content_type == "image/webp" and _pixels(webp_size(source)) > MAX_PIXELS:
        raise ProcessingError(Failure.TOO_LARGE, "The picture is too large to open.")
    with images.header(source) as image:
        png.find_exif(image, source.path)
        yield image


def size(source: Source) -> tuple[int, int] | None:
    """Return width and height in pixels as the picture is to be shown; None if it has none."""
    if source.content_type == "image/webp":
        canvas = webp_size(source)
        if _pixels(canvas) > MAX_PIXELS:
            return canvas
    try:
        return _sizes().get(images.decoder(source), _size_by_pillow)(source)
    except ProcessingError:
        return None


def _sizes() -> dict[str, Callable[[Source], tuple[int, int] | None]]:
    from processing import raws, tiffs  # noqa: PLC0415 - these read EXIF by this package

    return {"TIFF": tiffs.shown_size, RAW: raws.size, "BMP": _bitmap_size}


def _bitmap_size(source: Source) -> tuple[int, int] | None:
    bitmap = bitmaps.described(source)
    return (bitmap.width, bitmap.height) if bitmap else _size_by_pillow(source)


def _size_by_pillow(source: Source) -> tuple[int, int] | None:
    with images.header(source) as image:
        png.find_exif(image, source.path)
        return upright(image)


def upright(image: Image.Image) -> tuple[int, int] | None:
    """Return the size of an open picture as it is to be shown; None if it has no pixels."""
    width, height = image.size
    if width < 1 or height < 1:
        return None
    return (height, width) if still_to_turn(image) in SWAPPING else (width, height)


def still_to_turn(image: Image.Image) -> int:
    """Return the orientation that the pixels of an open picture, once decoded, still have.

    Pillow turns a TIFF itself, and swaps its size when it is opened; so does libjxl.
    """
    return 1 if image.format in _TURNED else orientation(image)


def orientation(image: Image.Image) -> int:
    """Return the orientation, 1 to 8, that browsers turn an open picture by; 1 if there is none.

    That is the one in EXIF, and in AVIF and HEIC, whose decoders say so, the one in its boxes;
    never that in XMP.
    """
    return exif.orientation(exif.main_tags(TagFile.of(image.info.get("exif") or b"")))


def moves(image: Image.Image) -> bool:
    """Return whether an open picture is an animation.

    Further pictures in one file of another format are pages, layers, sizes or hidden.
    """
    count = getattr(image, "n_frames", 1) - first_frame(image)
    return image.format in _MOVING and count > 1


def first_frame(image: Image.Image) -> int:
    """Return the number of the frame that is shown first.

    That is 1 in an APNG whose default picture is hidden (PNG Third Edition, section 4.9).
    """
    return int(bool(image.info.get("default_image")))


def exif_block(image: Image.Image) -> bytes:
    """Return the EXIF block of an open picture; empty if there is none."""
    decoder = getattr(image, "_decoder", None)
    if image.format == "AVIF" and decoder:
        # Pillow rewrites a block whose orientation differs, and what is not ASCII with it.
        return decoder.get_info()[_EXIF_IN_AVIF] or b""
    profile = image.info.get(_PROFILE)
    if isinstance(profile, str):
        return bytes.fromhex("".join(profile.split("\n")[_PROFILE_HEAD:]))
    return image.info.get("exif") or b""


def webp_size(source: Source) -> tuple[int, int] | None:
    """Return a WebP's canvas in pixels, by its first chunk (RFC 9649, sections 2.5 to 2.7).

    libwebp allocates the whole canvas twice when it opens a file: 34 bytes may ask for 2 GB.
    """
    with images.translated(), Path(source.path).open("rb") as file:
        head = file.read(_WEBP_HEAD).ljust(_WEBP_HEAD, b"\0")
    chunk, payload = head[12:16], head[20:]
    if chunk == b"VP8X":
        return _little(payload[4:7]) + 1, _little(payload[7:10]) + 1
    if chunk == b"VP8L":
        bits = _little(payload[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return _little(payload[6:8]) & 0x3FFF, _little(payload[8:10]) & 0x3FFF
    return None


def _pixels(size: tuple[int, int] | None) -> int:
    return size[0] * size[1] if size else 0


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
