"""Images of uncommon kinds: previews and sizes are those of the image that viewers show."""

import io
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import rawpy
from PIL import Image

from processing import raws
from processing.analyses import header
from processing.identification.sample import Sample
from processing.identify import identify_sample
from processing.previews import animated, raster
from processing.task import Failure, ProcessingError
from tests.processing.analyses_samples import metadata
from tests.processing.picture_files import encoded, quarters, source

RED, GREY = (255, 51, 26), (128, 128, 128)
WIDTH, HEIGHT = 60, 40
SHARES = ((1.0, 0.2, 0.1), (0.5, 0.5, 0.5))
"""The colours of the left and of the right half, as shares of white."""


def tiff(
    tags: dict[int, Any], strips: list[bytes], order: str = "<", *, big: bool = False
) -> bytes:
    """Return a TIFF of ``strips``: tags are SHORTs, or a type and its values."""
    entries: dict[int, tuple[int, list[Any]]] = {
        256: (4, [WIDTH]),
        257: (4, [HEIGHT]),
        259: (3, [1]),
        278: (4, [HEIGHT]),
        279: (4, [len(strip) for strip in strips]),
    }
    for tag, value in tags.items():
        entries[tag] = value if isinstance(value, tuple) else (3, value)
    head_size, count_form, entry_size, room = (16, "Q", 20, 8) if big else (8, "H", 12, 4)
    offsets, at = [], head_size
    for strip in strips:
        offsets.append(at)
        at += len(strip)
    entries[273] = (4, offsets)
    forms = {3: "H", 4: "I", 5: "II"}
    start = at
    extra_at = start + struct.calcsize(count_form) + entry_size * len(entries) + room
    listed, extra = b"", b""
    for tag, (kind, values) in sorted(entries.items()):
        form = forms[kind]
        flat = [part for value in values for part in (value if kind == 5 else (value,))]
        data = struct.pack(f"{order}{len(values) * len(form)}{form[0]}", *flat)
        listed += struct.pack(f"{order}HH{'Q' if big else 'I'}", tag, kind, len(values))
        if len(data) > room:
            listed += struct.pack(order + ("Q" if big else "I"), extra_at + len(extra))
            extra += data
        else:
            listed += data.ljust(room, b"\0")
    mark = b"II" if order == "<" else b"MM"
    fixed = (
        struct.pack(order + "HHHQ", 43, 8, 0, start)
        if big
        else struct.pack(order + "HI", 42, start)
    )
    count = struct.pack(order + count_form, len(entries))
    return mark + fixed + b"".join(strips) + count + listed + bytes(room) + extra


