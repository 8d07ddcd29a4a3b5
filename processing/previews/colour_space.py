"""Colour spaces by code point, chromaticities and transfer function, and the way to linear sRGB.

Linear light is relative to diffuse white: 1.0 is what a white page sends, 203 cd/m² for PQ and HLG
(ITU-R BT.2408-7, section 2.2). Highlights of HDR are above 1.0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp
from typing import Final

XY = tuple[float, float]
Matrix = tuple[tuple[float, float, float], ...]

_D65: Final = (0.3127, 0.3290)


@dataclass(frozen=True, slots=True)
class Primaries:
    """CIE 1931 x and y of red, green, blue and white."""

    red: XY
    green: XY
    blue: XY
    white: XY = _D65


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer function: ``to_linear`` takes a signal of 0 to 1 to linear light."""

    to_linear: Callable[[float], float]
    hdr: bool = False
    system_gamma: float = 1.0
    """The exponent of the OOTF that is still to be applied to the luminance; 1.0 for none."""


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """What the red, green and blue of a picture mean."""

    primaries: Primaries
    transfer: Transfer


_DIFFUSE_WHITE: Final = 203.0
_HLG_PEAK: Final = 1000.0
"""The display, in cd/m², for which HLG's diffuse white is a signal of 75 % (BT.2408-7, table 1)."""


_HLG_GAMMA: Final = 1.2  # BT.2100-2, table 5, at that peak


def _srgb(signal: float) -> float:
    """Return the linear light of sRGB (IEC 61966-2-1, section 5.2)."""
    if signal <= 0.04045:  # noqa: PLR2004 - here and below: constants of the specifications
        return signal / 12.92
    return float(((signal + 0.055) / 1.055) ** 2.4)


def _pq(signal: float) -> float:
    """Return the light of a display by the EOTF of PQ (ITU-R BT.2100-2, table 4)."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    share = float((max(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1))
    return 10_000 / _DIFFUSE_WHITE * share


def _hlg(signal: float) -> float:
    """Return the light of a scene by the inverse OETF of HLG (ITU-R BT.2100-2, table 5).

    It is scaled so that the OOTF, a power of the luminance, ends at 1.0 for diffuse white.
    """
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = signal**2 / 3 if signal <= 0.5 else (exp((signal - c) / a) + b) / 12  # noqa: PLR2004
    return scene * float((_HLG_PEAK / _DIFFUSE_WHITE) ** (1 / _HLG_GAMMA))


SRGB: Final = Transfer(_srgb)
_PQ: Final = Transfer(_pq, hdr=True)
_HLG: Final = Transfer(_hlg, hdr=True, system_gamma=_HLG_GAMMA)

BT709: Final = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_BT2020: Final = Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
_P3: Final = Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))

_PRIMARIES: Final = {
    9: _BT2020,
    11: Primaries(_P3.red, _P3.green, _P3.blue, (0.314, 0.351)),
    12: _P3,
}
"""By ITU-T H.273, table 2. All others are shown as BT.709's, as browsers and players do."""


_UNSPECIFIED: Final = 2


def gamma(exponent: float) -> Transfer:
    """Return the transfer function that is a plain power."""
    return Transfer(lambda signal: signal**exponent)


_TRANSFERS: Final = {5: gamma(2.8), 8: gamma(1.0), 16: _PQ, 17: gamma(2.6), 18: _HLG}
"""By ITU-T H.273, table 3. All others are meant for a display of sRGB."""


def by_code_points(primaries: int, transfer: int) -> ColourSpace | None:
    """Return the colour space of two code points of ITU-T H.273; None if it is shown as sRGB.

    HDR that does not name its primaries has those of ITU-R BT.2100.
    """
    curve = _TRANSFERS.get(transfer, SRGB)
    colours = _PRIMARIES.get(primaries, BT709)
    if curve.hdr and primaries == _UNSPECIFIED:
        colours = _BT2020
    return None if (curve, colours) == (SRGB, BT709) else ColourSpace(colours, curve)


def to_srgb(primaries: Primaries) -> Matrix:
    """Return the matrix from linear RGB of ``primaries`` to linear sRGB; white stays white.

    By SMPTE RP 177, with the Bradford adaptation (ICC.1:2022, annex E) where the white is not D65.

    Raises:
        ValueError: The chromaticities span no colours.
    """
    adapted = _product(_adaptation(primaries.white, _D65), _to_xyz(primaries))
    return _product(_inverse(_to_xyz(BT709)), adapted)


def luminance(primaries: Primaries) -> tuple[float, float, float]:
    """Return the weights of linear red, green and blue in the luminance.

    Raises:
        ValueError: The chromaticities span no colours.
    """
    red, green, blue = _to_xyz(primaries)[1]
    return red, green, blue


def _to_xyz(primaries: Primaries) -> Matrix:
    columns = [_xyz(at) for at in (primaries.red, primaries.green, primaries.blue)]
    unscaled = tuple(zip(*columns, strict=True))
    scales = _applied(_inverse(unscaled), _xyz(primaries.white))
    return tuple(
        tuple(value * scale for value, scale in zip(row, scales, strict=True)) for row in unscaled
    )


def _xyz(at: XY) -> tuple[float, float, float]:
    x, y = at
    if y <= 0:
        raise ValueError("A chromaticity has no luminance.")
    return x / y, 1.0, (1 - x - y) / y


_TINY: Final = 1e-9
_BRADFORD: Final = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


def _adaptation(source: XY, target: XY) -> Matrix:
    before, after = (_applied(_BRADFORD, _xyz(white)) for white in (source, target))
    (r, g, b) = (new / old for new, old in zip(after, before, strict=True))
    scaled = _product(((r, 0, 0), (0, g, 0), (0, 0, b)), _BRADFORD)
    return _product(_inverse(_BRADFORD), scaled)


def _product(left: Matrix, right: Matrix) -> Matrix:
    columns = tuple(zip(*right, strict=True))
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) for column in columns)
        for row in left
    )


def _applied(matrix: Matrix, vector: tuple[float, float, float]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    if abs(determinant) < _TINY:
        raise ValueError("The primaries span no colours.")
    return tuple(tuple(value / determinant for value in row) for row in cofactors)  # type: ignore[misc]
