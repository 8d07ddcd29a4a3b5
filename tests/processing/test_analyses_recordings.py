"""Analyses of audio and video."""

import io
import struct
from pathlib import Path

import av
import pytest
from PIL import Image

from processing.analyses import durations
from tests.processing import recordings
from tests.processing.analyses_samples import encoded, film, metadata, probed, scene, sound
from tests.processing.recordings import id3


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
    song = id3((b"APIC", b"\0image/jpeg\0\3\0" + picture)) + sound("mp3", "libmp3lame", form="s16p")
    found = metadata(tmp_path, song, "audio/mpeg")
    assert found["has_cover"] is True
    assert "width" not in found
    assert probed(tmp_path, song, "audio/mpeg")[:2] == (None, None)
    assert [stream["is_cover"] for stream in found["streams"] if "is_cover" in stream] == [True]


@pytest.mark.parametrize(
    "text", [b"\3\xff\xfe\xfa", b"\1\xff\xfe\x00\xd8", b"\7odd", b"\3\xed\xa0\x80"]
)
def test_tags_in_invalid_encodings_cost_only_themselves(tmp_path: Path, text: bytes) -> None:
    song = id3((b"TIT2", text)) + sound("mp3", "libmp3lame", form="s16p")
    found = metadata(tmp_path, song, "audio/mpeg")
    assert found["streams"][0]["codec"] == "mp3"


def _song(folder: Path, name: str, bit_rate: int, seconds: float, **options: str) -> bytes:
    codec = "aac" if name.endswith("aac") else "libmp3lame"
    path = folder / name
    recordings.sound(
        path, seconds, lambda _: 0.5, codec=codec, rate=44_100, bit_rate=bit_rate, options=options
    )
    return path.read_bytes()


def _varied(folder: Path) -> bytes:
    """Return an MP3 of 20 seconds that begins in 32 kbit/s, goes on in 256 and has no index."""
    plain = {"write_xing": "0", "id3v2_version": "0", "write_id3v1": "0"}
    low, high = (_song(folder, "a.mp3", rate, 10, **plain) for rate in (32_000, 256_000))
    return low + high


def test_an_mp3_of_a_variable_bit_rate_without_an_index_is_measured(tmp_path: Path) -> None:
    content = _varied(tmp_path)
    with av.open(io.BytesIO(content)) as container:
        assert (container.duration or 0) / av.time_base > 40  # by the bit rate of its beginning
    found = metadata(tmp_path, content, "audio/mpeg")
    assert found["duration"] == pytest.approx(20, abs=0.3)
    assert "duration_estimated" not in found
    assert probed(tmp_path, content, "audio/mpeg")[2] == found["duration"]


def test_an_adts_stream_is_measured(tmp_path: Path) -> None:
    content = b"".join(_song(tmp_path, "a.aac", rate, 10) for rate in (24_000, 192_000))
    with av.open(io.BytesIO(content)) as container:
        assert abs((container.duration or 0) / av.time_base - 20) > 2
    assert probed(tmp_path, content, "audio/aac")[2] == pytest.approx(20, abs=0.3)


def test_beyond_a_bound_a_duration_is_an_estimate_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = {"write_xing": "0", "id3v2_version": "0"}
    content = _song(tmp_path, "a.mp3", 64_000, 10, **plain)
    monkeypatch.setattr(durations, "_MAX_PACKETS", 50)
    found = metadata(tmp_path, content, "audio/mpeg")
    assert found["duration"] == pytest.approx(10, abs=0.5)
    assert found["duration_estimated"] is True


def _live(folder: Path, name: str, pictures: int) -> bytes:
    """Return a Matroska file as a recorder writes it: without a duration or an index."""
    shown = recordings.one_colour([recordings.RED] * pictures)
    path = recordings.film(folder / name, shown, codec="libvpx", options={"live": "1"})
    return path.read_bytes()


@pytest.mark.parametrize("name", ["a.webm", "a.mkv"])
def test_a_live_recording_lasts_until_its_last_packet(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = _live(tmp_path, name, 120)
    with av.open(io.BytesIO(content)) as container:
        assert container.duration is None
    assert probed(tmp_path, content, "video/webm")[2] == pytest.approx(12, abs=0.2)
    monkeypatch.setattr(durations, "_TAIL_BYTES", len(content) * 3 // 5)
    monkeypatch.setattr(durations, "_MAX_PACKETS", 1)  # not by reading all of it
    found = metadata(tmp_path, content, "video/webm")
    assert found["duration"] == pytest.approx(12, abs=0.2)
    assert "duration_estimated" not in found


def test_a_live_recording_cut_off_lasts_as_long_as_what_there_is(tmp_path: Path) -> None:
    content = _live(tmp_path, "a.webm", 120)
    found = probed(tmp_path, content[: len(content) * 2 // 3], "video/webm")[2]
    assert found == pytest.approx(8, abs=2)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_film_turned_by_a_projection_is_measured_as_it_is_shown(
    tmp_path: Path, turn: int
) -> None:
    shown = recordings.one_colour([recordings.RED] * 10)
    path = recordings.film(tmp_path / "a.mkv", shown, turned={"degrees": turn})
    found = metadata(tmp_path, path.read_bytes(), "video/matroska")
    assert found["streams"][0]["rotation"] == -turn % 360
    assert (found["width"], found["height"]) == ((160, 96) if turn == 180 else (96, 160))


def test_a_film_turned_by_its_movie_header_is_measured_as_it_is_shown(tmp_path: Path) -> None:
    content = film(rotation=90)
    matrix = content.index(b"mvhd") + 40
    one = 0x10000
    turned = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    content = content[:matrix] + turned + content[matrix + 36 :]
    with av.open(io.BytesIO(content), "r") as container:
        assert next(container.decode(video=0)).rotation == 0  # one undoes the other
    found = metadata(tmp_path, content, "video/mp4")
    assert (found["width"], found["height"]) == (64, 48)
    assert found["streams"][0]["rotation"] == 0


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
