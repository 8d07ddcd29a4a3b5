"""What all previews have in common: who draws them, how they are written, what they never hold."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageFile, PngImagePlugin

from processing import previews
from processing.kinds import PREVIEWED
from processing.previews import encoding
from processing.task import Failure, ProcessingError, Source
from tests.processing.picture_files import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    colours,
    encoded,
    png,
    quarters,
    source,
)

WEBP, JPEG, PNG, AVIF = "image/webp", "image/jpeg", "image/png", "image/avif"
SECRET = b"a planted secret"
MARKERS = (b"Exif", b"EXIF", b"eXIf", b"ICCP", b"iCCP", b"ICC_PROFILE", b"tEXt", b"iTXt", b"XMP ")
GPS, GPS_MAP = 0x8825, 0x001D
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><circle r="1"/></svg>'


def preview(
    wanted: Source, *, mime_type: str = WEBP, longest: int = 160, form: str = "thumbnail"
) -> tuple[dict[str, Any], bytes]:
    output = io.BytesIO()
    spec = {"format": form, "longest": longest, "mime_type": mime_type}
    return previews.run(wanted, spec, output), output.getvalue()


def opened(data: bytes) -> ImageFile.ImageFile:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("longest", [160, 480, 1200])
@pytest.mark.parametrize("mime_type", [WEBP, JPEG, PNG, AVIF])
def test_a_preview_is_what_it_is_said_to_be(mime_type: str, longest: int, tmp_path: Path) -> None:
    wanted = source(tmp_path, encoded(quarters(2000, 1000), "JPEG"), JPEG)
    said, data = preview(wanted, mime_type=mime_type, longest=longest)
    image = opened(data)
    assert said == {"width": longest, "height": longest // 2, "mime_type": mime_type}
    assert (image.size, image.get_format_mimetype()) == ((longest, longest // 2), mime_type)
    assert colours(image) == [RED, GREEN, BLUE, WHITE]


def test_a_small_picture_keeps_its_size(tmp_path: Path) -> None:
    wanted = source(tmp_path, encoded(quarters(40, 30), "PNG"), PNG)
    assert preview(wanted, longest=480)[0] == {"width": 40, "height": 30, "mime_type": WEBP}


@pytest.mark.parametrize(("mime_type", "expected"), [(WEBP, 0), (PNG, 0), (AVIF, 0), (JPEG, 255)])
def test_what_is_transparent_stays_so_or_becomes_white(
    mime_type: str, expected: int, tmp_path: Path
) -> None:
    wanted = source(tmp_path, encoded(Image.new("RGBA", (90, 60), (0, 0, 0, 0)), "PNG"), PNG)
    image = opened(preview(wanted, mime_type=mime_type)[1])
    assert image.getchannel(image.mode[-1]).getextrema() == (expected, expected)
    assert image.mode == ("RGB" if mime_type == JPEG else "RGBA")


def test_what_is_half_transparent_is_mixed_with_white(tmp_path: Path) -> None:
    wanted = source(tmp_path, encoded(Image.new("RGBA", (90, 60), (0, 0, 0, 128)), "PNG"), PNG)
    pixel = opened(preview(wanted, mime_type=JPEG)[1]).getpixel((40, 30))
    assert pixel == pytest.approx((127, 127, 127), abs=2)


def test_an_alpha_channel_that_hides_nothing_is_dropped(tmp_path: Path) -> None:
    wanted = source(tmp_path, encoded(Image.new("RGBA", (9, 6), (1, 2, 3, 255)), "PNG"), PNG)
    assert opened(preview(wanted, mime_type=PNG)[1]).mode == "RGB"


def telling(form: str) -> bytes:
    """Return a picture that holds the secret in every place its format has for such."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x013B] = SECRET.decode()
    exif.get_ifd(GPS)[GPS_MAP] = SECRET.decode()
    options: dict[str, Any] = {"exif": exif.tobytes(), "xmp": b"<x:xmpmeta>" + SECRET}
    if form != "HEIF":
        options["icc_profile"] = SECRET
    if form in {"JPEG", "GIF"}:
        options["comment"] = SECRET
    if form == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", SECRET.decode())
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return encoded(quarters(), form, **options)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "GIF"])
@pytest.mark.parametrize("mime_type", [WEBP, JPEG, PNG, AVIF])
def test_nothing_but_pixels_reaches_a_preview(form: str, mime_type: str, tmp_path: Path) -> None:
    data = telling(form)
    assert SECRET in data
    content_type = {"HEIF": "image/heic"}.get(form, f"image/{form.lower()}")
    said, written = preview(source(tmp_path, data, content_type), mime_type=mime_type)
    assert said["width"] == 160
    assert SECRET not in written
    assert [marker for marker in MARKERS if marker in written] == []
    assert dict(opened(written).getexif()) == {}


def test_the_renderers_are_those_of_the_kinds_that_have_previews() -> None:
    assert set(previews._MODULES) == PREVIEWED
    for name in set(previews._MODULES.values()):
        assert callable(previews._module(name).render)


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("image/svg+xml", DRAWING),
        ("text/plain", b"some words"),
        ("text/html", b"<h1>some words</h1>"),
        ("message/rfc822", b"Subject: words\r\n\r\nsome"),
    ],
)
def test_other_kinds_are_drawn_too(content_type: str, data: bytes, tmp_path: Path) -> None:
    said, written = preview(source(tmp_path, data, content_type), mime_type=PNG)
    assert max(said["width"], said["height"]) == 160
    assert opened(written).size == (said["width"], said["height"])


