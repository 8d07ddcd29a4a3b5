"""Posters of films that are encoded here."""

import socket
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.stream import Disposition
from PIL import Image

from processing.previews import video
from processing.task import Failure, ProcessingError, Source
from tests.processing.recordings import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    RGB,
    film,
    one_colour,
    quarters,
    sound,
    source,
)

CODECS = {
    "h264.mp4": "libx264",
    "h264.mov": "libx264",
    "mpeg4.mp4": "mpeg4",
    "vp8.webm": "libvpx",
    "vp9.webm": "libvpx-vp9",
    "av1.mp4": "libsvtav1",
    "h264.mkv": "libx264",
}


def colour(picture: Image.Image, at: tuple[float, float] = (0.5, 0.5)) -> RGB:
    """Return which of the colours of the tests is at a place given in shares of the sides."""
    pixel: Any = picture.getpixel((int(picture.width * at[0]), int(picture.height * at[1])))
    near = (RED, GREEN, BLUE, BLACK)
    return min(near, key=lambda c: sum(abs(a - b) for a, b in zip(c, pixel, strict=True)))


def failure(wanted: Source) -> Failure:
    with pytest.raises(ProcessingError) as raised:
        video.render(wanted, 480)
    return raised.value.failure


@pytest.mark.parametrize("name", CODECS)
def test_the_poster_of_every_kind_of_film_is_its_picture_at_a_tenth(
    name: str, tmp_path: Path
) -> None:
    pictures = one_colour([RED] * 4 + [GREEN] * 4 + [BLUE] * 32)
    path = film(tmp_path / name, pictures, codec=CODECS[name], group=40)
    poster = video.render(source(path, "video/mp4"), 480)
    assert (poster.size, poster.mode) == ((160, 96), "RGB")
    assert colour(poster) == GREEN


def test_a_moment_far_from_its_key_frame_is_not_decoded_up_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "a.mp4", one_colour([RED] * 4 + [GREEN] * 76), group=80)
    monkeypatch.setattr(video, "_AHEAD_PIXELS", 160 * 96 * 7)
    assert colour(video.render(source(path, "video/mp4"), 160)) == RED
    monkeypatch.setattr(video, "_AHEAD_PIXELS", 160 * 96 * 8)
    assert colour(video.render(source(path, "video/mp4"), 160)) == GREEN


@pytest.mark.parametrize(("longest", "size"), [(160, (160, 90)), (480, (320, 180))])
def test_a_poster_fits_and_is_never_enlarged(
    longest: int, size: tuple[int, int], tmp_path: Path
) -> None:
    path = film(tmp_path / "a.mp4", one_colour([RED] * 10, (320, 180)))
    assert video.render(source(path, "video/mp4"), longest).size == size


def test_a_black_beginning_is_passed_over(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", one_colour([BLACK] * 8 + [GREEN] * 22))
    assert colour(video.render(source(path, "video/mp4"), 160)) == GREEN


def test_a_black_picture_with_a_bright_spot_is_passed_over(tmp_path: Path) -> None:
    dark = Image.new("RGB", (160, 96))
    dark.paste((255, 255, 255), (0, 0, 12, 12))
    path = film(tmp_path / "a.mp4", [dark] * 8 + one_colour([GREEN] * 22))
    assert colour(video.render(source(path, "video/mp4"), 160)) == GREEN


def test_a_black_beginning_is_passed_over_where_the_duration_is_unknown(tmp_path: Path) -> None:
    pictures = one_colour([BLACK] * 8 + [GREEN] * 22)
    path = film(tmp_path / "a.webm", pictures, codec="libvpx", options={"live": "1"})
    with av.open(str(path)) as container:
        assert container.duration is None
    assert colour(video.render(source(path, "video/webm"), 160)) == GREEN


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "libx264"), ("b.ts", "mpeg2video")])
def test_a_stream_with_one_key_frame_has_a_poster(name: str, codec: str, tmp_path: Path) -> None:
    pictures = one_colour([RED] * 8 + [GREEN] * 12 + [BLUE] * 60)
    path = film(tmp_path / name, pictures, codec=codec, rate=25, group=1000)
    assert colour(video.render(source(path, "video/mp2t"), 160)) == GREEN


INTERLACED = 1 << 29 | 1 << 18  # AV_CODEC_FLAG_INTERLACED_ME and _DCT


def test_interlaced_video_is_deinterlaced(tmp_path: Path) -> None:
    # An edge that is 20 pixels further to the right in every other line: one field later.
    picture = Image.new("RGB", (160, 96), "white")
    for y in range(96):
        picture.paste("black", (70 + y % 2 * 20, y, 160, y + 1))
    path = film(tmp_path / "a.mpg", [picture] * 20, codec="mpeg2video", rate=25, flags=INTERLACED)
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    poster = video.render(source(path, "video/mpeg"), 160).convert("L")
    column = [poster.getpixel((80, y)) for y in range(30, 60)]
    assert max(column) - min(column) < 40  # type: ignore[type-var, operator] # one band


def test_the_default_track_of_several_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        streams: list[Any] = [container.add_stream("mpeg4", rate=10) for _ in range(2)]
        for stream, disposition in zip(streams, (Disposition(0), Disposition.default), strict=True):
            stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
            stream.disposition = disposition
        for stream, picture in zip(streams, one_colour([RED, GREEN]), strict=True):
            for _ in range(10):
                frame: Any = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    assert colour(video.render(source(path, "video/matroska"), 160)) == GREEN


