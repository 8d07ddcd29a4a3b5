"""Colours of stills and videos that name their colour space; HDR is tone-mapped."""

import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from processing.previews import avif, colour_space, conversion, raster, video
from processing.previews.libvips import Samples
from processing.task import Source
from tests.processing import colour_files
from tests.processing.colour_files import AS_SRGB, BT2020, DISPLAY_P3, HLG, PQ, Signal, cicp, pq
from tests.processing.picture_files import encoded, source

WHITE: Signal = (1.0, 1.0, 1.0)
GREY: Signal = (0.5, 0.5, 0.5)
RED: Signal = (1.0, 0.0, 0.0)
HDR_WHITE: Signal = (pq(203),) * 3
BLUE: Signal = (0.0, 0.0, pq(203))
DIFFUSE_WHITE = {PQ: pq(203), HLG: 0.75}
Encoder = Callable[[Path, Signal, Signal, int, int], Source]


def _png(folder: Path, left: Signal, right: Signal, primaries: int, transfer: int) -> Source:
    data = colour_files.png(left, right, cicp(primaries, transfer))
    return source(folder, data, "image/png")


def _heic(folder: Path, left: Signal, right: Signal, primaries: int, transfer: int) -> Source:
    data = colour_files.heic(left, right, primaries, transfer)
    return source(folder, data, "image/heic")


def _avif(folder: Path, left: Signal, right: Signal, primaries: int, transfer: int) -> Source:
    data = colour_files.avif(left, right, primaries, transfer)
    return source(folder, data, "image/avif")


def _deep_avif(folder: Path, left: Signal, right: Signal, primaries: int, transfer: int) -> Source:
    path = folder / "still.avif"
    colour_files.video(path, left, right, primaries, transfer, codec="libsvtav1")
    return source(folder, path.read_bytes(), "image/avif")


STILLS: dict[str, Encoder] = {
    "PNG": _png,
    "HEIC": _heic,
    "AVIF of 8 bits": _avif,
    "AVIF of 10 bits": _deep_avif,
}


