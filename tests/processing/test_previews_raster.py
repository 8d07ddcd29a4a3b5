"""Previews of pictures in every format, as they are drawn and encoded here."""

import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from processing.previews import raster, vips
from processing.task import Failure, ProcessingError, Source
from tests.processing.containers import file_type, movie, tiff
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

UPRIGHT = [RED, GREEN, BLUE, WHITE]
ORIENTATION = 0x0112
HOW_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
PICTURE = quarters()
LARGE = quarters(1000, 600)
FORMATS = {
    "JPEG": ("image/jpeg", encoded(PICTURE, "JPEG")),
    "progressive JPEG": ("image/jpeg", encoded(PICTURE, "JPEG", progressive=True)),
    "CMYK JPEG": ("image/jpeg", encoded(PICTURE.convert("CMYK"), "JPEG")),
    "PNG": ("image/png", encoded(PICTURE, "PNG")),
    "large PNG": ("image/png", encoded(LARGE, "PNG")),
    "palette PNG": ("image/png", encoded(PICTURE.quantize(8), "PNG")),
    "large palette PNG": ("image/png", encoded(LARGE.quantize(8), "PNG")),
    "WebP": ("image/webp", encoded(PICTURE, "WEBP")),
    "large WebP": ("image/webp", encoded(LARGE, "WEBP")),
    "lossless WebP": ("image/webp", encoded(PICTURE, "WEBP", lossless=True)),
    "GIF": ("image/gif", encoded(PICTURE, "GIF")),
    "TIFF": ("image/tiff", encoded(PICTURE, "TIFF")),
    "LZW TIFF": ("image/tiff", encoded(PICTURE, "TIFF", compression="tiff_lzw")),
    "CMYK TIFF": ("image/tiff", encoded(PICTURE.convert("CMYK"), "TIFF")),
    "Lab TIFF": ("image/tiff", encoded(PICTURE.convert("LAB"), "TIFF")),
    "BMP": ("image/bmp", encoded(PICTURE, "BMP")),
    "AVIF": ("image/avif", encoded(PICTURE, "AVIF")),
    "HEIC": ("image/heic", encoded(PICTURE, "HEIF")),
}


def rendered(folder: Path, data: bytes, content_type: str, longest: int = 160) -> Image.Image:
    return raster.render(source(folder, data, content_type), longest)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_a_small_picture_of_its_colours(name: str, tmp_path: Path) -> None:
    content_type, data = FORMATS[name]
    preview = rendered(tmp_path, data, content_type)
    assert preview.size == ((160, 96) if name.startswith("large") else (160, 100))
    assert preview.mode == "RGB"
    assert colours(preview) == UPRIGHT