def samples(form: str, white: float, order: str = "<", extra: tuple[float, ...] = ()) -> bytes:
    """Return the pixels of the two halves, channel by channel of each pixel."""
    kind = float if form in "efd" else round
    row = [
        kind(share * white)
        for half in SHARES
        for _ in range(WIDTH // 2)
        for share in (*half, *extra)
    ]
    return struct.pack(f"{order}{len(row)}{form}", *row) * HEIGHT


def plane(form: str, white: float, channel: int) -> bytes:
    row = [round(half[channel] * white) for half in SHARES for _ in range(WIDTH // 2)]
    return struct.pack(f"<{WIDTH}{form}", *row) * HEIGHT


def packed(bits: int, shares: tuple[tuple[float, ...], ...] = SHARES) -> bytes:
    values = [
        round(share * (2**bits - 1)) for half in shares for _ in range(WIDTH // 2) for share in half
    ]
    text = "".join(f"{value:0{bits}b}" for value in values)
    text = text.ljust(-(-len(text) // 8) * 8, "0")
    return int(text, 2).to_bytes(len(text) // 8) * HEIGHT


def rgb(bits: int, number_format: int = 1) -> dict[int, Any]:
    return {258: [bits] * 3, 262: [2], 277: [3], 339: [number_format] * 3}


TIFFS = {
    "planar 8-bit": tiff(rgb(8) | {284: [2]}, [plane("B", 255, at) for at in range(3)]),
    "planar 16-bit": tiff(rgb(16) | {284: [2]}, [plane("H", 65535, at) for at in range(3)]),
    "16-bit": tiff(rgb(16), [samples("H", 65535)]),
    "big-endian 16-bit": tiff(rgb(16), [samples("H", 65535, ">")], ">"),
    "32-bit integers": tiff(rgb(32), [samples("I", 2**32 - 1)]),
    "half floats": tiff(rgb(16, 3), [samples("e", 1)]),
    "floats": tiff(rgb(32, 3), [samples("f", 1)]),
    "doubles": tiff(rgb(64, 3), [samples("d", 1)]),
    "big-endian doubles": tiff(rgb(64, 3), [samples("d", 1, ">")], ">"),
    "10-bit": tiff(rgb(10), [packed(10)]),
    "12-bit": tiff(rgb(12), [packed(12)]),
    "14-bit": tiff(rgb(14), [packed(14)]),
    "five channels": tiff(
        rgb(8) | {258: [8] * 5, 277: [5], 338: [0, 0]}, [samples("B", 255, extra=(0.3, 0.7))]
    ),
    "BigTIFF": tiff(rgb(8), [samples("B", 255)], big=True),
    "big-endian BigTIFF": tiff(rgb(16), [samples("H", 65535, ">")], ">", big=True),
}


def halves(picture: Image.Image) -> list[Any]:
    shown = picture.convert("RGB")
    return [shown.getpixel((shown.width * at // 4, shown.height // 2)) for at in (1, 3)]


def is_near(found: list[Any], wanted: list[tuple[int, ...]], most: int = 4) -> bool:
    pairs = zip(found, wanted, strict=True)
    return all(abs(a - b) <= most for one, other in pairs for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", TIFFS)
def test_tiffs_of_every_sample_format_show_their_colours(name: str, tmp_path: Path) -> None:
    given = source(tmp_path, TIFFS[name], "image/tiff")
    preview = raster.render(given, 160)
    assert preview.size == header.size(given) == (WIDTH, HEIGHT)
    assert is_near(halves(preview), [RED, GREY])


@pytest.mark.parametrize("name", ["floats", "planar 16-bit", "five channels", "12-bit"])
def test_a_tiff_of_uncommon_samples_is_analysed_and_not_called_damaged(
    name: str, tmp_path: Path
) -> None:
    found = metadata(tmp_path, TIFFS[name], "image/tiff")
    assert (found["format"], found["color_mode"], found["frames"]) == ("TIFF", "rgb", 1)
    assert "damaged" not in found
    assert len(found["dominant_colors"]) == 2


def test_white_is_zero_where_the_tiff_says_so(tmp_path: Path) -> None:
    row = struct.pack(f"<{WIDTH}H", *([65535] * (WIDTH // 2) + [0] * (WIDTH // 2)))
    data = tiff({258: [16], 262: [0], 277: [1]}, [row * HEIGHT])
    preview = raster.render(source(tmp_path, data, "image/tiff"), 160)
    assert halves(preview) == [(0, 0, 0), (255, 255, 255)]


def test_grey_of_twelve_bits_is_shown_from_its_darkest_to_its_brightest_value(
    tmp_path: Path,
) -> None:
    data = tiff({258: [12], 262: [1], 277: [1]}, [packed(12, ((0.1,), (0.6,)))])
    preview = raster.render(source(tmp_path, data, "image/tiff"), 160)
    assert halves(preview) == [(0, 0, 0), (255, 255, 255)]


def test_a_fax_has_square_pixels_when_it_is_shown(tmp_path: Path) -> None:
    resolution = {282: (5, [(204, 1)]), 283: (5, [(98, 1)]), 296: [2]}
    data = tiff({258: [8], 262: [1], 277: [1]} | resolution, [bytes(WIDTH * HEIGHT)])
    given = source(tmp_path, data, "image/tiff")
    assert header.size(given) == raster.render(given, 160).size == (WIDTH, 83)


def test_a_tiff_of_an_unknown_compression_is_unsupported_and_not_broken(tmp_path: Path) -> None:
    data = tiff(rgb(8) | {259: [34887]}, [samples("B", 255)])
    with pytest.raises(ProcessingError) as refused:
        raster.render(source(tmp_path, data, "image/tiff"), 160)
    assert refused.value.failure is Failure.UNSUPPORTED


@pytest.mark.parametrize("bits", [8, 12, 16, 64])
def test_a_tiff_of_too_many_pixels_is_refused_by_its_header(bits: int, tmp_path: Path) -> None:
    number_format = 3 if bits == 64 else 1
    huge = {256: (4, [100_000]), 257: (4, [100_000])}
    data = tiff(rgb(bits, number_format) | huge, [bytes(100)])
    with pytest.raises(ProcessingError) as refused:
        raster.render(source(tmp_path, data, "image/tiff"), 160)
    assert refused.value.failure is Failure.TOO_LARGE


@pytest.mark.parametrize("name", ["planar 16-bit", "floats", "12-bit", "doubles"])
def test_a_tiff_that_is_cut_off_fails(name: str, tmp_path: Path) -> None:
    cut = TIFFS[name].replace(TIFFS[name][16:-400], b"", 1)
    with pytest.raises(ProcessingError):
        raster.render(source(tmp_path, cut, "image/tiff"), 160)


def bitmap(depth: int, masks: tuple[int, ...], size: int = 124) -> bytes:
    width, pixels = WIDTH + 1, b""
    for half, count in zip(SHARES, (WIDTH // 2, WIDTH // 2 + 1), strict=True):
        value = 0
        for mask, share in zip(masks, (*half, 1.0), strict=False):
            value |= round(share * (mask // (mask & -mask))) * (mask & -mask)
        pixels += value.to_bytes(depth // 8, "little") * count
    row = pixels + bytes(-len(pixels) % 4)
    head = struct.pack("<IiiHHII", size, width, HEIGHT, 1, depth, 3, len(row) * HEIGHT) + bytes(16)
    told = head + struct.pack(f"<{len(masks)}I", *masks)
    told = told.ljust(size, b"\0") if size > 40 else told
    offset = 14 + len(told)
    return (
        b"BM" + struct.pack("<IHHI", offset + len(row) * HEIGHT, 0, 0, offset) + told + row * HEIGHT
    )


@pytest.mark.parametrize(
    ("depth", "masks", "size", "most"),
    [
        (16, (0xF00, 0xF0, 0xF), 40, 10),
        (16, (0x1F, 0x3E0, 0x7C00), 124, 6),
        (32, (0x3FF00000, 0xFFC00, 0x3FF), 124, 3),
        (32, (0x3FF, 0xFFC00, 0x3FF00000, 0xC0000000), 124, 3),
        (32, (0xFFE00000, 0x1FFC00, 0x3FF), 56, 3),
    ],
)
def test_bitmaps_of_any_bit_fields_show_their_colours(
    depth: int, masks: tuple[int, ...], size: int, most: int, tmp_path: Path
) -> None:
    given = source(tmp_path, bitmap(depth, masks, size), "image/bmp")
    preview = raster.render(given, 160)
    assert preview.size == header.size(given) == (WIDTH + 1, HEIGHT)
    assert is_near(halves(preview), [RED, GREY], most)
    assert metadata(tmp_path, bitmap(depth, masks, size), "image/bmp")["format"] == "BMP"


def test_a_bitmap_of_bit_fields_that_is_cut_off_fails(tmp_path: Path) -> None:
    data = bitmap(32, (0x3FF00000, 0xFFC00, 0x3FF))
    with pytest.raises(ProcessingError) as refused:
        raster.render(source(tmp_path, data[:-500], "image/bmp"), 160)
    assert refused.value.failure is Failure.FAILED


PLAIN = Image.new("RGB", (WIDTH, HEIGHT), GREY)
PLAIN.paste(RED, (0, 0, WIDTH // 2, HEIGHT))
OTHERS = {
    "image/x-tga": "TGA",
    "image/vnd.zbrush.pcx": "PCX",
    "image/x-portable-pixmap": "PPM",
    "image/vnd.microsoft.icon": "ICO",
    "image/jp2": "JPEG2000",
    "image/qoi": "QOI",
    "image/jxl": "JXL",
}


@pytest.mark.parametrize("content_type", OTHERS)
def test_further_formats_have_previews_sizes_and_analyses(
    content_type: str, tmp_path: Path
) -> None:
    import pillow_jxl  # noqa: F401, PLC0415 - its encoder

    options = {"sizes": [(WIDTH, HEIGHT)]} if OTHERS[content_type] == "ICO" else {}
    data = encoded(PLAIN, OTHERS[content_type], **options)
    given = source(tmp_path, data, content_type)
    assert is_near(halves(raster.render(given, 160)), [RED, GREY])
    assert header.size(given) == (WIDTH, HEIGHT)
    assert "damaged" not in metadata(tmp_path, data, content_type)


def test_a_qoi_that_takes_too_long_is_refused_by_its_header(tmp_path: Path) -> None:
    data = b"qoif" + struct.pack(">IIBB", 3_000, 3_000, 3, 0) + bytes(100)
    with pytest.raises(ProcessingError) as refused:
        raster.render(source(tmp_path, data, "image/qoi"), 160)
    assert refused.value.failure is Failure.TOO_LARGE


def test_a_binary_graymap_is_no_text_even_if_its_pixels_are_letters() -> None:
    data = b"P5\n20 10\n255\n" + b"letters of " * 18 + b"it"
    assert identify_sample(Sample(data, "", "", b"", len(data))) == "image/x-portable-graymap"


def test_a_jpeg_with_a_second_image_is_one_still(tmp_path: Path) -> None:
    data = io.BytesIO()
    quarters().save(data, "MPO", save_all=True, append_images=[Image.new("RGB", (320, 200))])
    found = metadata(tmp_path, data.getvalue(), "image/jpeg")
    assert (found["format"], found["frames"], found["animated"]) == ("JPEG", 1, False)
    given = source(tmp_path, data.getvalue(), "image/jpeg")
    assert animated.write(given, 160, io.BytesIO()) is None


def test_a_hidden_default_image_is_no_frame_of_an_animated_png(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("red", "lime")]
    hidden = Image.new("RGB", (50, 50), "blue")
    data = encoded(hidden, "PNG", save_all=True, default_image=True, append_images=frames)
    given = source(tmp_path, data, "image/apng")
    assert raster.render(given, 50).getpixel((25, 25)) == (255, 0, 0)
    found = metadata(tmp_path, data, "image/apng")
    assert (found["frames"], found["dominant_colors"]) == (2, ["#ff0000"])
    moving = io.BytesIO()
    animated.write(given, 50, moving)
    with Image.open(moving) as preview:
        assert preview.n_frames == 2  # type: ignore[attr-defined]


def test_a_heic_without_exif_is_not_damaged(tmp_path: Path) -> None:
    found = metadata(tmp_path, encoded(quarters(), "HEIF"), "image/heic")
    assert "damaged" not in found
    assert "exif" not in found


def test_the_embedded_video_of_a_motion_photo_is_named(tmp_path: Path) -> None:
    video = b"\0\0\0\x18ftypmp42" + bytes(100)
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
        b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:GCamera='
        b'"http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" '
        b'GCamera:MicroVideoOffset="%d"/></rdf:RDF></x:xmpmeta>' % len(video)
    )
    photo = encoded(quarters(), "JPEG", xmp=packet)
    found = metadata(tmp_path, photo + video, "image/jpeg")
    assert found["embedded_video"] == {
        "offset": len(photo),
        "size": len(video),
        "content_type": "video/mp4",
    }
    assert "embedded_video" not in metadata(tmp_path, photo, "image/jpeg")


def raw_photo(thumbnail: bytes, orientation: int = 1) -> bytes:
    """Return a DNG of 60 x 40 pixels behind a thumbnail of 6 x 4."""
    main = {254: (4, [1]), 256: (4, [6]), 257: (4, [4]), 258: [8] * 3, 262: [2], 277: [3]}
    main |= {274: [orientation], 278: (4, [4]), 50706: (4, [0x00000401]), 330: (4, [0])}
    whole = tiff(main, [thumbnail])
    sensor = bytes([200, 120] * (WIDTH // 2) + [120, 60] * (WIDTH // 2)) * (HEIGHT // 2)
    sub = tiff({254: (4, [0]), 258: [8], 262: [32803], 277: [1], 33421: [2, 2]}, [sensor])
    base = len(whole)
    # The directory of the second file, its offsets moved behind the first.
    start = struct.unpack("<I", sub[4:8])[0]
    moved = bytearray(sub)
    count = struct.unpack_from("<H", sub, start)[0]
    for at in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", sub, at)[0] == 273:
            struct.pack_into("<I", moved, at + 8, struct.unpack_from("<I", sub, at + 8)[0] + base)
    place = struct.pack("<HHII", 330, 4, 1, base + start)
    return whole.replace(struct.pack("<HHII", 330, 4, 1, 0), place) + bytes(moved)


@pytest.mark.parametrize(("orientation", "size"), [(1, (60, 40)), (6, (40, 60))])
def test_a_raw_photo_is_as_large_as_itself_and_not_as_its_thumbnail(
    orientation: int, size: tuple[int, int], tmp_path: Path
) -> None:
    given = source(tmp_path, raw_photo(bytes(72), orientation), "image/x-adobe-dng")
    assert header.size(given) == size


@pytest.mark.parametrize(
    ("raised", "failure"),
    [
        (rawpy.LibRawFileUnsupportedError, Failure.UNSUPPORTED),
        (rawpy.LibRawDataError, Failure.FAILED),
    ],
)
def test_a_raw_photo_in_a_compression_that_libraw_lacks_is_unsupported_and_not_broken(
    raised: type[Exception], failure: Failure
) -> None:
    def postprocess(**_: object) -> None:
        raise raised

    photo = SimpleNamespace(sizes=SimpleNamespace(width=6, height=4), postprocess=postprocess)
    with pytest.raises(ProcessingError) as refused:
        raws.developed(photo)
    assert refused.value.failure is failure