def test_a_film_that_is_black_all_through_has_a_black_poster(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", one_colour([BLACK] * 20))
    assert colour(video.render(source(path, "video/mp4"), 160)) == BLACK


@pytest.mark.parametrize(
    ("turned", "size", "red", "green"),
    [
        ({"degrees": 0}, (160, 96), (0.2, 0.2), (0.8, 0.2)),
        ({"degrees": -90}, (96, 160), (0.8, 0.2), (0.8, 0.8)),
        ({"degrees": 90}, (96, 160), (0.2, 0.8), (0.2, 0.2)),
        ({"degrees": 180}, (160, 96), (0.8, 0.8), (0.2, 0.8)),
        ({"degrees": 0, "hflip": True}, (160, 96), (0.8, 0.2), (0.2, 0.2)),
        ({"degrees": 0, "vflip": True}, (160, 96), (0.2, 0.8), (0.8, 0.8)),
        ({"degrees": 90, "hflip": True}, (96, 160), (0.8, 0.8), (0.8, 0.2)),
        ({"degrees": -90, "hflip": True}, (96, 160), (0.2, 0.2), (0.2, 0.8)),
    ],
)
def test_a_poster_is_turned_as_the_film_is_to_be_shown(
    turned: dict[str, Any],
    size: tuple[int, int],
    red: tuple[float, float],
    green: tuple[float, float],
    tmp_path: Path,
) -> None:
    path = film(tmp_path / "a.mp4", [quarters(160, 96)] * 10, turned=turned)
    poster = video.render(source(path, "video/mp4"), 480)
    assert poster.size == size
    assert (colour(poster, red), colour(poster, green)) == (RED, GREEN)


@pytest.mark.parametrize(("aspect", "size"), [(Fraction(2), (320, 96)), (Fraction(1, 2), (80, 96))])
def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(
    aspect: Fraction, size: tuple[int, int], tmp_path: Path
) -> None:
    path = film(tmp_path / "a.mp4", one_colour([RED] * 10), aspect=aspect)
    assert video.render(source(path, "video/mp4"), 480).size == size


def test_a_film_without_a_duration_shows_its_first_picture(tmp_path: Path) -> None:
    path = film(tmp_path / "a.ivf", one_colour([RED] * 10 + [GREEN] * 10), codec="libvpx")
    data = path.read_bytes()
    path.write_bytes(data[:24] + bytes(4) + data[28:])
    assert colour(video.render(source(path, "video/x-ivf"), 160)) == RED


def test_a_container_with_sound_alone_gets_a_waveform(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.mp4", 2, lambda _: 0.5, codec="aac")
    assert video.render(source(path, "video/mp4"), 480).size == (480, 240)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_film_cut_off_gives_a_poster_or_says_that_it_is_broken(
    name: str, percent: int, tmp_path: Path
) -> None:
    path = film(tmp_path / name, [quarters(320, 180)] * 30, codec=CODECS[name])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * percent // 100])
    try:
        assert video.render(source(path, "video/mp4"), 160).size == (160, 90)
    except ProcessingError as error:
        assert error.failure is Failure.FAILED


def test_what_is_left_of_a_streamable_film_still_has_a_poster(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", [quarters(320, 180)] * 30, codec="libx264")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert colour(video.render(source(path, "video/webm"), 160), (0.2, 0.2)) == RED


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"\x1aE\xdf\xa3 no film", b"ftypmp42" * 50])
def test_what_is_no_film_is_broken(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    assert failure(source(tmp_path / "a.mp4", "video/mp4")) is Failure.FAILED


def test_a_film_that_claims_too_many_pixels_is_not_decoded(tmp_path: Path) -> None:
    path = film(tmp_path / "a.ivf", one_colour([RED] * 10), codec="libvpx")
    data = path.read_bytes()
    data = data[:12] + b"\xff\xff" * 2 + data[16:]
    start = b"\x9d\x01\x2a"  # of a key frame (RFC 6386, section 9.1); width and height follow
    path.write_bytes(data.replace(start + b"\xa0\x00\x60\x00", start + b"\xff\x3f\xff\x3f"))
    assert failure(source(path, "video/x-ivf")) is Failure.TOO_LARGE


def test_a_film_with_more_pixels_than_it_claims_is_not_decoded(tmp_path: Path) -> None:
    path = film(tmp_path / "a.ivf", one_colour([RED], (8192, 5120)), codec="libvpx")
    data = path.read_bytes()
    path.write_bytes(data[:12] + b"\xa0\x00\x60\x00" + data[16:])
    assert failure(source(path, "video/x-ivf")) in {Failure.TOO_LARGE, Failure.FAILED}


def test_a_font_attached_to_a_film_is_left_alone(tmp_path: Path) -> None:
    font = ("a.ttf", "font/ttf", bytes(1000))
    path = film(tmp_path / "a.mkv", one_colour([GREEN] * 10), codec="libx264", attachment=font)
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video", "attachment"]
    assert colour(video.render(source(path, "video/x-matroska"), 160)) == GREEN


def test_a_script_that_names_another_file_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film(tmp_path / "secret.ts", one_colour([RED] * 20))
    scripts = (
        "ffconcat version 1.0\nfile secret.ts\n",
        f"ffconcat version 1.0\nfile {tmp_path}/secret.ts\n",
        f"#EXTM3U\n#EXTINF:9,\nfile://{tmp_path}/secret.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.ts\n#EXT-X-ENDLIST\n",
    )
    for script in scripts:
        (tmp_path / "a.m3u8").write_text(script)
        assert failure(source(tmp_path / "a.m3u8", "video/mp4")) is Failure.FAILED


def test_a_script_that_names_an_address_connects_nowhere(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        scripts = (
            f"ffconcat version 1.0\nfile http://127.0.0.1:{port}/a.ts\n",
            f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:{port}/a.ts\n",
            f"v=0\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/9\n",
        )
        for script in scripts:
            (tmp_path / "a.m3u8").write_text(script)
            assert failure(source(tmp_path / "a.m3u8", "video/mp4")) is Failure.FAILED
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
