"""The picture of a recording: its embedded cover art, else a waveform."""

import io
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice, pairwise
from operator import itemgetter
from typing import Final, Literal

import av
from av.audio.frame import AudioFrame
from av.audio.plane import AudioPlane
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from PIL import Image, ImageDraw, ImageOps

from processing.audiovisual import is_cover, main_audio, opened
from processing.images import check_size, translated
from processing.task import Failure, ProcessingError, Source

_Code = Literal["B", "h", "i", "q", "f", "d"]

_COVER_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_MAX_COVERS: Final = 8
_FRONT, _OTHER = "Cover (front)", "Other"
_FAST_SEEK: Final = 0x80000  # AVFMT_FLAG_FAST_SEEK

_WHOLE_SECONDS: Final = 120
"""Up to this long a recording is decoded from end to end; a longer one in places."""

_GRAINS_A_SECOND: Final = 125
_MAX_GRAINS: Final = 60_000
_GRAIN_VALUES: Final = 64
_WINDOW_GRAINS: Final = 50
_PACKETS: Final = 60_000

_SAMPLES: Final[dict[str, tuple[_Code, int, int]]] = {
    "u8": ("B", 128, 128),
    "s16": ("h", 0, 1 << 15),
    "s32": ("i", 0, 1 << 31),
    "s64": ("q", 0, 1 << 63),
    "flt": ("f", 0, 1),
    "dbl": ("d", 0, 1),
}
"""FFmpeg's sample format to the samples' type code, their zero and their full scale."""

_BARS: Final = 60
_SMALLEST_PITCH: Final = 5
_SMOOTH: Final = 4
_BACKGROUND: Final = (243, 244, 248)
_TOP: Final = (99, 102, 241)
_BOTTOM: Final = (56, 130, 246)


def render(source: Source, longest: int) -> Image.Image:
    """Return the cover art or the waveform as RGB or RGBA, ``longest`` at most on its long side.

    Cover art is never enlarged; a waveform is as wide as ``longest`` and half as high.

    Raises:
        ProcessingError: Not a recording, broken, or without sound.
    """
    with opened(source) as container:
        return picture(container, longest)


def picture(container: InputContainer, longest: int) -> Image.Image:
    """Return the picture of an open recording, as ``render`` does.

    Raises:
        ProcessingError: It holds no sound that can be decoded.
    """
    return _cover(container, longest) or _waveform(container, longest)


def _cover(container: InputContainer, longest: int) -> Image.Image | None:
    """Return the front cover, else the first embedded picture that can be decoded."""
    streams = [stream for stream in container.streams.video if is_cover(stream)][:_MAX_COVERS]
    if not streams:
        return None
    # FFmpeg hands over attached pictures before anything else is read.
    packets = islice(container.demux(streams), len(streams))
    pictures = [(_rank(packet.stream), bytes(packet)) for packet in packets]
    for _, data in sorted(pictures, key=itemgetter(0)):
        with suppress(ProcessingError):
            return _decoded(data, longest)
    return None


def _rank(stream: Stream) -> int:
    """Return 0 for a front cover, 1 for a picture that does not say, 2 for any other.

    By the type of picture of ID3 and FLAC (RFC 9639, section 8.8), as FFmpeg names it, or by the
    file name that Matroska gives covers (RFC 9559, section 21).
    """
    kind = stream.metadata.get("comment", "")
    if kind == _FRONT or stream.metadata.get("filename", "").lower().startswith("cover."):
        return 0
    return 2 if kind and kind != _OTHER else 1


def _decoded(data: bytes, longest: int) -> Image.Image:
    with translated(), Image.open(io.BytesIO(data), formats=_COVER_FORMATS) as image:
        check_size(*image.size)
        image.draft("RGB", (longest, longest))
        colours = image.convert("RGBA" if image.has_transparency_data else "RGB")
        colours.thumbnail((longest, longest), reducing_gap=2)
        return ImageOps.exif_transpose(colours)


