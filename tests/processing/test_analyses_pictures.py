"""Analyses of pictures: what is in them is what is said."""

import io
import math
import struct
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational

from tests.processing.analyses_samples import (
    animated,
    encoded,
    exif_of_a_camera,
    metadata,
    photo,
    png_claiming,
    probed,
    scene,
    webp_claiming,
)

BASE83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
KINDS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}


def test_a_photo_says_what_its_camera_wrote(tmp_path: Path) -> None:
    found = metadata(tmp_path, photo(), "image/jpeg", "Photo.JPG")
    assert (found["width"], found["height"], found["orientation"]) == (240, 320, 6)
    assert found["exif"]["camera_model"] == "Z 6"
    assert found["exif"]["lens_model"] == "Nikkor 50mm"
    assert (found["exif"]["exposure_time"], found["exif"]["f_number"]) == (0.004, 2.8)
    assert (found["exif"]["iso"], found["exif"]["focal_length"]) == (400, 50)
    assert found["exif"]["taken_at"] == "2024-05-01T12:30:00+02:00"
    assert found["exif"]["modified_at"] == "2024-05-02T10:00:00"
    assert found["exif"]["flash"] is True
    assert found["gps"] == {"latitude": -33.859833, "longitude": 151.21, "altitude": -12.5}
    assert found["dpi"] == [300, 300]
    assert "sRGB" in found["icc_profile"]
    assert found["extension_matches"] is True


