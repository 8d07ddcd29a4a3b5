"""What the first image of a TIFF file is, by its tags (TIFF 6.0, section 8)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from processing.analyses.exif import orientation
from processing.directories import TagFile, Tags
from processing.task import Source

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _X_RESOLUTION, _Y_RESOLUTION, _UNIT, _EXTRA, _FORMAT = 277, 282, 283, 296, 338, 339
_PROFILE: Final = 34675
_COLOURS: Final = {0: 1, 1: 1, 2: 3, 3: 3, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3}
"""Photometric interpretation to the number of colour channels once decoded."""

_ALPHA: Final = frozenset({1, 2})
_INCH: Final = 2
_PER_INCH: Final = {_INCH: 1.0, 3: 2.54}
_LEAST_UNLIKE, _MOST_UNLIKE = 1.02, 4.0
_SWAPPING: Final = range(5, 9)

WHITE_IS_ZERO, BLACK_IS_ZERO, PALETTE, SEPARATED, LAB, ICC_LAB = 0, 1, 3, 5, 8, 9
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
ASSOCIATED: Final = 1


@dataclass(frozen=True, slots=True)
class Tiff:
    """An image of a TIFF file.

    ``size`` is in pixels as they are stored; ``pixel_ratio`` is how much taller than wide a pixel
    is; ``dpi`` is across and down. ``extra`` are the kinds of the channels besides the colours.
    """

    size: tuple[int, int]
    orientation: int
    pixel_ratio: float
    dpi: tuple[float, float] | None
    photometric: int
    samples: int
    bits: int
    number_format: int
    compression: int
    extra: tuple[int, ...]
    profile: bytes | None

    @property
    def colours(self) -> int:
        """The number of colour channels, at most as many as there are channels."""
        known = _COLOURS.get(self.photometric, 1)
        return known if self.photometric == PALETTE else min(known, self.samples)

    @property
    def has_alpha(self) -> bool:
        """Whether the first extra channel is said to be transparency (TIFF 6.0, section 18)."""
        return bool(self.extra) and self.extra[0] in _ALPHA and self.samples > self.colours

    @property
    def square_size(self) -> tuple[int, int]:
        """The size with square pixels, not turned: what is stored coarser is stretched."""
        width, height = self.size
        if self.pixel_ratio >= 1:
            return width, max(1, round(height * self.pixel_ratio))
        return max(1, round(width / self.pixel_ratio)), height


@contextmanager
def opened(source: Source) -> Iterator[TagFile]:
    """Open the directories of a TIFF file, or of a raw photo that is one, for the block."""
    with Path(source.path).open("rb") as file:
        yield TagFile(file)


def first(source: Source) -> Tiff:
    """Return the first image of a TIFF file; its size is (0, 0) where the file is broken."""
    with opened(source) as file:
        return described(next(file.directories(), {}))


def shown_size(source: Source) -> tuple[int, int] | None:
    """Return the size of the first image as it is to be shown; None if it has no pixels."""
    tiff = first(source)
    if min(tiff.size) < 1:
        return None
    width, height = tiff.square_size
    return (height, width) if tiff.orientation in _SWAPPING else (width, height)


def described(tags: Tags) -> Tiff:
    """Return what the tags of a directory say of its image."""
    bits = _integers(tags, _BITS, (1,))
    across, down = _resolution(tags)
    return Tiff(
        size=(_integer(tags, _WIDTH, 0), _integer(tags, _HEIGHT, 0)),
        orientation=orientation(tags),
        pixel_ratio=_ratio(across, down),
        dpi=(across, down) if across and down else None,
        photometric=_integer(tags, _PHOTOMETRIC, 1),
        samples=_integer(tags, _SAMPLES, len(bits)),
        bits=max(bits),
        number_format=_integer(tags, _FORMAT, UNSIGNED),
        compression=_integer(tags, _COMPRESSION, 1),
        extra=_integers(tags, _EXTRA, ()),
        profile=tags[_PROFILE].data if _PROFILE in tags else None,
    )


def _resolution(tags: Tags) -> tuple[float, float]:
    factor = _PER_INCH.get(_integer(tags, _UNIT, _INCH), 0.0)
    across, down = (
        (tags[tag].number or 0.0) * factor if tag in tags else 0.0
        for tag in (_X_RESOLUTION, _Y_RESOLUTION)
    )
    return across, down


def _ratio(across: float, down: float) -> float:
    """Return how much taller than wide a pixel is: 1 unless the file says a believable ratio."""
    if across <= 0 or down <= 0:
        return 1.0
    ratio = across / down
    unlike = max(ratio, 1 / ratio)
    return ratio if _LEAST_UNLIKE <= unlike <= _MOST_UNLIKE else 1.0


def _integer(tags: Tags, tag: int, default: int) -> int:
    found = tags[tag].integer if tag in tags else None
    return default if found is None else found


def _integers(tags: Tags, tag: int, default: tuple[int, ...]) -> tuple[int, ...]:
    found = tags[tag].numbers if tag in tags else ()
    return tuple(int(number) for number in found) or default
