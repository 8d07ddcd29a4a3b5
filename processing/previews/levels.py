"""Samples of any range as 8 bits."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from PIL import Image

from processing.task import Failure, ProcessingError

GUESSED: Final = 0.0
"""White where the file does not say: what the values suggest."""

STRETCHED: Final = -1.0
"""White where the whole range from the darkest value to the brightest is shown."""

_WHITES: Final = (1, 255, 65_535)
_FULL: Final = 2.0**32 - 1
_WIDE: Final = 2.0**24
_MODES: Final = {1: "L", 3: "RGB", 4: "CMYK"}


def merged(bands: Sequence[Image.Image], white: float) -> Image.Image:
    """Return bands of mode F as one image of 8 bits a channel, all on the same scale.

    Raises:
        ProcessingError: Values are not numbers.
    """
    extremes = [band.getextrema() for band in bands]
    low = min(float(pair[0]) for pair in extremes)  # type: ignore[arg-type] # one band each
    high = max(float(pair[1]) for pair in extremes)  # type: ignore[arg-type]
    if not (isfinite(low) and isfinite(high)):
        raise ProcessingError(Failure.FAILED, "The image's values are not numbers.")
    if white == STRETCHED:
        black, white = low, high
    else:
        white = white or guessed(low, high)
        black = 0.0 if white in {*_WHITES, _FULL} else min(low, 0.0)
    scale = 255 / ((white - black) or 1)
    scaled = [
        band.point(lambda value: value * scale + (0.5 - black * scale)).convert("L")
        for band in bands
    ]
    return Image.merge(_MODES[len(scaled)], scaled)


def guessed(low: float, high: float) -> float:
    """Return what white is likely to be, for values from ``low`` to ``high``."""
    if low < 0:
        return high
    if high > _WIDE:
        return max(_FULL, high)
    return next((white for white in _WHITES if high <= white), high)