def test_a_photo_says_what_people_wrote_into_it(tmp_path: Path) -> None:
    found = metadata(tmp_path, photo(), "image/jpeg")
    assert (found["iptc"]["title"], found["iptc"]["caption"]) == ("Été", "Café at noon")
    assert found["iptc"]["keywords"] == ["coffee", "noon"]
    assert (found["xmp"]["title"], found["xmp"]["rating"]) == ("Un été", 4)
    assert found["xmp"]["creator"] == ["Ann", "Bob"]
    assert found["xmp"]["keywords"] == ["sun", "water"]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_is_measured_and_hashed_upright(
    tmp_path: Path, kind: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = scene((96, 64))
    undo = [None, None, 0, 3, 1, 5, 2, 6, 4][orientation]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    content = encoded(stored, kind, exif=exif)
    found = metadata(tmp_path, content, KINDS[kind])
    assert found["orientation"] == orientation
    assert (found["width"], found["height"]) == (96, 64)
    assert probed(tmp_path, content, KINDS[kind]) == (96, 64, None)
    plain = metadata(tmp_path, encoded(upright, "PNG"), "image/png")
    assert _distance(found["perceptual_hash"], plain["perceptual_hash"]) <= 4


def test_the_orientation_of_a_png_is_found_behind_its_pixels(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(scene((40, 30)), "PNG", exif=exif)
    at = data.index(b"eXIf") - 4
    length = struct.unpack(">I", data[at : at + 4])[0] + 12
    moved = data[:at] + data[at + length : -12] + data[at : at + length] + data[-12:]
    assert probed(tmp_path, moved, "image/png") == (30, 40, None)


def test_a_heic_is_as_large_as_its_decoder_shows_it(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(scene((64, 48)), "HEIF", exif=exif)
    buffer = io.BytesIO(content)
    with Image.open(buffer) as image:
        shown = image.size
    assert probed(tmp_path, content, "image/heic") == (*shown, None)
    found = metadata(tmp_path, content, "image/heic", "a.heic")
    assert (found["width"], found["height"]) == shown
    assert len(found["perceptual_hash"]) == 16


@pytest.mark.parametrize(
    ("mode", "kind", "color", "depth", "alpha"),
    [
        ("1", "PNG", "bilevel", 1, False),
        ("L", "JPEG", "grayscale", 8, False),
        ("I;16", "PNG", "grayscale", 16, False),
        ("I;16", "TIFF", "grayscale", 16, False),
        ("P", "PNG", "palette", 1, False),
        ("CMYK", "JPEG", "cmyk", 8, False),
        ("RGBA", "PNG", "rgb", 8, True),
        ("LA", "PNG", "grayscale", 8, True),
        ("F", "TIFF", "grayscale", 32, False),
        ("LAB", "TIFF", "lab", 8, False),
    ],
)
def test_the_colour_of_a_picture_is_told(
    tmp_path: Path, mode: str, kind: str, color: str, depth: int, *, alpha: bool
) -> None:
    found = metadata(tmp_path, encoded(Image.new(mode, (20, 10)), kind), KINDS[kind])
    assert (found["color_mode"], found["bit_depth"], found["has_alpha"]) == (color, depth, alpha)
    assert len(found["perceptual_hash"]) == 16


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_the_frames_of_an_animation_are_counted_and_timed(tmp_path: Path, kind: str) -> None:
    found = metadata(tmp_path, animated(kind, 5, 120), f"image/{kind.lower()}")
    assert (found["frames"], found["animated"]) == (5, True)
    assert found["animation_duration"] == 0.6


def test_the_pages_of_a_tiff_are_no_animation(tmp_path: Path) -> None:
    for big in (False, True):
        pages = encoded(scene(), "TIFF", save_all=True, append_images=[scene(seed=1)], big_tiff=big)
        found = metadata(tmp_path, pages, "image/tiff")
        assert (found["frames"], found["animated"]) == (2, False)


def test_ten_thousand_frames_are_counted_without_decoding_them(tmp_path: Path) -> None:
    one = encoded(Image.new("P", (1, 1)), "GIF")
    start = one.index(b"\x2c", 13 + 3)
    frames = one[:start] + one[start:-1] * 10_000 + b";"
    assert metadata(tmp_path, frames, "image/gif")["frames"] == 10_000


def test_alike_pictures_have_close_hashes_and_others_have_not(tmp_path: Path) -> None:
    pictures = [scene((640, 480), seed) for seed in range(8)]
    hashes = [_hash(tmp_path, encoded(picture, "PNG"), "image/png") for picture in pictures]
    for picture, first in zip(pictures, hashes, strict=True):
        small = encoded(picture.resize((200, 150)), "JPEG", quality=40)
        assert _distance(first, _hash(tmp_path, small, "image/jpeg")) <= 6
    pairs = [(a, b) for index, a in enumerate(hashes) for b in hashes[index + 1 :]]
    assert min(_distance(a, b) for a, b in pairs) > 15


def test_the_dominant_colours_are_those_there_is_most_of(tmp_path: Path) -> None:
    picture = Image.new("RGB", (100, 100), "#204080")
    ImageDraw.Draw(picture).rectangle((0, 0, 99, 29), "#e0c010")
    colors = metadata(tmp_path, encoded(picture, "PNG"), "image/png")["dominant_colors"]
    assert colors == ["#204080", "#e0c010"]


def test_transparent_pixels_have_no_colour(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (50, 50), (0, 255, 0, 0))
    ImageDraw.Draw(picture).rectangle((0, 0, 9, 9), (200, 0, 0, 255))
    found = metadata(tmp_path, encoded(picture, "PNG"), "image/png")
    assert found["dominant_colors"] == ["#c80000"]
    nothing = encoded(Image.new("RGBA", (5, 5)), "PNG")
    assert metadata(tmp_path, nothing, "image/png")["dominant_colors"] == ["#ffffff"]


def test_a_blurhash_shows_the_picture_blurred(tmp_path: Path) -> None:
    picture = Image.new("RGB", (120, 80), "#d02020")
    ImageDraw.Draw(picture).rectangle((60, 0, 119, 79), "#2020d0")
    found = metadata(tmp_path, encoded(picture, "PNG"), "image/png")["blurhash"]
    assert len(found) == 4 + 2 * 4 * 3
    left, right = _shown(found, 0.1, 0.5), _shown(found, 0.9, 0.5)
    assert left[0] > 150 + left[2] / 2
    assert right[2] > 150 + right[0] / 2


def test_the_blurhash_of_one_colour_is_that_colour(tmp_path: Path) -> None:
    found = metadata(tmp_path, encoded(Image.new("RGB", (9, 30), "#336699"), "PNG"), "image/png")
    for place in (0.0, 0.5, 1.0):
        assert _shown(found["blurhash"], place, place) == pytest.approx((51, 102, 153), abs=4)


def _shown(blurhash: str, x: float, y: float) -> tuple[float, ...]:
    """Decode one point, by the specification and apart from the encoder."""
    size = _of83(blurhash[0])
    columns, rows = size % 9 + 1, size // 9 + 1
    most = (_of83(blurhash[1]) + 1) / 166
    average = _of83(blurhash[2:6])
    colors = [[_linear(average >> shift & 255) for shift in (16, 8, 0)]]
    for start in range(6, len(blurhash), 2):
        value = _of83(blurhash[start : start + 2])
        levels = (value // 361, value // 19 % 19, value % 19)
        colors.append([math.copysign(((level - 9) / 9) ** 2, level - 9) * most for level in levels])
    sums = [0.0, 0.0, 0.0]
    for j in range(rows):
        for i in range(columns):
            weight = math.cos(math.pi * x * i) * math.cos(math.pi * y * j)
            for band in range(3):
                sums[band] += colors[j * columns + i][band] * weight
    return tuple(_encoded(value) for value in sums)


def _of83(text: str) -> int:
    value = 0
    for letter in text:
        value = value * 83 + BASE83.index(letter)
    return value


def _linear(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _encoded(value: float) -> float:
    value = min(1.0, max(0.0, value))
    part = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return part * 255


def _hash(folder: Path, content: bytes, content_type: str) -> str:
    return str(metadata(folder, content, content_type)["perceptual_hash"])


def _distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@pytest.mark.parametrize(
    ("content", "content_type", "size"),
    [
        (png_claiming(50_000, 50_000), "image/png", (50_000, 50_000)),
        (webp_claiming(16_383, 16_383), "image/webp", (16_383, 16_383)),
    ],
    ids=["png", "webp"],
)
def test_a_bomb_is_measured_but_not_decoded(
    tmp_path: Path, content: bytes, content_type: str, size: tuple[int, int]
) -> None:
    found = metadata(tmp_path, content, content_type)
    assert (found["width"], found["height"]) == size
    assert found["too_large"] is True
    assert found["problem"]
    assert "blurhash" not in found
    assert probed(tmp_path, content, content_type) == (*size, None)


def test_the_webp_bomb_is_as_small_as_they_come() -> None:
    assert len(webp_claiming(16_383, 16_383)) == 34


@pytest.mark.parametrize("kind", ["lossy", "lossless", "animated"])
def test_the_canvas_of_any_webp_is_read(tmp_path: Path, kind: str) -> None:
    options: dict[str, Any] = {"lossless": kind == "lossless"}
    if kind == "animated":
        options = {"save_all": True, "append_images": [scene((70, 50), 1)]}
    content = encoded(scene((70, 50)), "WEBP", **options)
    assert probed(tmp_path, content, "image/webp") == (70, 50, None)


@pytest.mark.parametrize("percent", [10, 50, 90])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_cut_off_says_what_its_header_holds(
    tmp_path: Path, kind: str, percent: int
) -> None:
    whole = encoded(scene((400, 300)), kind)
    content = whole[: len(whole) * percent // 100]
    found = metadata(tmp_path, content, KINDS[kind])
    assert found["damaged"] is True
    assert found["problem"]
    assert "blurhash" not in found
    if kind == "PNG":
        assert (found["width"], found["height"]) == (400, 300)


def test_numbers_that_are_none_are_left_out(tmp_path: Path) -> None:
    exif = exif_of_a_camera()
    exif.get_ifd(0x8769)[0x829D] = IFDRational(1, 0)
    exif.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    exif.get_ifd(0x8825)[2] = (IFDRational(0, 0), IFDRational(0, 0), IFDRational(0, 0))
    found = metadata(tmp_path, encoded(scene(), "JPEG", exif=exif), "image/jpeg")
    assert "gps" not in found
    assert "f_number" not in found["exif"]
    assert "taken_at" not in found["exif"]
    assert found["exif"]["camera_make"] == "Nikon"


def test_a_place_outside_the_earth_is_no_place(tmp_path: Path) -> None:
    exif = exif_of_a_camera()
    exif.get_ifd(0x8825)[2] = (IFDRational(91), IFDRational(0), IFDRational(0))
    assert "gps" not in metadata(tmp_path, encoded(scene(), "JPEG", exif=exif), "image/jpeg")


@pytest.mark.parametrize(
    "entries",
    [
        [(0x8769, 4, 1, 8), (0x8825, 4, 1, 8)],  # directories that are their own parents
        [(0x8769, 4, 1, 0xFFFFFFFF)],
        [(0x010F, 2, 0xFFFFFFFF, 8)],
        [(tag, 7, 60_000, 0) for tag in range(5_000)],
        [(0x0112, 5, 1, 26)],
    ],
    ids=["cyclic", "outside", "endless", "huge", "rational"],
)
def test_a_hostile_exif_block_costs_no_more_than_itself(
    tmp_path: Path, entries: list[tuple[int, int, int, int]]
) -> None:
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", *entry) for entry in entries
    )
    block = b"Exif\0\0II*\0\x08\0\0\0" + directory + bytes(4)
    content = encoded(scene(), "JPEG", exif=block)
    found = metadata(tmp_path, content, "image/jpeg")
    assert (found["width"], found["height"]) == (320, 240)
    assert found["blurhash"]


LAUGHS = b"""<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><x:xmpmeta
xmlns:x="adobe:ns:meta/"><a>&b;</a></x:xmpmeta>"""


@pytest.mark.parametrize("packet", [LAUGHS, b"<a", b"\xff\xfe\x00", b"<a>&#xd800;</a>"])
def test_a_hostile_xmp_packet_is_said_to_be_damaged(tmp_path: Path, packet: bytes) -> None:
    found = metadata(tmp_path, encoded(scene(), "JPEG", xmp=packet), "image/jpeg")
    assert found["damaged"] is True
    assert found["problem"] == "The XMP data in the file cannot be read."
    assert found["blurhash"]


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="100" height="50"', (100, 50)),
        ('width="1in" height="25.4mm"', (96, 96)),
        ('width="72pt" height="6pc"', (96, 96)),
        ('viewBox="0 0 300 200"', (300, 200)),
        ('viewBox="0,0,30.4,20.6"', (30, 21)),
        ('width="50%" height="100%" viewBox="0 0 30 20"', (30, 20)),
        ('width="60" viewBox="0 0 30 20"', (60, 40)),
        ('height="60" viewBox="0 0 30 20"', (90, 60)),
        ('width="1e2" height="2.5e+1px"', (100, 25)),
        ('width="1e99" height="1"', (None, None)),
        ('width="-5" height="5"', (None, None)),
        ('viewBox="0 0 NaN 5"', (None, None)),
        ('viewBox="0 0 0 0"', (None, None)),
        ("", (None, None)),
    ],
)
def test_a_drawing_is_as_large_as_its_root_says(
    tmp_path: Path, attributes: str, size: tuple[int | None, int | None]
) -> None:
    drawing = f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" {attributes}><g'
    assert probed(tmp_path, drawing.encode(), "image/svg+xml") == (*size, None)


def test_a_drawing_may_have_harmless_entities(tmp_path: Path) -> None:
    drawing = (
        b'<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]>'
        b'<svg xmlns="&ns;" width="10" height="20"/>'
    )
    assert probed(tmp_path, drawing, "image/svg+xml") == (10, 20, None)


def test_a_drawing_that_laughs_a_billion_times_is_damaged(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 50}">' for n in range(1, 9))
    drawing = f'<!DOCTYPE svg [<!ENTITY e0 "{"ha" * 50}">{entities}]><svg width="&e8;"/>'
    assert probed(tmp_path, drawing.encode(), "image/svg+xml") == (None, None, None)
    assert metadata(tmp_path, drawing.encode(), "image/svg+xml")["damaged"] is True
