"""Large images: what is decoded, and what its header shows to take too much."""

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from processing import decoding_cost, images
from processing.previews import raster
from processing.task import Failure, ProcessingError
from tests.processing.picture_files import encoded, png, png_chunk, source

SMALL = Image.new("RGB", (64, 64), "red")


def claiming(width: int, height: int, **options: object) -> bytes:
    """Return a JPEG whose header claims a size (ITU-T T.81, annex B.2.2)."""
    data = bytearray(encoded(SMALL, "JPEG", **options))
    marker = b"\xff\xc2" if options.get("progressive") else b"\xff\xc0"
    struct.pack_into(">HH", data, data.index(marker) + 5, height, width)
    return bytes(data)


@pytest.mark.parametrize(
    ("width", "height", "options"),
    [
        (16_320, 12_240, {}),
        (9000, 6700, {"progressive": True}),
        (30_000, 4000, {"subsampling": "4:4:4"}),
    ],
    ids=["200 MP", "60 MP, progressive", "panorama"],
)
def test_a_large_jpeg_is_decoded(
    width: int, height: int, options: dict[str, object], tmp_path: Path
) -> None:
    jpeg = source(tmp_path, claiming(width, height, **options), "image/jpeg")
    with images.header(jpeg) as image:
        decoding_cost.check(image, 480)


@pytest.mark.parametrize(
    ("width", "height", "options"),
    [
        (60_000, 60_000, {}),
        (16_000, 12_000, {"progressive": True, "subsampling": "4:4:4"}),
    ],
    ids=["pixels", "coefficients"],
)
def test_a_jpeg_that_takes_too_much_is_refused_by_its_header(
    width: int, height: int, options: dict[str, object], tmp_path: Path
) -> None:
    jpeg = source(tmp_path, claiming(width, height, **options), "image/jpeg")
    with pytest.raises(ProcessingError) as raised:
        raster.render(jpeg, 480)
    assert raised.value.failure is Failure.TOO_LARGE


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_that_takes_too_much_is_refused_by_its_header(
    interlaced: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    data = bytearray(png(8000, 8000) if interlaced else png(12_000, 12_000))
    data[28] = interlaced
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(ProcessingError) as raised:
        raster.render(source(tmp_path, bytes(data), "image/png"), 480)
    assert raised.value.failure is Failure.TOO_LARGE


def test_a_jpeg_over_forty_megapixels_has_a_preview(tmp_path: Path) -> None:
    data = encoded(Image.new("L", (8000, 6000), 90), "JPEG")
    preview = raster.render(source(tmp_path, data, "image/jpeg"), 480)
    assert (preview.size, preview.getpixel((5, 5))) == ((480, 360), (90, 90, 90))


def test_a_png_over_forty_megapixels_has_a_preview(tmp_path: Path) -> None:
    head = struct.pack(">IIBBBBB", 8000, 6000, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(b"\0" + b"\x5a" * 8000) for _ in range(6000)) + packer.flush()
    parts = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)
    preview = raster.render(source(tmp_path, data, "image/png"), 480)
    assert (preview.size, preview.getpixel((5, 5))) == ((480, 360), (90, 90, 90))


def test_a_panorama_is_decoded_as_small_as_its_longer_side_allows(tmp_path: Path) -> None:
    jpeg = source(tmp_path, encoded(Image.new("L", (8000, 400)), "JPEG"), "image/jpeg")
    with images.header(jpeg) as image:
        image.draft(None, decoding_cost.draft_size(image.size, 1000))
        assert image.size == (1000, 50)
