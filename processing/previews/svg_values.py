"""Values of CSS properties: variables put in, and colours in the notation that librsvg knows."""

from collections.abc import Mapping
from typing import Any, Final

import tinycss2
import tinycss2.color4
from tinycss2.ast import FunctionBlock

Tokens = list[Any]
Variables = Mapping[str, Tokens]

_MAX_TOKENS: Final = 1_000
_COLOURS: Final = frozenset({"lab", "lch", "oklab", "oklch", "color"})

# Matrices of CSS Color 4, section 17 ("Sample code for color conversions").
_Matrix = tuple[tuple[float, float, float], ...]
_D50_TO_D65: Final[_Matrix] = (
    (0.955473421, -0.023098454, 0.063259243),
    (-0.028369709, 1.009995398, 0.021041441),
    (0.012314014, -0.020507649, 1.330365926),
)
_XYZ_TO_SRGB: Final[_Matrix] = (
    (3.240969942, -1.537383178, -0.498610760),
    (-0.969243636, 1.875967502, 0.041555057),
    (0.055630080, -0.203976959, 1.056971514),
)
_P3_TO_XYZ: Final[_Matrix] = (
    (0.486570949, 0.265667693, 0.198217285),
    (0.228974564, 0.691738522, 0.079286914),
    (0.0, 0.045113382, 1.043944369),
)
_TO_XYZ: Final = {"lab": "xyz-d50", "lch": "xyz-d50", "oklab": "xyz-d65", "oklch": "xyz-d65"}


class _InvalidError(Exception):
    """A value is invalid when it is computed (CSS Custom Properties 1, section 3.1)."""


def variables(declared: Mapping[str, Tokens], inherited: Variables) -> Variables:
    """Return the variables of an element: ``inherited``, and ``declared`` with theirs put in."""
    if not declared:
        return inherited
    known = {name: value for name, value in inherited.items() if name not in declared}
    pending = dict(declared)

    def resolve(name: str) -> None:
        tokens = pending.pop(name)  # so that what refers to itself finds nothing
        for reference in _references(tokens):
            if reference in pending:
                resolve(reference)
        try:
            known[name] = _substituted(tokens, known)
        except _InvalidError:
            known.pop(name, None)

    while pending:
        resolve(next(iter(pending)))
    return known


def resolved(tokens: Tokens, known: Variables) -> str | None:
    """Return a value with variables put in and colours as ``rgba()``; None if it is invalid."""
    try:
        value: str = tinycss2.serialize(_substituted(tokens, known))
    except _InvalidError:
        return None
    return value


def _references(tokens: Tokens) -> list[str]:
    found: list[str] = []
    for token in tokens:
        if token.type == "function":
            found += [each.value for each in token.arguments if each.type == "ident"]
            found += _references(token.arguments)
    return found


def _substituted(tokens: Tokens, known: Variables) -> Tokens:
    result: Tokens = []
    for token in tokens:
        if token.type != "function":
            result.append(token)
        elif token.lower_name == "var":
            result += _variable(token.arguments, known)
        else:
            arguments = _substituted(token.arguments, known)
            result += _function(FunctionBlock(0, 0, token.name, arguments))
        if len(result) > _MAX_TOKENS:  # variables that double
            raise _InvalidError
    return result


def _variable(arguments: Tokens, known: Variables) -> Tokens:
    """Return what ``var(--name, fallback)`` stands for."""
    name = next((each.value for each in arguments if each.type == "ident"), "")
    if name in known:
        return known[name]
    for place, each in enumerate(arguments):
        if each == ",":
            return _substituted(arguments[place + 1 :], known)
    raise _InvalidError


def _function(token: FunctionBlock) -> Tokens:
    if token.lower_name not in _COLOURS:
        return [token]
    colour = tinycss2.color4.parse_color(token)
    channels = colour and _srgb(colour)
    if not channels:
        return [token]
    red, green, blue = (round(255 * min(max(channel, 0), 1)) for channel in channels)
    text = f"rgba({red}, {green}, {blue}, {colour.alpha:.4f})"
    value: Tokens = tinycss2.parse_component_value_list(text)
    return value


def _srgb(colour: Any) -> tuple[float, ...] | None:
    """Return red, green and blue, outside of 0 to 1 where sRGB does not have the colour."""
    if space := _TO_XYZ.get(colour.space):
        colour = colour.to(space)
    values = tuple(value or 0.0 for value in colour.coordinates)
    match colour.space:
        case "srgb":
            return values
        case "srgb-linear":
            return tuple(map(_encoded, values))
        case "display-p3":
            values = _times(_P3_TO_XYZ, tuple(map(_linear, values)))
        case "xyz-d50":
            values = _times(_D50_TO_D65, values)
        case "xyz-d65":
            pass
        case _:
            return None
    return tuple(map(_encoded, _times(_XYZ_TO_SRGB, values)))


def _times(matrix: _Matrix, values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, values, strict=True)) for row in matrix)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - IEC 61966-2-1


def _encoded(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055  # noqa: PLR2004
