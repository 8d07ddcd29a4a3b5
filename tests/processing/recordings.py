"""Films and sounds for tests, encoded here."""

import base64
import io
import struct
from array import array
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.stream import Disposition
from av.video.frame import VideoFrame
from PIL import Image

from processing.task import Source

RGB = tuple[int, int, int]
RED, GREEN, BLUE, BLACK = (220, 30, 30), (20, 160, 40), (30, 60, 220), (0, 0, 0)


def source(path: Path, content_type: str) -> Source:
    return Source(str(path), content_type, path.name, path.stat().st_size)


def quarters(width: int, height: int) -> Image.Image:
    """Return a picture that tells its top left (red) and top right (green) from below (blue)."""
    picture = Image.new("RGB", (width, height), BLUE)
    picture.paste(RED, (0, 0, width // 2, height // 2))
    picture.paste(GREEN, (width // 2, 0, width, height // 2))
    return picture


def film(
    path: Path,
    pictures: Sequence[Image.Image],
    *,
    codec: str = "mpeg4",
    rate: int = 10,
    group: int = 12,
    aspect: Fraction | None = None,
    turned: dict[str, Any] | None = None,
    attachment: tuple[str, str, bytes] | None = None,
    flags: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a film of ``pictures``, ``rate`` a second, with a key frame every ``group``."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.width, stream.height = pictures[0].size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = group
        stream.codec_context.flags |= flags
        no_others = {"sc_threshold": str(10**9)}  # key frames at changes of scene
        stream.codec_context.options = {"preset": "12"} if codec == "libsvtav1" else no_others
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if turned:
            stream.set_display_rotation(**turned)
        if attachment:
            container.add_attachment(*attachment)
        for number, picture in enumerate(pictures):
            frame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call] # as stubs are
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def one_colour(colours: Sequence[RGB], size: tuple[int, int] = (160, 96)) -> list[Image.Image]:
    return [Image.new("RGB", size, colour) for colour in colours]


def sound(
    path: Path,
    seconds: float,
    level: Callable[[float], float],
    *,
    codec: str = "libmp3lame",
    rate: int = 16_000,
    cover: bytes = b"",
    container_format: str | None = None,
    options: dict[str, str] | None = None,
    bit_rate: int | None = None,
) -> Path:
    """Write a square wave whose level, 0 to 1, is that of the second it is asked for."""
    with av.open(str(path), "w", format=container_format, options=options or {}) as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.layout = "stereo"
        if bit_rate:
            stream.codec_context.bit_rate = bit_rate
        if cover and codec == "libopus":
            stream.metadata["METADATA_BLOCK_PICTURE"] = _picture_block(cover)
        elif cover:
            _attach(container, cover)
        for number in range(int(seconds * rate) // 1000):
            second = number * 1000 / rate
            container.mux(stream.encode(_frame(number * 1000, rate, level(second))))
        container.mux(stream.encode())
    return path


def _frame(start: int, rate: int, level: float) -> AudioFrame:
    high = int(level * 30_000)
    frame = AudioFrame("s16", "stereo", 1000)
    frame.planes[0].update(array("h", ([high] * 40 + [-high] * 40) * 25).tobytes())
    frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
    return frame


def _attach(container: Any, cover: bytes) -> None:
    stream = container.add_stream("mjpeg", rate=1)
    with Image.open(io.BytesIO(cover)) as image:
        stream.width, stream.height = image.size
    stream.pix_fmt = "yuvj420p"
    stream.disposition = Disposition.attached_pic
    packet = av.Packet(cover)
    packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 1)
    container.mux(packet)


def _picture_block(cover: bytes) -> str:
    """Return the picture block of FLAC (RFC 9639, section 8.8) as Vorbis comments carry it."""
    kind = b"image/jpeg"
    head = struct.pack(">II", 3, len(kind)) + kind + struct.pack(">IIIII", 0, 0, 0, 24, 0)
    return base64.b64encode(head + struct.pack(">I", len(cover)) + cover).decode()


def jpeg(size: tuple[int, int], colour: RGB = RED) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def id3(*frames: tuple[bytes, bytes]) -> bytes:
    """Return an ID3v2.3 tag of the given frames."""
    content = b"".join(name + struct.pack(">IH", len(data), 0) + data for name, data in frames)
    size = bytes((len(content) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + content