def _waveform(container: InputContainer, longest: int) -> Image.Image:
    stream = main_audio(container)
    if stream is None:
        raise ProcessingError(Failure.FAILED, "The recording holds neither pictures nor sound.")
    # The stubs leave out that a stream of an unknown codec has no context.
    if stream.codec_context is None:
        raise ProcessingError(Failure.UNSUPPORTED, "The recording's codec is not supported.")
    bars = min(_BARS, longest // _SMALLEST_PITCH)
    return _drawn(_levels(container, stream, bars), longest)


def _levels(container: InputContainer, stream: AudioStream, bars: int) -> list[float]:
    """Return the peaks of ``bars`` equal parts, the loudest of them 1."""
    stream.codec_context.thread_type, stream.codec_context.thread_count = "NONE", 1
    duration = (container.duration or 0) / av.time_base
    levels = _in_places(container, stream, duration, bars) if duration > _WHOLE_SECONDS else []
    levels = levels or _end_to_end(container, stream, bars)
    loudest = max(levels)
    return [level / loudest for level in levels] if loudest else levels


def _end_to_end(container: InputContainer, stream: AudioStream, bars: int) -> list[float]:
    with suppress(av.FFmpegError):  # what cannot seek has not been read from either
        container.seek(0)
    peaks = list(islice(_peaks(container, stream), _MAX_GRAINS))
    if not peaks:
        raise ProcessingError(Failure.FAILED, "The recording holds no sound that can be decoded.")
    edges = [part * len(peaks) // bars for part in range(bars + 1)]
    return [max(peaks[a : max(b, a + 1)]) for a, b in pairwise(edges)]


def _in_places(
    container: InputContainer, stream: AudioStream, duration: float, bars: int
) -> list[float]:
    """Return a peak from the middle of each part; nothing if much of the duration is not there."""
    # An MP3 is then sought by its bit rate, instead of being read from the start each time.
    container.flags |= _FAST_SEEK
    levels: list[float] = []
    missing = 0
    for part in range(bars):
        level = _peak_at(container, stream, duration * (part + 0.5) / bars)
        missing += level is None
        levels.append(level or 0)
        if missing > bars // 2:
            return []
    return levels


def _peak_at(container: InputContainer, stream: AudioStream, second: float) -> float | None:
    base = stream.time_base or 1 / av.time_base
    try:
        container.seek(int(second / base) + (stream.start_time or 0), stream=stream)
    except (av.FFmpegError, OverflowError):
        return None
    return max(islice(_peaks(container, stream), _WINDOW_GRAINS), default=None)


def _peaks(container: InputContainer, stream: AudioStream) -> Iterator[float]:
    """Yield the peaks, 0 to 1, of about ``_GRAINS_A_SECOND`` parts of each second."""
    for packet in islice(container.demux(stream), _PACKETS):
        with suppress(av.error.InvalidDataError):  # decoding goes on at the next sound packet
            for frame in stream.decode(packet):
                yield from _frame_peaks(frame)


def _frame_peaks(frame: AudioFrame) -> Iterator[float]:
    planes = frame.planes[:2] if frame.format.is_planar else frame.planes[:1]
    for peaks in zip(*(_plane_peaks(frame, plane) for plane in planes), strict=True):
        yield max(peaks)


def _plane_peaks(frame: AudioFrame, plane: AudioPlane) -> Iterator[float]:
    code, zero, scale = _SAMPLES[frame.format.packed.name]
    channels = 1 if frame.format.is_planar else frame.layout.nb_channels
    size = frame.samples * channels * struct.calcsize(code)
    values = memoryview(plane).cast("B")[:size].cast(code)
    grain = max(1, frame.sample_rate // _GRAINS_A_SECOND) * channels
    stride = grain // _GRAIN_VALUES | 1  # odd, so that it meets the left and the right channel
    for start in range(0, len(values), grain):
        part = values[start : start + grain : stride]
        level = max(max(part) - zero, zero - min(part)) / scale
        yield min(level, 1) if level > 0 else 0  # floats may be infinite, or not numbers at all


def _drawn(levels: Iterable[float], longest: int) -> Image.Image:
    size = (longest, max(1, longest // 2))
    colours = Image.linear_gradient("L").resize(size)
    bars = Image.composite(Image.new("RGB", size, _BOTTOM), Image.new("RGB", size, _TOP), colours)
    return Image.composite(bars, Image.new("RGB", size, _BACKGROUND), _mask(list(levels), size))


def _mask(levels: list[float], size: tuple[int, int]) -> Image.Image:
    """Return where the bars are, drawn larger and reduced, which makes their ends smooth."""
    width, height = size[0] * _SMOOTH, size[1] * _SMOOTH
    mask = Image.new("L", (width, height))
    draw = ImageDraw.Draw(mask)
    pitch = width / (len(levels) + 2)
    thick = pitch * 0.62
    for number, level in enumerate(levels):
        left = pitch * (number + 1) + (pitch - thick) / 2
        reach = max(thick, level * height * 0.8) / 2
        box = (left, height / 2 - reach, left + thick, height / 2 + reach)
        draw.rounded_rectangle(box, radius=thick / 2, fill=255)
    return mask.reduce(_SMOOTH)