@pytest.mark.parametrize("orientation", HOW_STORED)
@pytest.mark.parametrize(
    ("form", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
        ("HEIF", "image/heic"),
    ],
)
def test_pictures_are_turned_upright(
    form: str, content_type: str, orientation: int, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turn = HOW_STORED[orientation]
    stored = LARGE if turn is None else LARGE.transpose(turn)
    preview = rendered(tmp_path, encoded(stored, form, exif=exif.tobytes()), content_type)
    assert (preview.size, colours(preview)) == ((160, 96), UPRIGHT)


@pytest.mark.parametrize("size", [(320, 200), (1000, 800)], ids=["by Pillow", "by libvips"])
@pytest.mark.parametrize(
    ("form", "mode"),
    [("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "palette"), ("PNG", "key"), ("WEBP", "RGBA")],
)
def test_what_is_transparent_stays_so(
    form: str, mode: str, size: tuple[int, int], tmp_path: Path
) -> None:
    picture = Image.new("RGBA", size, (*RED, 0))
    picture.paste((*GREEN, 255), (size[0] // 2, 0, *size))
    options = {}
    if mode == "palette":
        picture = picture.quantize(4)
    elif mode == "key":
        picture, options = picture.convert("RGB"), {"transparency": RED}
    else:
        picture = picture.convert(mode)
    preview = rendered(tmp_path, encoded(picture, form, **options), f"image/{form.lower()}")
    assert preview.mode == "RGBA"
    left, right = (preview.getpixel((preview.width * at // 4, 50)) for at in (1, 3))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert (left[3], right[3]) == (0, 255)


def test_the_colour_of_what_is_transparent_does_not_bleed(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (1000, 1000), (*RED, 0))
    ImageDraw.Draw(picture).ellipse((200, 200, 800, 800), fill=(*BLUE, 255))
    preview = rendered(tmp_path, encoded(picture, "PNG"), "image/png")
    red = max(r for r, _, _, alpha in pixels(preview) if alpha > 60)
    assert red < 60


def pixels(picture: Image.Image) -> list[tuple[int, int, int, int]]:
    data = picture.convert("RGBA").tobytes()
    return [tuple(data[at : at + 4]) for at in range(0, len(data), 4)]  # type: ignore[misc]


def grey(values: Image.Image, mode: str, factor: float) -> Image.Image:
    whole = values.convert("I" if mode.startswith("I") else "F")
    return whole.point(lambda value: value * factor + 0).convert(mode)


@pytest.mark.parametrize(
    ("mode", "factor", "form", "content_type"),
    [
        ("I;16", 257, "PNG", "image/png"),
        ("I;16", 257, "TIFF", "image/tiff"),
        ("F", 1 / 255, "TIFF", "image/tiff"),
        ("F", 1, "TIFF", "image/tiff"),
        ("F", 257, "TIFF", "image/tiff"),
        ("F", 1e20, "TIFF", "image/tiff"),
        ("I", 257, "TIFF", "image/tiff"),
    ],
)
def test_deep_greys_run_from_black_to_white(
    mode: str, factor: float, form: str, content_type: str, tmp_path: Path
) -> None:
    ramp = grey(Image.linear_gradient("L"), mode, factor)
    preview = rendered(tmp_path, encoded(ramp, form), content_type, 256)
    values = [red for red, _, _, _ in pixels(preview.crop((100, 0, 101, 256)))]
    assert values == pytest.approx(range(256), abs=2)


def test_sixteen_bits_a_channel_become_eight(tmp_path: Path) -> None:
    wide = b"".join(bytes([value, 0]) for value in (*RED, 128))
    rows = (b"\0" + wide * 900) * 900
    header = png(900, 900, (b"IDAT", zlib.compress(rows)))
    data = header.replace(
        b"\x00\x00\x03\x84\x00\x00\x03\x84\x08\x02", b"\0\0\x03\x84\0\0\x03\x84\x10\x06"
    )
    data = with_header_sum(data)
    preview = rendered(tmp_path, data, "image/png")
    assert pixels(preview)[0] == pytest.approx((*RED, 128), abs=1)


def with_header_sum(data: bytes) -> bytes:
    return data[:29] + zlib.crc32(data[12:29]).to_bytes(4) + data[33:]


def swapped_profile() -> bytes:
    """Return a profile of a space whose red and blue stand in each other's place."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132])
    tags = {bytes(data[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    data[red + 4 : red + 12], data[blue + 4 : blue + 12] = (
        data[blue + 4 : blue + 12],
        data[red + 4 : red + 12],
    )
    return bytes(data)


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("JPEG", "RGB"),
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("WEBP", "RGB"),
        ("WEBP", "RGBA"),
        ("TIFF", "RGB"),
        ("TIFF", "RGBA"),
    ],
)
def test_colour_profiles_are_applied(form: str, mode: str, tmp_path: Path) -> None:
    content_type = f"image/{form.lower()}"
    picture = Image.new("RGB", (1000, 800), "red").convert(mode)
    preview = rendered(
        tmp_path, encoded(picture, form, icc_profile=swapped_profile()), content_type
    )
    assert pixels(preview)[0] == pytest.approx((0, 0, 255, 255), abs=12)


@pytest.mark.parametrize("profile", [b"", b"no profile", swapped_profile()[:200]])
def test_a_broken_profile_is_taken_for_none(profile: bytes, tmp_path: Path) -> None:
    preview = rendered(tmp_path, encoded(PICTURE, "JPEG", icc_profile=profile), "image/jpeg")
    assert colours(preview) == UPRIGHT


def test_a_profile_for_another_colour_space_is_taken_for_none(tmp_path: Path) -> None:
    data = encoded(PICTURE.convert("L"), "PNG", icc_profile=swapped_profile())
    assert pixels(rendered(tmp_path, data, "image/png"))[0] == pytest.approx(
        (87, 87, 87, 255), abs=3
    )


def test_of_an_animation_it_is_the_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in (BLUE, RED)]
    for form in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], form, save_all=True, append_images=frames[1:])
        assert colours(rendered(tmp_path, data, f"image/{form.lower()}")) == [BLUE] * 4


def test_fine_patterns_become_grey_and_no_coarse_ones(tmp_path: Path) -> None:
    lines = Image.new("L", (2400, 1800))
    for x in range(0, 2400, 2):
        lines.paste(255, (x, 0, x + 1, 1800))
    for form in ("PNG", "WEBP", "JPEG", "TIFF"):
        preview = rendered(tmp_path, encoded(lines, form), f"image/{form.lower()}", 480)
        low, high = preview.convert("L").getextrema()
        assert 95 < low <= high < 160, form  # type: ignore[operator]


@pytest.mark.parametrize(("form", "content_type"), [("PNG", "image/png"), ("WEBP", "image/webp")])
def test_libvips_and_pillow_make_the_same_picture(
    form: str, content_type: str, tmp_path: Path
) -> None:
    picture = Image.radial_gradient("L").resize((1500, 900))
    colourful = Image.merge("RGB", (picture, picture.rotate(180), Image.new("L", (1500, 900), 90)))
    given_file = source(tmp_path, encoded(colourful, form), content_type)
    fast = vips.reduced(given_file, 300)
    with Image.open(given_file.path) as image:
        sound = raster.fitted(image, 300).convert("RGB")
    assert fast is not None
    assert (fast.size, fast.mode) == (sound.size, sound.mode)
    differences = zip(fast.tobytes(), sound.tobytes(), strict=True)
    assert max(abs(a - b) for a, b in differences) <= 6


@pytest.mark.parametrize("form", ["JPEG", "GIF"])
def test_libvips_opens_no_format_that_others_read(form: str, tmp_path: Path) -> None:
    data = encoded(LARGE, form)
    assert vips.reduced(source(tmp_path, data, "image/png"), 160) is None


@pytest.mark.parametrize("percent", [10, 50, 99])
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_libvips_refuses_what_is_cut_off(form: str, percent: int, tmp_path: Path) -> None:
    data = encoded(LARGE, form)
    cut = source(tmp_path, data[: len(data) * percent // 100], "image/png")
    assert vips.reduced(cut, 160) is None


def test_libvips_opens_no_drawings_or_documents(tmp_path: Path) -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    for data in (drawing, b"%PDF-1.4\n", b"P6 1 1 255 abc", b"", b"SIMPLE  =                    T"):
        assert vips.reduced(source(tmp_path, data, "image/png"), 160) is None


sides = st.integers(1, 700)


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    width=sides,
    height=sides,
    longest=st.integers(1, 1200),
    form=st.sampled_from(["PNG", "JPEG", "WEBP"]),
)
@example(width=16000, height=40, longest=160, form="PNG")
@example(width=40, height=16000, longest=160, form="WEBP")
@example(width=16000, height=40, longest=160, form="JPEG")
def test_any_size_keeps_its_proportions_and_is_never_enlarged(
    width: int, height: int, longest: int, form: str, tmp_path: Path
) -> None:
    data = encoded(Image.new("RGB", (width, height), RED), form)
    preview = rendered(tmp_path, data, f"image/{form.lower()}", longest)
    if max(width, height) <= longest:
        assert preview.size == (width, height)
        return
    scale = longest / max(width, height)
    assert max(preview.size) == longest
    assert preview.width == pytest.approx(max(1, width * scale), abs=1)
    assert preview.height == pytest.approx(max(1, height * scale), abs=1)
    assert min(preview.size) >= 1


def test_the_file_is_read_from_a_descriptor_as_workers_have_it(tmp_path: Path) -> None:
    given_file = source(tmp_path, encoded(LARGE, "PNG"), "image/png")
    with Path(given_file.path).open("rb") as file:
        file.seek(100)
        path = f"/proc/self/fd/{file.fileno()}"
        preview = raster.render(Source(path, "image/png", "", given_file.size), 160)
    assert colours(preview) == UPRIGHT


@pytest.mark.parametrize(
    ("content_type", "data"),
    [
        ("image/heic-sequence", file_type(b"msf1", b"hevc") + movie(b"pict")),
        ("image/x-nikon-nef", tiff({254: 1, 271: b"NIKON"})),
        ("image/x-adobe-dng", b"II*\0"),
    ],
)
def test_a_raw_photo_or_sequence_without_a_decoder_is_unsupported_not_broken(
    content_type: str, data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(ProcessingError) as refused:
        raster.render(Source(str(path), content_type, "file", len(data)), 160)
    assert refused.value.failure is Failure.UNSUPPORTED