def shown(picture: Image.Image) -> tuple[Any, Any]:
    """Return the colours of the left and of the right half."""
    width, height = picture.size
    return picture.getpixel((width // 4, height // 2)), picture.getpixel(
        (width * 3 // 4, height // 2)
    )


def near(found: tuple[int, ...], wanted: tuple[int, ...], tolerance: int = 6) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("form", STILLS)
def test_diffuse_white_of_an_hdr_still_is_white_and_red_stays_red(
    form: str, transfer: int, tmp_path: Path
) -> None:
    white = DIFFUSE_WHITE[transfer]
    still = STILLS[form](tmp_path, (white,) * 3, (white, 0.0, 0.0), BT2020, transfer)
    left, right = shown(raster.render(still, 160))
    assert near(left, (255, 255, 255))
    assert near(right, (255, 0, 0), 12)


@pytest.mark.parametrize(
    ("transfer", "quarter", "dark"), [(PQ, pq(50.75), pq(1)), (HLG, 0.5, 0.0976)], ids=["PQ", "HLG"]
)
@pytest.mark.parametrize("form", STILLS)
def test_an_hdr_still_keeps_what_is_darker_than_white(
    form: str, transfer: int, quarter: float, dark: float, tmp_path: Path
) -> None:
    still = STILLS[form](tmp_path, (quarter,) * 3, (dark,) * 3, BT2020, transfer)
    left, right = shown(raster.render(still, 160))
    assert near(left, (137, 137, 137))  # a quarter of the light of white, 50.75 cd/m²
    assert near(right, (15, 15, 15))  # 1 cd/m²


@pytest.mark.parametrize("form", ["PNG", "HEIC", "AVIF of 8 bits"])
def test_display_p3_named_by_code_points_is_shown_as_srgb(form: str, tmp_path: Path) -> None:
    still = STILLS[form](tmp_path, WHITE, (0.9, 0.2, 0.2), DISPLAY_P3, AS_SRGB)
    left, right = shown(raster.render(still, 160))
    assert near(left, (255, 255, 255))
    assert near(right, (251, 4, 37), 8)


@pytest.mark.parametrize("form", ["PNG", "HEIC", "AVIF of 8 bits"])
def test_a_still_that_names_srgb_is_not_changed(form: str, tmp_path: Path) -> None:
    still = STILLS[form](tmp_path, GREY, (0.9, 0.2, 0.2), 1, AS_SRGB)
    left, right = shown(raster.render(still, 160))
    assert near(left, (128, 128, 128), 2)
    assert near(right, (230, 51, 51), 8)


def test_hdr_shows_no_bands(tmp_path: Path) -> None:
    white = round(pq(203) * 65_535)
    ramp = b"".join(struct.pack("H", white * at // 1023) * 3 for at in range(1024))
    space = colour_space.by_code_points(BT2020, PQ)
    assert space
    picture = conversion.converted(Samples(1024, 1, 3, "H", ramp), space)
    assert len(set(picture.getchannel("R").tobytes())) > 240


def test_stills_of_hdr_are_decoded_in_more_than_eight_bits(tmp_path: Path) -> None:
    # Two shades within one step of 8 bits.
    dark, light = 148.6 / 255, 149.4 / 255
    for form in ("PNG", "HEIC", "AVIF of 10 bits"):
        still = STILLS[form](tmp_path, (dark - 0.02,) * 3, (light - 0.02,) * 3, BT2020, PQ)
        left, right = shown(raster.render(still, 160))
        assert left != right, form


def test_a_colour_brighter_than_white_keeps_its_hue() -> None:
    bright = struct.pack("3H", *(round(pq(value) * 65_535) for value in (800, 600, 400)))
    space = colour_space.by_code_points(1, PQ)
    assert space
    pixel: Any = conversion.converted(Samples(1, 1, 3, "H", bright), space).getpixel((0, 0))
    assert near(pixel, (255, 225, 188), 1)  # 1, 3/4 and 1/2 of the light


def test_transparency_of_an_hdr_png_is_kept(tmp_path: Path) -> None:
    white = pq(203)
    data = colour_files.png((white, white, white, 1.0), (white, 0.0, 0.0, 0.5), cicp(BT2020, PQ))
    left, right = shown(raster.render(source(tmp_path, data, "image/png"), 160))
    assert near(left, (255, 255, 255, 255), 1)
    assert near(right, (255, 0, 0, 128), 1)


def _turned_heic(folder: Path) -> Source:
    exif = Image.Exif()
    exif[0x0112] = 6
    colours = (BLUE, HDR_WHITE, BT2020, PQ)
    data = colour_files.heic(*colours, exif=exif.tobytes())
    return source(folder, data, "image/heic")


def _turned_avif(folder: Path) -> Source:
    path = folder / "still.avif"
    colours = (BLUE, HDR_WHITE, BT2020, PQ)
    colour_files.video(path, *colours, codec="libsvtav1")
    return source(folder, colour_files.rotated(path.read_bytes()), "image/avif")


@pytest.mark.parametrize("turned", [_turned_heic, _turned_avif])
def test_an_hdr_still_is_turned_once(turned: Callable[[Path], Source], tmp_path: Path) -> None:
    picture = raster.render(turned(tmp_path), 160)
    assert picture.size == (80, 160)
    below: Any = picture.getpixel((40, 120))
    assert near(below, (255, 255, 255))


GAMMA = b"gAMA", struct.pack(">I", 100_000)
P3_CHROMATICITIES = (
    b"cHRM",
    struct.pack(">8I", 31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000),
)
SRGB_CHROMATICITIES = (
    b"cHRM",
    struct.pack(">8I", 31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000),
)
USUAL_GAMMA = b"gAMA", struct.pack(">I", 45_455)


@pytest.mark.parametrize(
    ("chunks", "grey", "red"),
    [
        ([GAMMA], 188, (243, 124, 124)),
        ([USUAL_GAMMA, P3_CHROMATICITIES], 128, (251, 4, 37)),
        ([USUAL_GAMMA, SRGB_CHROMATICITIES], 128, (230, 51, 51)),
        ([USUAL_GAMMA], 128, (230, 51, 51)),
        ([(b"sRGB", b"\0"), GAMMA, P3_CHROMATICITIES], 128, (230, 51, 51)),
        ([cicp(1, AS_SRGB), GAMMA], 128, (230, 51, 51)),
        ([(b"gAMA", bytes(4)), (b"cHRM", bytes(32))], 128, (230, 51, 51)),
        ([(b"cICP", b"\x09")], 128, (230, 51, 51)),
    ],
    ids=["linear", "P3", "sRGB", "2.2", "sRGB goes before", "cICP goes before", "zeros", "short"],
)
def test_gamma_and_chromaticities_of_a_png_are_followed(
    chunks: list[tuple[bytes, bytes]], grey: int, red: tuple[int, int, int], tmp_path: Path
) -> None:
    data = colour_files.png(GREY, (0.9, 0.2, 0.2), *chunks)
    left, right = shown(raster.render(source(tmp_path, data, "image/png"), 160))
    assert near(left, (grey,) * 3, 2)
    assert near(right, red, 2)


def test_code_points_of_hdr_in_an_icc_profile_are_followed(tmp_path: Path) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    start = struct.unpack_from(">I", profile, 136)[0]  # where the first tag's data is
    profile[132:136] = b"cicp"
    profile[start : start + 12] = b"cicp\0\0\0\0" + bytes([BT2020, PQ, 0, 1])
    image = Image.new("RGB", (64, 64), (round(pq(203) * 255),) * 3)
    data = encoded(image, "JPEG", icc_profile=bytes(profile), quality=95)
    picture = raster.render(source(tmp_path, data, "image/jpeg"), 64)
    assert near(picture.getpixel((32, 32)), (255, 255, 255))  # type: ignore[arg-type] # RGB


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("hevc.mp4", {}),
        ("full range.mp4", {"full_range": True}),
        ("hevc.mov", {}),
        ("av1.mkv", {"codec": "libsvtav1"}),
    ],
)
def test_diffuse_white_of_an_hdr_video_is_white_and_red_stays_red(
    name: str, options: dict[str, Any], transfer: int, tmp_path: Path
) -> None:
    white = DIFFUSE_WHITE[transfer]
    path = tmp_path / name
    colour_files.video(path, (white,) * 3, (white, 0.0, 0.0), BT2020, transfer, **options)
    left, right = shown(video.render(_recording(path), 160))
    assert near(left, (255, 255, 255))
    assert near(right, (255, 0, 0), 12)


def test_hdr_video_that_names_no_primaries_has_those_of_bt2020(tmp_path: Path) -> None:
    path = colour_files.video(tmp_path / "a.mp4", (0.75,) * 3, (0.75, 0.3, 0.3), 2, HLG, matrix=2)
    named = colour_files.video(tmp_path / "b.mp4", (0.75,) * 3, (0.75, 0.3, 0.3), BT2020, HLG)
    expected = shown(video.render(_recording(named), 160))
    for found, wanted in zip(shown(video.render(_recording(path), 160)), expected, strict=True):
        assert near(found, wanted, 1)


@pytest.mark.parametrize(
    ("named", "red"),
    [
        ((1, 1, 1), (230, 51, 51)),
        ((6, 6, 5), (230, 51, 51)),
        ((DISPLAY_P3, 1, 1), (251, 4, 37)),
        ((BT2020, 14, 9), (255, 0, 39)),
    ],
    ids=["BT.709", "BT.601", "Display P3", "BT.2020"],
)
@pytest.mark.parametrize("full_range", [False, True], ids=["limited", "full"])
def test_sdr_video_is_shown_by_its_matrix_range_and_primaries(
    named: tuple[int, int, int], red: tuple[int, int, int], full_range: Any, tmp_path: Path
) -> None:
    primaries, transfer, matrix = named
    options: dict[str, Any] = {"matrix": matrix, "full_range": full_range}
    colours = (GREY, (0.9, 0.2, 0.2), primaries, transfer)
    path = colour_files.video(tmp_path / "video.mp4", *colours, **options)
    left, right = shown(video.render(_recording(path), 160))
    assert near(left, (128, 128, 128), 3)
    assert near(right, red, 8)


def _recording(path: Path) -> Source:
    return Source(str(path), "video/mp4", path.name, path.stat().st_size)


def test_the_matrix_of_bt2020_is_that_of_its_recommendation() -> None:
    found = colour_space.to_srgb(colour_space._PRIMARIES[BT2020])
    wanted = ((1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187))
    for row, values in zip(found, wanted, strict=True):  # ITU-R BT.2407-0, section 2
        assert row == pytest.approx(values, abs=1e-4)


def box(kind: bytes, *parts: bytes) -> bytes:
    payload = b"".join(parts)
    return struct.pack(">I4s", len(payload) + 8, kind) + payload


def nclx(primaries: int, transfer: int) -> bytes:
    return box(b"colr", b"nclx", struct.pack(">HHHB", primaries, transfer, 0, 0x80))


def head(primary: int) -> bytes:
    """Return an AVIF's boxes: item 1 is of sRGB, item 2 of PQ; ``primary`` is the one to show."""
    properties = box(b"ipco", nclx(1, AS_SRGB), nclx(BT2020, PQ))
    associations = struct.pack(">IIHBBHBB", 0, 2, 1, 1, 0x81, 2, 1, 2)
    meta = (
        bytes(4),
        box(b"pitm", struct.pack(">IH", 0, primary)),
        box(b"iprp", properties, box(b"ipma", associations)),
    )
    return box(b"ftyp", b"avif", bytes(4)) + box(b"meta", *meta)


@pytest.mark.parametrize(("primary", "points"), [(1, (1, AS_SRGB)), (2, (BT2020, PQ)), (3, None)])
def test_the_colours_of_an_avif_are_those_of_its_primary_item(
    primary: int, points: tuple[int, int] | None
) -> None:
    assert avif.code_points(io.BytesIO(head(primary))) == points


@given(st.integers(0, len(head(2))), st.binary(max_size=6))
def test_broken_boxes_of_an_avif_name_no_colours(cut: int, replacement: bytes) -> None:
    damaged = head(2)[:cut] + replacement + head(2)[cut + len(replacement) :]
    points = avif.code_points(io.BytesIO(damaged))
    assert points is None or len(points) == 2
