"""Converting colours to sRGB; HDR is tone-mapped to the range of a screen of SDR."""

from array import array
from contextlib import ExitStack
from functools import cache
from struct import Struct
from typing import Any, Final

from PIL import Image

from processing.previews import libvips
from processing.previews.colour_space import ColourSpace, Matrix, Transfer, luminance, to_srgb
from processing.previews.libvips import Samples

_COLOURS: Final = 3
_WITH_ALPHA: Final = frozenset({2, 4})
_STEPS: Final = {"B": 256, "H": 65_536}
_COMPUTED: Final = 4096
_FLOAT: Final = Struct("=f")
_NO_LIMIT: Final = 1_000_000


def converted(samples: Samples, space: ColourSpace) -> Image.Image:
    """Return 8 or 16 bits of grey or RGB in ``space``, with alpha or without, as RGB or RGBA.

    HDR: diffuse white and everything brighter becomes white, and what is darker keeps its
    luminance. A bright colour is scaled as a whole, by its largest channel, so that it keeps its
    hue. What sRGB has no colour for is clipped.

    Raises:
        VipsError: libvips cannot do it.
        ValueError: The primaries of ``space`` span no colours.
    """
    with ExitStack() as held:
        stored = libvips.image(held, samples)
        light = _linear(held, _colours(held, stored, samples), samples, space.transfer)
        if space.transfer.system_gamma != 1.0:
            light = _displayed(held, light, space)
        light = _multiplied(held, light, to_srgb(space.primaries))
        if space.transfer.hdr:
            light = _limited(held, light)
        shown = _encoded(held, light)
        size = (samples.width, samples.height)
        picture = Image.frombytes("RGB", size, libvips.samples(shown).data)
        if samples.bands in _WITH_ALPHA:
            alpha = libvips.samples(_alpha(held, stored, samples))
            picture.putalpha(Image.frombytes("L", size, alpha.data))
        return picture


def _colours(held: ExitStack, image: Any, samples: Samples) -> Any:
    bands = samples.bands - (samples.bands in _WITH_ALPHA)
    return libvips.call(held, "extract_band", f"band=0,n={bands}", **{"in": image})


def _alpha(held: ExitStack, image: Any, samples: Samples) -> Any:
    alpha = libvips.call(held, "extract_band", f"band={samples.bands - 1}", **{"in": image})
    return alpha if samples.form == "B" else libvips.call(held, "msb", **{"in": alpha})


def _linear(held: ExitStack, image: Any, samples: Samples, transfer: Transfer) -> Any:
    steps = _STEPS[samples.form]
    curve = libvips.image(held, Samples(steps, 1, 1, "f", _curve(transfer, steps)))
    light = libvips.call(held, "maplut", **{"in": image}, lut=curve)
    grey = samples.bands < _COLOURS
    return _multiplied(held, light, ((1.0,),) * _COLOURS) if grey else light


@cache
def _curve(transfer: Transfer, steps: int) -> bytes:
    """Return ``to_linear`` of each sample; of 16 bits, the upper 12 count: it takes a few ms."""
    computed = min(steps, _COMPUTED)
    values = (transfer.to_linear(step / (computed - 1)) for step in range(computed))
    return b"".join(_FLOAT.pack(value) * (steps // computed) for value in values)


def _displayed(held: ExitStack, light: Any, space: ColourSpace) -> Any:
    """Apply the OOTF of HLG (ITU-R BT.2100-2, table 5): a power of the luminance."""
    brightness = _multiplied(held, light, (luminance(space.primaries),))
    exponent = space.transfer.system_gamma - 1
    gain = libvips.call(held, "math2_const", f"math2=pow,c={exponent}", **{"in": brightness})
    return libvips.call(held, "multiply", left=light, right=gain)


def _multiplied(held: ExitStack, light: Any, matrix: Matrix | tuple[tuple[float, ...], ...]) -> Any:
    values = array("d", (value for row in matrix for value in row)).tobytes()
    weights = libvips.image(held, Samples(len(matrix[0]), len(matrix), 1, "d", values))
    return libvips.call(held, "recomb", **{"in": light}, m=weights)


def _limited(held: ExitStack, light: Any) -> Any:
    """Divide what is brighter than white by its largest channel."""
    red, green, blue = (
        libvips.call(held, "extract_band", f"band={band}", **{"in": light})
        for band in range(_COLOURS)
    )
    largest = libvips.call(held, "maxpair", left=red, right=green)
    largest = libvips.call(held, "maxpair", left=largest, right=blue)
    divisor = libvips.call(held, "clamp", f"min=1,max={_NO_LIMIT}", **{"in": largest})
    return libvips.call(held, "divide", left=light, right=divisor)


def _encoded(held: ExitStack, light: Any) -> Any:
    """Return linear light as 8 bits of sRGB (IEC 61966-2-1), clipped."""
    named = libvips.call(held, "copy", "interpretation=scrgb", **{"in": light})
    return libvips.call(held, "colourspace", "space=srgb", **{"in": named})
