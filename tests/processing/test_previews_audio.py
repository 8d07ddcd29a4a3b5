"""Cover art and waveforms of sounds that are encoded here."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from processing.previews import audio
from processing.task import Failure, ProcessingError, Source
from tests.processing.recordings import BLUE, RED, RGB, id3, jpeg, sound, source

CODECS = {
    "a.mp3": "libmp3lame",
    "a.m4a": "aac",
    "a.flac": "flac",
    "a.ogg": "libopus",
    "a.webm": "libopus",
    "a.wav": "pcm_s16le",
    "f.wav": "pcm_f32le",
    "u.wav": "pcm_u8",
    "i.wav": "pcm_s32le",
    "d.wav": "pcm_f64le",
    "a.aiff": "pcm_s16be",
    "a.aac": "aac",
}
COVERED = ("a.mp3", "a.m4a", "a.flac", "a.ogg")


def rate_of(name: str) -> int:
    return 48_000 if CODECS[name] == "libopus" else 16_000


def bars(picture: Image.Image) -> list[int]:
    """Return the heights in pixels of all bars, from left to right."""
    ink = picture.convert("L").point(lambda value: 255 if value < 190 else 0)
    columns = [ink.crop((x, 0, x + 1, ink.height)).histogram()[255] for x in range(ink.width)]
    heights, tallest = [], 0
    for column in [*columns, 0]:
        if column:
            tallest = max(tallest, column)
        elif tallest:
            heights.append(tallest)
            tallest = 0
    return heights


def wav(samples: bytes, *, kind: int, bits: int, channels: int = 1, rate: int = 8000) -> bytes:
    width = bits // 8 * channels
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * width & 0xFFFFFFFF, width, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", len(chunks) + len(samples) + 4) + b"WAVE" + chunks + samples


def failure(wanted: Source) -> Failure:
    with pytest.raises(ProcessingError) as raised:
        audio.render(wanted, 480)
    return raised.value.failure


@pytest.mark.parametrize("name", CODECS)
def test_the_waveform_of_every_kind_of_sound_is_as_high_as_it_is_loud(
    name: str, tmp_path: Path
) -> None:
    path = sound(
        tmp_path / name,
        3,
        lambda second: 0.2 if second < 1.5 else 0.8,
        codec=CODECS[name],
        rate=rate_of(name),
    )
    waveform = audio.render(source(path, "audio/mpeg"), 480)
    assert (waveform.size, waveform.mode) == ((480, 240), "RGB")
    heights = bars(waveform)
    assert len(heights) == 60
    assert max(heights) == pytest.approx(192, abs=8)
    quiet, loud = heights[5:25], heights[35:55]
    assert max(quiet) < 0.45 * min(loud)


@pytest.mark.parametrize(("longest", "count"), [(160, 32), (480, 60), (1200, 60)])
def test_every_size_has_bars_that_can_be_told_apart(
    longest: int, count: int, tmp_path: Path
) -> None:
    path = sound(tmp_path / "a.mp3", 3, lambda _: 0.5)
    waveform = audio.render(source(path, "audio/mpeg"), longest)
    assert waveform.size == (longest, longest // 2)
    assert len(bars(waveform)) == count


def test_silence_is_a_row_of_dots(tmp_path: Path) -> None:
    path = sound(tmp_path / "a.wav", 3, lambda _: 0, codec="pcm_s16le")
    assert set(bars(audio.render(source(path, "audio/wav"), 1200))) == {12}


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.mka", "flac")])
def test_a_long_recording_is_looked_at_in_places_all_over(
    name: str, codec: str, tmp_path: Path
) -> None:
    def level(second: float) -> float:
        return 0.9 if 150 < second < 200 else 0.2

    path = sound(tmp_path / name, 300, level, codec=codec, rate=8000)
    heights = bars(audio.render(source(path, "audio/mpeg"), 480))
    assert max(heights[:28]) < 0.5 * min(heights[32:38])
    assert max(heights[42:]) < 0.5 * min(heights[32:38])


def test_a_recording_that_claims_to_be_longer_than_it_is_shows_what_there_is(
    tmp_path: Path,
) -> None:
    path = sound(tmp_path / "a.mka", 3, lambda _: 0.5, codec="pcm_s16le")
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88") + 3  # the Duration of Matroska, a double in milliseconds
    path.write_bytes(data[:at] + struct.pack(">d", 7.2e6) + data[at + 8 :])
    heights = bars(audio.render(source(path, "audio/x-matroska"), 480))
    assert min(heights[2:-2]) > 150


@pytest.mark.parametrize("name", COVERED)
def test_cover_art_comes_before_a_waveform(name: str, tmp_path: Path) -> None:
    path = sound(
        tmp_path / name,
        1,
        lambda _: 0.5,
        codec=CODECS[name],
        rate=rate_of(name),
        cover=jpeg((600, 400)),
        container_format="mp4" if name == "a.m4a" else None,  # PyAV knows no covers in "ipod"
    )
    cover = audio.render(source(path, "audio/mpeg"), 480)
    assert cover.size == (480, 320)
    middle = cover.getpixel((240, 160))
    assert isinstance(middle, tuple)
    assert all(abs(a - b) < 8 for a, b in zip(middle, RED, strict=True))


BACK, FRONT, ARTIST, OTHER = 4, 3, 8, 0  # types of picture: ID3v2.4 frames, section 4.14


def apic(kind: int, shade: RGB) -> tuple[bytes, bytes]:
    return b"APIC", b"\0image/jpeg\0" + bytes([kind, 0]) + jpeg((64, 64), shade)


def flac_picture(kind: int, shade: RGB) -> bytes:
    """Return a picture block of FLAC (RFC 9639, section 8.8)."""
    data = jpeg((64, 64), shade)
    block = struct.pack(">II", kind, 10) + b"image/jpeg" + bytes(20) + struct.pack(">I", len(data))
    return b"\x06" + len(block + data).to_bytes(3) + block + data


@pytest.mark.parametrize(
    "kinds", [(BACK, FRONT), (ARTIST, BACK, FRONT), (BACK, OTHER), (FRONT, BACK), (OTHER, FRONT)]
)
def test_of_several_covers_the_front_one_is_shown(kinds: tuple[int, ...], tmp_path: Path) -> None:
    wanted = FRONT if FRONT in kinds else OTHER
    shades = [RED if kind == wanted else BLUE for kind in kinds]
    song = sound(tmp_path / "a.mp3", 1, lambda _: 0.5, options={"id3v2_version": "0"})
    song.write_bytes(id3(*map(apic, kinds, shades)) + song.read_bytes())
    flac = sound(tmp_path / "a.flac", 1, lambda _: 0.5, codec="flac")
    data = flac.read_bytes()
    flac.write_bytes(data[:42] + b"".join(map(flac_picture, kinds, shades)) + data[42:])
    for path in (song, flac):
        cover = audio.render(source(path, "audio/mpeg"), 480)
        assert cover.size == (64, 64)
        assert cover.getpixel((32, 32)) == pytest.approx(RED, abs=8)


def test_cover_art_is_never_enlarged_and_stands_upright(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (64, 32)).save(buffer, "JPEG", exif=exif)
    path = sound(tmp_path / "a.mp3", 1, lambda _: 0.5, cover=buffer.getvalue())
    assert audio.render(source(path, "audio/mpeg"), 480).size == (32, 64)


def test_cover_art_that_is_broken_or_too_large_gives_way_to_the_waveform(tmp_path: Path) -> None:
    whole = jpeg((64, 64))
    path = sound(tmp_path / "a.mp3", 1, lambda _: 0.5, cover=whole)
    data = path.read_bytes()
    start = data.index(whole)
    size = data.index(b"\xff\xc0", start) + 5  # of the frame header: height and width
    for broken in (
        data[: start + 100] + bytes(len(whole) - 100) + data[start + len(whole) :],
        data[:size] + b"\xff\xff\xff\xff" + data[size + 4 :],
    ):
        path.write_bytes(broken)
        assert audio.render(source(path, "audio/mpeg"), 480).size == (480, 240)


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_recording_cut_off_gives_a_waveform_or_says_that_it_is_broken(
    name: str, percent: int, tmp_path: Path
) -> None:
    path = sound(tmp_path / name, 3, lambda _: 0.5, codec=CODECS[name], rate=rate_of(name))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * percent // 100])
    try:
        assert audio.render(source(path, "audio/mpeg"), 160).size == (160, 80)
    except ProcessingError as error:
        assert error.failure is Failure.FAILED


@pytest.mark.parametrize("data", [b"", bytes(100), b"ID3" + bytes(500), b"OggS" * 40, b"fLaC"])
def test_what_is_no_recording_is_broken(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(data)
    assert failure(source(tmp_path / "a.mp3", "audio/mpeg")) is Failure.FAILED


def test_a_recording_of_no_samples_is_broken(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(b"", kind=1, bits=16))
    assert failure(source(tmp_path / "a.wav", "audio/wav")) is Failure.FAILED


@pytest.mark.parametrize(
    "samples",
    [
        [float("nan")] * 16_000,
        [float("inf"), float("-inf")] * 8000,
        [1e38, float("nan"), -1e38, 0.0] * 4000,
    ],
)
def test_samples_that_are_no_numbers_are_drawn_somehow(
    samples: list[float], tmp_path: Path
) -> None:
    data = wav(struct.pack(f"<{len(samples)}f", *samples), kind=3, bits=32)
    (tmp_path / "a.wav").write_bytes(data)
    assert audio.render(source(tmp_path / "a.wav", "audio/wav"), 480).size == (480, 240)


@pytest.mark.parametrize(("channels", "rate"), [(1, 1), (1, 2**31 - 1), (63, 8000), (7, 8000)])
def test_odd_rates_and_channels_are_drawn(channels: int, rate: int, tmp_path: Path) -> None:
    data = wav(b"\x10\x20" * channels * 4000, kind=1, bits=16, channels=channels, rate=rate)
    (tmp_path / "a.wav").write_bytes(data)
    assert audio.render(source(tmp_path / "a.wav", "audio/wav"), 480).size == (480, 240)


def test_a_channel_that_is_alone_in_sounding_is_seen(tmp_path: Path) -> None:
    one_sided = struct.pack("<hh", 0, 20_000) * 16_000
    (tmp_path / "a.wav").write_bytes(wav(one_sided, kind=1, bits=16, channels=2))
    assert min(bars(audio.render(source(tmp_path / "a.wav", "audio/wav"), 480))) > 150
