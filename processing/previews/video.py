"""The poster of a video: its picture at a tenth of the duration, as a player would show it."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from typing import Final

import av
import av.filter
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from processing.audiovisual import main_video, opened
from processing.previews import audio, frames
from processing.task import MAX_PIXELS, Failure, ProcessingError, Source

_MOMENTS: Final = (Fraction(1, 10), Fraction(3, 10), Fraction(1, 2), Fraction(3, 4))
"""Where to look, as shares of the duration: on while the picture is black."""

_SECONDS: Final = (0, 1, 3, 10)
"""Where to look if the duration is not known."""

_BLACK: Final = 40
_BLACK_SHARE: Final = 0.98
"""A picture shows nothing if that share of its pixels is darker, of 255; video black is 16."""

_AHEAD_PIXELS: Final = 50_000_000
"""The most pixels decoded on the way from a key frame to the moment looked for.

About 24 frames of 1080p, a tenth of a second; the key frame itself is shown if that falls short.
"""

_BACK_SECONDS: Final = 10
_PACKETS: Final = 2000
"""The most packets read in search of one picture."""

_ONE: Final = 1 << 16  # in the 16.16 fixed point of a display matrix
_TURNS: Final = {
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}
"""The signs of a, b, c, d of a display matrix (ISO/IEC 14496-12, section 6.2.2), by effect."""


def render(source: Source, longest: int) -> Image.Image:
    """Return the poster as upright RGB with square pixels, at most ``longest`` on its long side.

    A recording without a film gets the picture of its sound (``previews.audio``).

    Raises:
        ProcessingError: Broken, too many pixels, or of a codec that is not decoded.
    """
    with opened(source) as container:
        film = main_video(container)
        if film is None:
            return audio.picture(container, longest)
        _prepare(film)
        return _poster(container, film, longest)


def _prepare(film: VideoStream) -> None:
    context = film.codec_context
    # The stubs leave out that a stream of an unknown codec has no context.
    if context is None:
        raise ProcessingError(Failure.UNSUPPORTED, "The film's codec is not supported.")
    if context.width * context.height > MAX_PIXELS:
        raise ProcessingError(
            Failure.TOO_LARGE,
            f"The film has {context.width} x {context.height} pixels; "
            f"at most {MAX_PIXELS:,} are decoded.",
        )
    # A stream can change its size on the way: the decoder holds to the limit by itself.
    context.options = {"max_pixels": str(MAX_PIXELS)}
    context.thread_type, context.thread_count = "NONE", 1  # each thread holds frames of its own


def _poster(container: InputContainer, film: VideoStream, longest: int) -> Image.Image:
    first: Image.Image | None = None
    for target in _targets(container, film):
        frame = _frame_at(container, film, target)
        if frame is None:
            continue
        picture = _upright(_progressive(frame), film.sample_aspect_ratio, longest)
        if not _is_black(picture):
            return picture
        first = first or picture
    if first is None:
        raise ProcessingError(Failure.FAILED, "No picture of the film can be decoded.")
    return first


def _targets(container: InputContainer, film: VideoStream) -> Iterator[int]:
    """Yield the moments to look at, in the film's time base; the beginning is the last resort."""
    base = film.time_base or Fraction(1, av.time_base)
    duration = film.duration
    if duration is None and container.duration is not None:
        duration = round(Fraction(container.duration, av.time_base) / base)
    start = film.start_time or 0
    if duration is not None and duration > 0:
        yield from (start + int(duration * share) for share in _MOMENTS)
        yield start
    else:
        yield from (start + int(second / base) for second in _SECONDS)


def _frame_at(container: InputContainer, film: VideoStream, target: int) -> VideoFrame | None:
    """Return the frame shown at ``target``, or the key frame before if it is far from there.

    Transport and program streams have no index: a seek may end after the key frame that is needed,
    so that it is tried again from further in front, and from the beginning.
    """
    back = int(_BACK_SECONDS / (film.time_base or Fraction(1, av.time_base)))
    found = None
    for place in (target, target - back, None):
        # What cannot seek is read from where it is.
        with suppress(av.FFmpegError, OverflowError):
            if place is None:
                container.seek(0)
            else:
                container.seek(place, stream=film)
        frame = _frame_from_here(container, film, target)
        found = found or frame
        if frame and (frame.pts is None or frame.pts <= target):
            return frame
    return found


def _frame_from_here(
    container: InputContainer, film: VideoStream, target: int
) -> VideoFrame | None:
    latest = None
    for frame in islice(_frames(container, film), _ahead(film) + 1):
        if latest and (frame.pts is None or frame.pts > target):
            break
        if latest is None and _is_far(frame, film, target):
            return frame
        latest = frame
    return latest


def _frames(container: InputContainer, film: VideoStream) -> Iterator[VideoFrame]:
    for packet in islice(container.demux(film), _PACKETS):
        with suppress(av.error.InvalidDataError):  # decoding goes on at the next sound packet
            yield from (frame for frame in film.decode(packet) if not frame.is_corrupt)


def _ahead(film: VideoStream) -> int:
    return _AHEAD_PIXELS // max(1, film.codec_context.width * film.codec_context.height)


def _is_far(frame: VideoFrame, film: VideoStream, target: int) -> bool:
    if frame.pts is None or not film.average_rate or not film.time_base:
        return True
    return (target - frame.pts) * film.time_base * film.average_rate > _ahead(film)


def _progressive(frame: VideoFrame) -> VideoFrame:
    """Return ``frame`` deinterlaced, by its own lines alone, if it consists of two fields."""
    if frame.interlaced_frame:
        with suppress(av.FFmpegError, ValueError):  # a pixel format that the filter does not take
            return _deinterlaced(frame)
    return frame


def _deinterlaced(frame: VideoFrame) -> VideoFrame:
    graph = av.filter.Graph()
    graph.threads = 1  # each thread takes address space, which is limited
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or Fraction(1, av.time_base),
    )
    graph.link_nodes(source, graph.add("estdif", "mode=frame"), graph.add("buffersink")).configure()
    graph.vpush(frame)
    graph.vpush(None)
    return graph.vpull()


def _upright(frame: VideoFrame, aspect: Fraction | None, longest: int) -> Image.Image:
    shown = (frame.width * (aspect or Fraction(1)), Fraction(frame.height))
    scale = min(Fraction(1), longest / max(shown))
    width, height = (max(1, round(side * scale)) for side in shown)
    picture = frames.image(frame, (width, height))
    turn = _turn(frame)
    return picture if turn is None else picture.transpose(turn)


def _turn(frame: VideoFrame) -> Image.Transpose | None:
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return None
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    return _TURNS.get((_sign(a), _sign(b), _sign(c), _sign(d)))


def _sign(value: int) -> int:
    return (value >= _ONE // 2) - (value <= -_ONE // 2)


def _is_black(picture: Image.Image) -> bool:
    dark = sum(picture.convert("L").histogram()[:_BLACK])
    return dark >= _BLACK_SHARE * picture.width * picture.height
