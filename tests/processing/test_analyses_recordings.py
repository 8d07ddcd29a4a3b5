"""Analyses of audio and video."""

import io
import struct
from pathlib import Path

import av
import pytest
from PIL import Image

from tests.processing.analyses_samples import encoded, film, metadata, probed, scene, sound


def test_a_film_says_what_its_streams_are(tmp_path: Path) -> None:
    found = metadata(tmp_path, film(), "video/mp4", "film.mp4")
    assert (found["width"], found["height"], found["duration"]) == (64, 48, 2)
    assert found["container_name"] == "QuickTime / MOV"
    assert found["tags"] == {"title": "A film"}
    [stream] = found["streams"]
    assert (stream["type"], stream["codec"], stream["frame_rate"]) == ("video", "mpeg4", 10)
    assert (stream["width"], stream["height"], stream["rotation"]) == (64, 48, 0)
    assert stream["pixel_format"] == "yuv420p"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_film_is_measured_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    content = film(rotation=turn)
    with av.open(io.BytesIO(content), "r") as container:
        counter_clockwise = next(container.decode(video=0)).rotation
    found = metadata(tmp_path, content, "video/mp4")
    assert found["streams"][0]["rotation"] == -counter_clockwise % 360 == -turn % 360
    size = (64, 48) if turn == 180 else (48, 64)
    assert (found["width"], found["height"]) == size
    assert probed(tmp_path, content, "video/mp4") == (*size, 2)


def test_a_film_of_wide_pixels_is_measured_in_square_ones(tmp_path: Path) -> None:
    assert probed(tmp_path, film(shape="4:3"), "video/mp4") == (85, 48, 2)


@pytest.mark.parametrize(
    ("kind", "codec", "content_type"),
    [
        ("webm", "libvpx", "video/webm"),
        ("matroska", "mpeg4", "video/x-matroska"),
        ("avi", "mpeg4", "video/x-msvideo"),
        ("mov", "mpeg4", "video/quicktime"),
    ],
)
def test_any_film_has_a_size_and_a_duration(
    tmp_path: Path, kind: str, codec: str, content_type: str
) -> None:
    width, height, duration = probed(tmp_path, film(kind, codec), content_type)
    assert (width, height) == (64, 48)
    assert duration == pytest.approx(2, abs=0.2)


def test_a_song_says_what_it_is_tagged_with(tmp_path: Path) -> None:
    song = sound("mp3", "libmp3lame", form="s16p", title="Stille", artist="Ann", track="3/9")
    found = metadata(tmp_path, song, "audio/mpeg")
    assert found["tags"] == {"title": "Stille", "artist": "Ann", "track": "3/9"}
    [stream] = found["streams"]
    assert (stream["codec"], stream["channels"], stream["sample_rate"]) == ("mp3", 2, 8000)
    assert "width" not in found
    assert probed(tmp_path, song, "audio/mpeg")[:2] == (None, None)
    assert found["duration"] == pytest.approx(2, abs=0.2)


def test_an_ogg_is_read_for_the_tags_of_its_sound(tmp_path: Path) -> None:
    song = sound("ogg", "flac", title="Hush", artist="Ann")
    assert metadata(tmp_path, song, "audio/ogg")["tags"] == {"title": "Hush", "artist": "Ann"}


def test_the_cover_of_a_song_is_not_its_size(tmp_path: Path) -> None:
    picture = encoded(scene((30, 20)), "JPEG")
    song = _id3(b"APIC", b"\0image/jpeg\0\3\0" + picture) + sound("mp3", "libmp3lame", form="s16p")
    found = metadata(tmp_path, song, "audio/mpeg")
    assert found["has_cover"] is True
    assert "width" not in found
    assert probed(tmp_path, song, "audio/mpeg")[:2] == (None, None)
    assert [stream["is_cover"] for stream in found["streams"] if "is_cover" in stream] == [True]


@pytest.mark.parametrize(
    "text", [b"\3\xff\xfe\xfa", b"\1\xff\xfe\x00\xd8", b"\7odd", b"\3\xed\xa0\x80"]
)
def test_tags_in_invalid_encodings_cost_only_themselves(tmp_path: Path, text: bytes) -> None:
    song = _id3(b"TIT2", text) + sound("mp3", "libmp3lame", form="s16p")
    found = metadata(tmp_path, song, "audio/mpeg")
    assert found["streams"][0]["codec"] == "mp3"


def _id3(name: bytes, content: bytes) -> bytes:
    """Return an ID3v2.3 tag of one frame."""
    frame = name + struct.pack(">IH", len(content), 0) + content
    size = len(frame)
    digits = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + digits + frame


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_film_cut_off_is_a_result(tmp_path: Path, percent: int) -> None:
    whole = film()  # its index stands at the end
    content = whole[: len(whole) * percent // 100]
    assert metadata(tmp_path, content, "video/mp4")["damaged"] is True
    assert probed(tmp_path, content, "video/mp4") == (None, None, None)


def _boxed(box: bytes, *contents: bytes) -> bytes:
    body = b"".join(contents)
    return struct.pack(">I4s", len(body) + 8, box) + body


@pytest.mark.parametrize(
    "content",
    [
        _boxed(b"moov", _boxed(b"trak", _boxed(b"tkhd"))),
        _boxed(b"moov", *[_boxed(b"trak")] * 5_000),
        struct.pack(">I4sQ", 1, b"moov", 2**63 + 5),
        struct.pack(">I4s", 4, b"free") * 10,
        struct.pack(">I4s", 1, b"moov"),
    ],
    ids=["no header", "many", "beyond", "backwards", "no length"],
)
def test_hostile_boxes_are_a_result(tmp_path: Path, content: bytes) -> None:
    found = metadata(tmp_path, content, "video/mp4")
    assert "width" not in found
    assert probed(tmp_path, content, "video/mp4") == (None, None, None)


def test_a_picture_that_is_called_a_film_does_no_harm(tmp_path: Path) -> None:
    metadata(tmp_path, encoded(Image.new("RGB", (8, 8)), "PNG"), "video/mp4")
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n"
    assert "streams" not in metadata(tmp_path, playlist, "video/mp4")