@pytest.mark.parametrize("form", ["thumbnail", "animated"])
@pytest.mark.parametrize("content_type", ["application/zip", "application/octet-stream", "a/b"])
def test_of_what_nobody_draws_there_is_none(content_type: str, form: str, tmp_path: Path) -> None:
    with pytest.raises(ProcessingError) as raised:
        preview(source(tmp_path, b"PK\x03\x04", content_type), form=form)
    assert raised.value.failure is Failure.UNSUPPORTED
    assert raised.value.message == f"No preview can be made of a file of type {content_type}."


def test_a_preview_of_too_many_bytes_is_refused() -> None:
    size = (3000, 2400)
    picture = Image.frombytes("RGB", size, Random(1).randbytes(3 * 3000 * 2400))  # noqa: S311
    output = io.BytesIO()
    with pytest.raises(ProcessingError) as raised:
        encoding.write(picture, PNG, output)
    assert raised.value.failure is Failure.TOO_LARGE
    assert output.getvalue() == b""


def test_the_registry_imports_no_decoder_before_a_file_comes() -> None:
    code = "import sys, processing.previews; print([m for m in sys.modules if m in {names}])"
    names = {"PIL.Image", "tinycss2", "_libvips", "av", "pypdfium2"}
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code.replace("{names}", repr(names))],
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"[]"


# What is hostile.

BIG_WEBP = (
    b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f" + struct.pack("<I", 16382 | 16382 << 14) + b"\0" * 9
)
GIF_HEAD = struct.pack("<6sHHBBB", b"GIF89a", 65535, 65535, 0, 0, 0)
GIF_IMAGE = b"\x2c" + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\0\x3b"


def tiff(width: int, height: int, strip_bytes: int) -> bytes:
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    tags += [(273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, strip_bytes)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("form", ["thumbnail", "animated"])
@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        (PNG, png(50_000, 50_000, (b"IDAT", zlib.compress(bytes(9))))),
        (WEBP, BIG_WEBP),
        ("image/gif", GIF_HEAD + GIF_IMAGE),
        ("image/tiff", tiff(60_000, 60_000, 4_000_000_000)),
        (
            "image/bmp",
            b"BM" + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, 30000, 30000, 1, 24, *[0] * 6),
        ),
    ],
    ids=["PNG", "WebP", "GIF", "TIFF", "BMP"],
)
def test_bombs_are_refused_by_their_headers(
    content_type: str, data: bytes, form: str, tmp_path: Path
) -> None:
    assert len(data) < 300
    assert failure(source(tmp_path, data, content_type), form) is Failure.TOO_LARGE


def failure(wanted: Source, form: str = "thumbnail") -> Failure:
    with pytest.raises(ProcessingError) as raised:
        preview(wanted, form=form)
    return raised.value.failure


def test_a_tiff_whose_strip_goes_on_for_ever_fails(tmp_path: Path) -> None:
    wanted = source(tmp_path, tiff(100, 100, 4_000_000_000), "image/tiff")
    assert failure(wanted) is Failure.FAILED


STORED = {
    JPEG: encoded(quarters(900, 700), "JPEG"),
    PNG: encoded(quarters(900, 700), "PNG"),
    WEBP: encoded(quarters(900, 700), "WEBP", lossless=True),
    "image/gif": encoded(quarters(900, 700), "GIF"),
    "image/tiff": encoded(quarters(900, 700), "TIFF", compression="tiff_lzw"),
    "image/bmp": encoded(quarters(900, 700), "BMP"),
    "image/avif": encoded(quarters(900, 700), "AVIF"),
    "image/heic": encoded(quarters(900, 700), "HEIF"),
    "image/svg+xml": DRAWING,
}


@pytest.mark.parametrize("form", ["thumbnail", "animated"])
@pytest.mark.parametrize("percent", [0, 10, 50, 90])
@pytest.mark.parametrize("content_type", STORED)
def test_what_is_cut_off_fails(content_type: str, percent: int, form: str, tmp_path: Path) -> None:
    data = STORED[content_type]
    cut = data[: len(data) * percent // 100]
    assert failure(source(tmp_path, cut, content_type), form) is Failure.FAILED


@pytest.mark.parametrize(
    "data",
    [
        STORED[PNG],
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"8BPS\0\1" + bytes(6) + b"\0\3" + struct.pack(">IIHH", 9, 9, 8, 3) + bytes(200),
        b"SIMPLE  =                    T".ljust(80) + b"BITPIX  =                    8".ljust(80),
        b"%PDF-1.4\n",
        DRAWING,
    ],
    ids=["PNG", "EPS", "PSD", "FITS", "PDF", "SVG"],
)
def test_what_is_not_of_its_type_fails(data: bytes, tmp_path: Path) -> None:
    for content_type in STORED.keys() - {PNG, "image/svg+xml"}:
        assert failure(source(tmp_path, data, content_type)) is Failure.FAILED
