"""Stills and videos in wide gamut and HDR: one colour on the left, another on the right."""

import io
import struct
import zlib
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pillow_heif
from av.video.frame import VideoFrame
from PIL import Image

from tests.processing.picture_files import encoded, png_chunk

Signal = tuple[float, ...]
"""Channels of a colour as they are stored, 0 to 1."""

SIZE = (204, 102)
DISPLAY_P3, BT2020 = 12, 9
AS_SRGB, PQ, HLG = 13, 16, 18


def pq(luminance: float) -> float:
    """Return the signal of a luminance in cd/m² (ITU-R BT.2100-2, table 4, inverse EOTF)."""
    power = (luminance / 10_000) ** (2610 / 16384)
    c1, c2, c3 = 3424 / 4096, 2413 / 128, 2392 / 128
    return float(((c1 + c2 * power) / (1 + c3 * power)) ** (2523 / 32))


def png(left: Signal, right: Signal, *chunks: tuple[bytes, bytes]) -> bytes:
    """Return a PNG of 16 bits a channel: RGB, or RGBA by the length of the colours."""
    width, height = SIZE
    row = _row(left, right)
    row.byteswap()
    head = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[len(left)], 0, 0, 0)
    pixels = zlib.compress((b"\0" + row.tobytes()) * height)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def cicp(primaries: int, transfer: int) -> tuple[bytes, bytes]:
    """Return the cICP chunk of a PNG (PNG Third Edition, section 11.3.2.6)."""
    return b"cICP", bytes([primaries, transfer, 0, 1])


def heic(left: Signal, right: Signal, primaries: int, transfer: int, **options: Any) -> bytes:
    """Return a HEIC of 10 bits a channel with an nclx box."""
    image = pillow_heif.from_bytes("RGB;16", SIZE, _row(left, right).tobytes() * SIZE[1])
    points = {"color_primaries": primaries, "transfer_characteristics": transfer}
    data = io.BytesIO()
    image.save(data, quality=90, matrix_coefficients=9, full_range_flag=1, **points, **options)
    return data.getvalue()


def avif(left: Signal, right: Signal, primaries: int, transfer: int) -> bytes:
    """Return an AVIF of 8 bits a channel with an nclx box."""
    image = Image.new("RGB", SIZE, _bytes(right))
    image.paste(_bytes(left), (0, 0, SIZE[0] // 2, SIZE[1]))
    found = encoded(image, "AVIF", quality=90)
    written = b"nclx" + struct.pack(">HH", 1, AS_SRGB)
    assert found.count(written) == 1
    return found.replace(written, b"nclx" + struct.pack(">HH", primaries, transfer))


def video(
    path: Path,
    left: Signal,
    right: Signal,
    primaries: int,
    transfer: int,
    *,
    matrix: int = 9,
    full_range: bool = False,
    codec: str = "libx265",
) -> Path:
    """Write three frames, or one as AVIF, of 10 bits a channel."""
    still = path.suffix == ".avif"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=10)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p10le"
        stream.codec_context.options = {"preset": "12"} if codec == "libsvtav1" else _QUIET
        colours = (primaries, transfer, matrix, 2 if full_range else 1)
        _name(stream.codec_context, colours)
        for number in range(1 if still else 3):
            frame = _frame(left, right, (matrix, colours[3]))
            _name(frame, colours)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def rotated(still: bytes) -> bytes:
    """Return an AVIF, as ``video`` writes it, with a property that turns it clockwise by 90°.

    By ISO/IEC 23008-12, sections 6.5.10 (irot) and 9.3 (ipma).
    """
    property_box, association = struct.pack(">I4sB", 9, b"irot", 3), b"\x85"  # the fifth, essential
    data = bytearray(still)
    pixels = data.index(b"mdat") + 4
    grown = len(property_box) + len(association)
    located = data.index(struct.pack(">I", pixels))
    data[located : located + 4] = struct.pack(">I", pixels + grown)
    end = data.index(b"mdat") - 4  # ipma is the last box before
    items = data.index(b"ipma")
    data[items + 14] += 1
    data[end:end] = association
    data[items - 4 : items - 4] = property_box
    for kind, more in ((b"meta", grown), (b"iprp", grown), (b"ipco", 9), (b"ipma", 1)):
        at = data.index(kind) - 4
        (size,) = struct.unpack_from(">I", data, at)
        struct.pack_into(">I", data, at, size + more)
    return bytes(data)


_QUIET = {"preset": "ultrafast", "x265-params": "log-level=none"}
_UNSPECIFIED = 2


def _name(target: Any, colours: tuple[int, int, int, int]) -> None:
    target.color_primaries, target.color_trc, target.colorspace, target.color_range = colours


def _frame(left: Signal, right: Signal, coded: tuple[int, int]) -> VideoFrame:
    matrix, color_range = coded
    frame = VideoFrame(*SIZE, "rgb48le")
    plane = frame.planes[0]
    plane.update(_row(left, right).tobytes().ljust(plane.line_size, b"\0") * SIZE[1])
    return frame.reformat(
        format="yuv420p10le",
        dst_colorspace=9 if matrix == _UNSPECIFIED else matrix,
        dst_color_range=color_range,
    )


def _row(left: Signal, right: Signal) -> "array[int]":
    half = SIZE[0] // 2
    return array("H", _words(left) * half + _words(right) * half)


def _words(signal: Signal) -> list[int]:
    return [round(value * 65_535) for value in signal]


def _bytes(signal: Signal) -> tuple[int, ...]:
    return tuple(round(value * 255) for value in signal)
