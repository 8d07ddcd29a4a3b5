"""Animated previews of animations that are encoded here."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from processing import previews
from processing.previews import animated
from processing.task import Failure, ProcessingError
from tests.processing.picture_files import BLUE, GREEN, RED, colours, encoded, source

COLOURS = [RED, GREEN, BLUE]
TYPES = {"GIF": "image/gif", "WEBP": "image/webp", "PNG": "image/png"}


def animation(
    form: str, size: tuple[int, int] = (300, 200), count: int = 3, **options: Any
) -> bytes:
    frames = [Image.new("RGB", size, COLOURS[number % 3]) for number in range(count)]
    options = {"duration": 100, "save_all": True} | options
    return encoded(frames[0], form, append_images=frames[1:], **options)


def written(
    folder: Path, data: bytes, content_type: str, longest: int = 160
) -> tuple[dict[str, Any], Image.Image]:
    output = io.BytesIO()
    # What is asked for besides makes no difference: only WebP moves.
    spec = {"format": "animated", "longest": longest, "mime_type": "image/jpeg"}
    said = previews.run(source(folder, data, content_type), spec, output)
    return said, Image.open(output)


def durations(preview: Image.Image) -> list[int]:
    found = []
    for number in range(getattr(preview, "n_frames", 1)):
        preview.seek(number)
        preview.load()
        found.append(preview.info["duration"])
    return found


@pytest.mark.parametrize("form", TYPES)
def test_an_animation_stays_one(form: str, tmp_path: Path) -> None:
    data = animation(form, duration=[70, 200, 1500], loop=0)
    said, preview = written(tmp_path, data, TYPES[form])
    assert said == {"width": 160, "height": 107, "mime_type": "image/webp"}
    assert (preview.format, preview.size) == ("WEBP", (160, 107))
    assert durations(preview) == [70, 200, 1500]
    for number, colour in enumerate(COLOURS):
        preview.seek(number)
        assert colours(preview) == [colour] * 4


@pytest.mark.parametrize(
    ("form", "loop", "rounds"),
    [
        ("GIF", {}, 1),
        ("GIF", {"loop": 0}, 0),
        ("GIF", {"loop": 2}, 3),
        ("GIF", {"loop": 65535}, 65535),
        ("PNG", {"loop": 0}, 0),
        ("PNG", {"loop": 2}, 2),
        ("WEBP", {"loop": 0}, 0),
        ("WEBP", {"loop": 2}, 2),
    ],
)
def test_it_goes_round_as_often(
    form: str, loop: dict[str, Any], rounds: int, tmp_path: Path
) -> None:
    _, preview = written(tmp_path, animation(form, **loop), TYPES[form])
    assert preview.info["loop"] == rounds


@pytest.mark.parametrize("form", [*TYPES, "JPEG", "TIFF"])
def test_what_does_not_move_is_the_thumbnail_in_webp(form: str, tmp_path: Path) -> None:
    data = encoded(Image.new("RGB", (300, 200), RED), form)
    content_type = TYPES.get(form, f"image/{form.lower()}")
    said, preview = written(tmp_path, data, content_type)
    thumbnail = io.BytesIO()
    spec = {"format": "thumbnail", "longest": 160, "mime_type": "image/webp"}
    assert previews.run(source(tmp_path, data, content_type), spec, thumbnail) == said
    assert preview.tobytes() == Image.open(thumbnail).tobytes()


def test_what_is_no_picture_is_the_thumbnail_too(tmp_path: Path) -> None:
    said, preview = written(tmp_path, b"some words", "text/plain")
    assert (said["mime_type"], preview.format) == ("image/webp", "WEBP")


def test_a_small_animation_keeps_its_size(tmp_path: Path) -> None:
    said, preview = written(tmp_path, animation("GIF", (30, 20)), "image/gif", 480)
    assert (said["width"], said["height"], preview.n_frames) == (30, 20, 3)  # type: ignore[attr-defined]


def test_what_is_transparent_stays_so(tmp_path: Path) -> None:
    frames = []
    for left in (0, 150):
        frame = Image.new("RGBA", (300, 200))
        frame.paste((*RED, 255), (left, 0, left + 150, 200))
        frames.append(frame)
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2)
    _, preview = written(tmp_path, data, "image/gif")
    for number, expected in enumerate([(255, 0), (0, 255)]):
        preview.seek(number)
        alpha = preview.convert("RGBA").getchannel("A")
        assert (alpha.getpixel((40, 50)), alpha.getpixel((120, 50))) == expected


def test_a_turned_animation_is_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    said, preview = written(tmp_path, animation("WEBP", exif=exif.tobytes()), "image/webp")
    assert (said["width"], said["height"], preview.size) == (107, 160, (107, 160))
    assert dict(preview.getexif()) == {}


def test_a_long_animation_ends_after_two_hundred_frames(tmp_path: Path) -> None:
    _, preview = written(tmp_path, animation("GIF", (8, 8), 1000), "image/gif")
    assert preview.n_frames == 200  # type: ignore[attr-defined]


def test_of_large_frames_there_are_as_many_as_may_be_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(animated, "MAX_FRAME_PIXELS", 300 * 200 * 5)
    _, preview = written(tmp_path, animation("GIF", count=9), "image/gif")
    assert preview.n_frames == 5  # type: ignore[attr-defined]


def test_an_animation_of_many_frames_becomes_smaller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(animated, "_WRITTEN_PIXELS", 80 * 54 * 9)
    said, preview = written(tmp_path, animation("GIF", count=9), "image/gif")
    assert (said["width"], said["height"]) == preview.size
    assert preview.width == pytest.approx(80, abs=1)


def test_a_frame_that_goes_beyond_the_screen_is_cut(tmp_path: Path) -> None:
    data = bytearray(animation("GIF", (40, 30)))
    data[6:10] = bytes([30, 0, 20, 0])  # the logical screen (GIF89a, section 18)
    said, preview = written(tmp_path, bytes(data), "image/gif")
    assert preview.size == (said["width"], said["height"])
    assert preview.n_frames == 3  # type: ignore[attr-defined]


def test_an_animation_that_is_cut_off_fails(tmp_path: Path) -> None:
    frames = [Image.effect_noise((300, 200), 90) for _ in range(6)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(ProcessingError) as raised:
        written(tmp_path, data[: len(data) * 7 // 10], "image/gif")
    assert raised.value.failure is Failure.FAILED
