"""Previews that move: GIF, PNG and WebP animations as a small animated WebP."""

from collections.abc import Iterator
from itertools import islice
from math import isqrt
from typing import BinaryIO, Final

from PIL import Image, ImageSequence

from processing import images
from processing.analyses import header
from processing.kinds import RAW
from processing.previews import colour, colour_signals, encoding, raster
from processing.task import MAX_FRAME_PIXELS, Source

_STILL: Final = frozenset({RAW, "TIFF", "BMP"})
_MAX_FRAMES: Final = 200
_WRITTEN_PIXELS: Final = 30_000_000
"""The most pixels of all frames of a preview together: a long one becomes smaller."""

_MOST_ROUNDS: Final = 65_535  # RFC 9649, section 2.7.1.1
_DURATIONS: Final = (1, 655_350)
"""The shortest and longest, in milliseconds, that a frame is shown; the latter is GIF's."""


def write(source: Source, longest: int, output: BinaryIO) -> tuple[int, int] | None:
    """Write an animated WebP to ``output`` and return its size; None if the picture stands still.

    The first 200 frames at most, and of large ones as many as may be decoded. Durations and the
    number of rounds are the source's.

    Raises:
        ProcessingError: Broken, cut off or too large to decode.
    """
    if images.decoder(source) in _STILL:
        return None
    with images.translated(), header.opened(source) as image:
        images.check_size(*image.size)
        if not header.moves(image):
            return None
        rounds = _rounds(image)
        pictures, durations = zip(*_frames(image, source.path, longest), strict=True)
        encoding.write_animation(pictures, durations, rounds, output)
        size: tuple[int, int] = pictures[0].size
        return size


def _frames(image: Image.Image, path: str, longest: int) -> Iterator[tuple[Image.Image, int]]:
    """Yield pictures and the milliseconds each is shown."""
    most = max(1, min(_MAX_FRAMES, MAX_FRAME_PIXELS // (image.width * image.height)))
    side = min(longest, _affordable(image, most))
    orientation = header.still_to_turn(image)
    colours = colour_signals.signal(image, path)
    size = image.size
    first = header.first_frame(image)
    for frame in islice(ImageSequence.Iterator(image), first, first + most):
        picture = frame.crop((0, 0, *size))  # frames of a GIF can go beyond its screen
        duration = int(frame.info.get("duration") or 0)  # known once it is decoded
        standard = colour.standard(raster.fitted(picture, side), colours)
        yield encoding.bare(raster.turned(standard, orientation)), _shown(duration)


def _affordable(image: Image.Image, most: int) -> int:
    """Return the long side at which all frames together are written in time."""
    frames = min(most, getattr(image, "n_frames", most))
    ratio = max(image.size) / min(image.size)
    return max(1, isqrt(int(_WRITTEN_PIXELS / frames * ratio)))


def _shown(duration: int) -> int:
    shortest, longest = _DURATIONS
    return min(max(duration, shortest), longest)


def _rounds(image: Image.Image) -> int:
    """Return how often it is shown in all, 0 for ever."""
    if image.format != "GIF":
        return min(int(image.info.get("loop", 0)), _MOST_ROUNDS)
    # GIF counts the repetitions, and says nothing if there are none (Netscape 2.0 extension).
    repetitions = image.info.get("loop")
    if repetitions is None:
        return 1
    return min(int(repetitions) + 1, _MOST_ROUNDS) if repetitions else 0
