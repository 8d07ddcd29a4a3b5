"""Texts, places and orientations in EXIF blocks, as other programs write them."""

import struct
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from processing.analyses import header
from processing.directories import TagFile
from tests.processing.analyses_samples import metadata
from tests.processing.picture_files import encoded, quarters, source

ASCII, SHORT, LONG, RATIONAL, UTF8 = 2, 3, 4, 5, 129
FORMATS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
}


def directory(tags: dict[int, tuple[int, Any]], start: int) -> bytes:
    listed, extra = b"", b""
    for tag, (kind, value) in sorted(tags.items()):
        data, count = value, len(value)
        if kind in {SHORT, LONG}:
            data, count = struct.pack("<H" if kind == SHORT else "<I", *value), 1
        elif kind == RATIONAL:
            data = b"".join(struct.pack("<II", part, 1) for part in value)
        listed += struct.pack("<HHI", tag, kind, count)
        if len(data) > 4:
            listed += struct.pack("<I", start + 2 + 12 * len(tags) + 4 + len(extra))
            extra += data
        else:
            listed += data.ljust(4, b"\0")
    return struct.pack("<H", len(tags)) + listed + bytes(4) + extra


def block(tags: dict[int, tuple[int, Any]]) -> bytes:
    return b"Exif\0\0II*\0\x08\0\0\0" + directory(tags, 8)


@pytest.mark.parametrize("kind", [ASCII, UTF8])
@pytest.mark.parametrize("form", FORMATS)
def test_text_is_read_as_utf_8(form: str, kind: int, tmp_path: Path) -> None:
    exif = block({0x010E: (kind, "Straße nach Łódź\0".encode()), 0x013B: (kind, "José\0".encode())})
    found = metadata(tmp_path, encoded(quarters(), form, exif=exif), FORMATS[form])
    assert found["exif"] == {"description": "Straße nach Łódź", "artist": "José"}


def test_text_that_is_no_utf_8_is_read_as_western_european(tmp_path: Path) -> None:
    exif = block({0x013B: (ASCII, "José – Müller\0".encode("cp1252"))})
    found = metadata(tmp_path, encoded(quarters(), "JPEG", exif=exif), "image/jpeg")
    assert found["exif"]["artist"] == "José – Müller"


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0" + "Grüße".encode(),
        b"UNICODE\0" + "Grüße".encode("utf-16-le"),
        b"UNICODE\0" + "Grüße".encode("utf-16-be"),
        bytes(8) + "Grüße".encode(),
    ],
)
def test_a_comment_is_read_in_the_encoding_that_it_names(comment: bytes, tmp_path: Path) -> None:
    exif = block({0x9286: (7, comment)})
    found = metadata(tmp_path, encoded(quarters(), "JPEG", exif=exif), "image/jpeg")
    assert found["exif"]["comment"] == "Grüße"


@pytest.mark.parametrize(("south", "west"), [(b"S\0", b"W\0"), (b"s\0", b"w\0")])
def test_places_may_name_their_side_in_either_case(
    south: bytes, west: bytes, tmp_path: Path
) -> None:
    places = {1: (ASCII, south), 2: (RATIONAL, (33, 30, 0)), 3: (ASCII, west)}
    places |= {4: (RATIONAL, (70, 15, 0))}
    main = directory({0x8825: (LONG, [26])}, 8)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + main + directory(places, 26)
    found = metadata(tmp_path, encoded(quarters(), "JPEG", exif=exif), "image/jpeg")
    assert found["gps"] == {"latitude": -33.5, "longitude": -70.25}


@pytest.mark.parametrize(
    ("kind", "value", "size"),
    [(SHORT, 6, (200, 320)), (LONG, 6, (320, 200)), (SHORT, 9, (320, 200))],
)
def test_an_orientation_counts_where_browsers_take_it(
    kind: int, value: int, size: tuple[int, int], tmp_path: Path
) -> None:
    data = encoded(quarters(), "JPEG", exif=block({0x0112: (kind, [value])}))
    assert header.size(source(tmp_path, data, "image/jpeg")) == size


def test_the_orientation_in_xmp_is_ignored_as_browsers_do(tmp_path: Path) -> None:
    packet = b'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    data = encoded(quarters(), "JPEG", xmp=packet)
    assert header.size(source(tmp_path, data, "image/jpeg")) == (320, 200)


def test_directories_that_point_at_each_other_are_read_once() -> None:
    looped = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 256, LONG, 1, 7, 8)
    assert [tags[256].integer for tags in TagFile.of(looped).directories()] == [7]


def test_a_picture_with_a_broken_block_still_opens(tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (9, 9)), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert header.size(source(tmp_path, data, "image/jpeg")) == (9, 9)
