"""Numbers and dates as spreadsheets show them (ECMA-376, part 1, section 18.8.31), in English."""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

GENERAL: Final = "General"
BUILT_IN: Final = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: '"$"#,##0_);("$"#,##0)',
    6: '"$"#,##0_);[Red]("$"#,##0)',
    7: '"$"#,##0.00_);("$"#,##0.00)',
    8: '"$"#,##0.00_);[Red]("$"#,##0.00)',
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "m/d/yyyy",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "m/d/yyyy h:mm",
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    41: "#,##0_);(#,##0);-_)",
    42: '"$"#,##0_);("$"#,##0);"$"-_)',
    43: "#,##0.00_);(#,##0.00);-_)",
    44: '"$"#,##0.00_);("$"#,##0.00);"$"-_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
"""The formats that files name by number alone (section 18.8.30)."""

_TOKEN: Final = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|(?P<space>_.)|(?P<fill>\*.)'
    r"|\[(?P<elapsed>h+|m+|s+)\]|\[\$(?P<currency>[^\]-]*)[^\]]*\]"
    r"|\[(?P<condition>[<>=]+-?[\d.]+)\]|(?P<bracket>\[[^\]]*\])"
    r"|(?P<general>General)|(?P<noon>AM/PM|A/P|上午/下午)|(?P<date>y+|m+|d+|h+|s+|e+(?![+-]))"
    r"|(?P<second>(?<=s)\.0+)|(?P<exponent>E[+-])|(?P<fraction>/)|(?P<percent>%)"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<text>@)|(?P<literal>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)(-?[\d.]+)")
_DATED: Final = frozenset({"date", "elapsed", "noon"})
_LITERALS: Final = frozenset({"quoted", "escaped", "literal", "currency", "percent", "fraction"})
_MAX_FORMAT: Final = 255
_MAX_DIGITS: Final = 40
_GENERAL_WIDTH: Final = 10
_GENERAL_LIMIT: Final = 1e11
_GENERAL_LEAST: Final = 1e-9
_MAX_SERIAL: Final = 2_958_466
_LEAP_BUG: Final = 60
_SECONDS: Final = 86_400
_NOON: Final = 12


class _Token(NamedTuple):
    kind: str
    text: str


@lru_cache(maxsize=4096)  # columns repeat their dates and amounts
def shown(value: float, code: str, *, since_1904: bool = False) -> str:
    """Return a number as a cell of the format ``code`` shows it; dates count from 1900 or 1904."""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - not a number
        return str(value)
    if code == GENERAL:
        return _general(value)
    tokens, magnitude = _section(value, code[:_MAX_FORMAT])
    kinds = {token.kind for token in tokens}
    if kinds & _DATED:
        return _date(value, tokens, since_1904=since_1904)
    if "general" in kinds or not kinds - {"text", "bracket"}:
        return "".join(
            _general(magnitude) if token.kind in {"general", "text"} else _literal(token)
            for token in tokens
        ) or _general(value)
    return _number(magnitude, tokens).strip()


def _section(value: float, code: str) -> tuple[tuple[_Token, ...], float]:
    """Return the part of a format that applies, and the number that it is to show."""
    sections = _sections(code)
    for index, tokens in enumerate(sections):
        condition = next((token.text for token in tokens if token.kind == "condition"), None)
        if condition and _holds(value, condition):
            return tokens, abs(value) if index else value
    signed = len(sections) > 1
    index = 1 if signed and value < 0 else 2 if len(sections) > 2 and value == 0 else 0  # noqa: PLR2004
    return sections[index], abs(value) if signed else value


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[tuple[_Token, ...], ...]:
    tokens = [_Token(str(found.lastgroup), found[str(found.lastgroup)] or "")
              for found in _TOKEN.finditer(code)]  # fmt: skip
    parts: list[list[_Token]] = [[]]
    for token in tokens:
        if token == _Token("literal", ";"):
            parts.append([])
        else:
            parts[-1].append(token)
    return tuple(map(tuple, parts))


def _holds(value: float, condition: str) -> bool:
    found = _CONDITION.fullmatch(condition)
    if not found:
        return False
    try:
        limit = float(found[2])
    except ValueError:
        return False
    return {
        "<": value < limit,
        ">": value > limit,
        "=": value == limit,
        "<=": value <= limit,
        ">=": value >= limit,
        "<>": value != limit,
    }[found[1]]


def _literal(token: _Token) -> str:
    if token.kind == "space":
        return " "
    return token.text if token.kind in _LITERALS else ""


def _general(value: float) -> str:
    """Return a number in at most eleven characters, as cells without a format show it."""
    size = abs(value)
    if size < _GENERAL_LIMIT and value == int(value):
        return str(int(value))
    if size > _GENERAL_LEAST and len(plain := repr(value)) <= _GENERAL_WIDTH and "e" not in plain:
        return plain
    if size >= _GENERAL_LIMIT or 0 < size < _GENERAL_LEAST:
        mantissa, _, exponent = f"{value:.5E}".partition("E")
        trimmed = mantissa.rstrip("0").rstrip(".")
        return f"{trimmed}E{exponent}"
    places = max(_GENERAL_WIDTH - len(str(int(size))), 0)
    text = f"{_rounded(value, places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _rounded(value: float, places: int) -> Decimal:
    exact = Decimal(repr(value))
    if exact.adjusted() + places > _MAX_DIGITS:
        return exact
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _number(value: float, tokens: tuple[_Token, ...]) -> str:
    kinds = [token.kind for token in tokens]
    value *= 100 ** kinds.count("percent")
    if "exponent" in kinds:
        return _scientific(value, tokens)
    if "fraction" in kinds and "digit" in kinds[kinds.index("fraction") :]:
        return _fractional(value, tokens)
    if "digit" not in kinds:
        sign = "-" if value < 0 and "general" not in kinds else ""
        return sign + "".join(map(_literal, tokens))
    last = max(index for index, kind in enumerate(kinds) if kind in {"digit", "point"})
    scale = next((n for n, kind in enumerate([*kinds[last + 1 :], ""]) if kind != "comma"), 0)
    return _filled(_Number.of(value / 1000**scale, tokens), tokens)


class _Number(NamedTuple):
    """The digits of a number that a format shows: before and behind the point."""

    negative: bool
    whole: str
    decimals: str

    @classmethod
    def of(cls, value: float, tokens: tuple[_Token, ...]) -> "_Number":
        kinds = [token.kind for token in tokens]
        point = kinds.index("point") if "point" in kinds else len(tokens)
        before = [token.text for token in tokens[:point] if token.kind == "digit"]
        behind = [token.text for token in tokens[point:] if token.kind == "digit"]
        rounded = _rounded(value, len(behind))
        whole, _, decimals = f"{abs(rounded):f}".partition(".")
        least = len("".join(behind).rstrip("#"))
        decimals = decimals[:least] + decimals[least:].rstrip("0")
        whole = whole.lstrip("0").rjust(before.count("0"), "0")
        grouped = "comma" in kinds[: _last_digit(kinds[:point])]
        return cls(rounded < 0, _grouped(whole) if grouped else whole, decimals)


def _last_digit(kinds: list[str]) -> int:
    return max((index for index, kind in enumerate(kinds) if kind == "digit"), default=0)


def _grouped(whole: str) -> str:
    return f"{int(whole):,}".rjust(len(whole), "0") if whole else ""


def _filled(number: _Number, tokens: tuple[_Token, ...]) -> str:
    """Return the format with the digits in it; signs between the digits keep their places."""
    kinds = [token.kind for token in tokens]
    point = kinds.index("point") if "point" in kinds else len(tokens)
    whole = list(_placed(number.whole, tokens[:point]))
    decimals = iter(number.decimals)
    shown_point = "." if point < len(tokens) else ""
    behind = (
        next(decimals, "") if token.kind == "digit" else _literal(token) for token in tokens[point:]
    )
    return ("-" if number.negative else "") + "".join([*whole, shown_point, *behind])


def _placed(whole: str, tokens: tuple[_Token, ...]) -> Iterator[str]:
    """Yield the signs before the point, digits dealt to their places from the right."""
    places = sum(token.kind == "digit" for token in tokens)
    first = True
    for token in tokens:
        if token.kind != "digit":
            yield _literal(token)
            continue
        places -= 1
        take = len(whole) - places - (places and _commas(whole, places))
        if (first or take > 0) and whole:
            head, whole = whole[: max(take, 0)], whole[max(take, 0) :]
            yield head
        first = False


def _commas(whole: str, places: int) -> int:
    """Return how many commas stand among the last ``places`` digits."""
    digits = commas = 0
    for character in reversed(whole):
        if digits == places:
            break
        digits += character != ","
        commas += character == ","
    return commas


def _scientific(value: float, tokens: tuple[_Token, ...]) -> str:
    kinds = [token.kind for token in tokens]
    split = kinds.index("exponent")
    places = kinds[kinds.index("point") : split].count("digit") if "point" in kinds[:split] else 0
    mantissa, _, exponent = f"{value:.{places}E}".partition("E")
    width = kinds[split:].count("digit")
    sign = exponent[0] if exponent[0] == "-" or tokens[split].text.endswith("+") else ""
    return f"{mantissa}E{sign}{exponent[1:].lstrip('0').rjust(width, '0')}"


def _fractional(value: float, tokens: tuple[_Token, ...]) -> str:
    code = "".join(token.text for token in tokens)
    below = code.partition("/")[2].strip()
    mixed = " " in code.partition("/")[0].strip()
    whole = int(abs(value)) if mixed else 0
    rest = Fraction(abs(value)) - whole
    fixed = below.isdigit() and int(below) > 0
    part = (
        Fraction(round(rest * int(below)), int(below))
        if fixed
        else rest.limit_denominator(10 ** min(len(below), 4) - 1 or 1)
    )
    if part == 1 and mixed:
        whole, part = whole + 1, Fraction(0)
    sign = "-" if value < 0 else ""
    above = round(part * int(below)) if fixed else part.numerator
    shown_part = f"{above}/{below if fixed else part.denominator}" if part or not mixed else ""
    shown_whole = str(whole) if whole or not shown_part else ""
    return sign + " ".join(filter(None, (shown_whole, shown_part)))


def _date(value: float, tokens: tuple[_Token, ...], *, since_1904: bool) -> str:
    if not 0 <= value < _MAX_SERIAL:
        return _general(value)
    places = next((len(token.text) - 1 for token in tokens if token.kind == "second"), 0)
    seconds = _rounded(value * _SECONDS, places)
    moment = _moment(int(seconds), since_1904=since_1904)
    twelve = any(token.kind == "noon" for token in tokens)
    clock = [token for token in tokens if token.kind in _DATED | {"second"}]
    minutes = _minutes(clock)
    parts = []
    for token in tokens:
        if token.kind == "date":
            is_minute = id(token) in minutes
            parts.append(_field(moment, token.text.lower(), twelve=twelve, is_minute=is_minute))
        elif token.kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[token.text[0].lower()]
            parts.append(str(int(seconds) // unit).rjust(len(token.text), "0"))
        elif token.kind == "noon":
            parts.append(_half(moment, token.text))
        elif token.kind == "second":
            parts.append(f"{seconds % 1:.{places}f}"[1:])
        else:
            parts.append(_punctuation(token))
    return "".join(parts).strip()


def _half(moment: dt.datetime, code: str) -> str:
    half = "AM" if moment.hour < _NOON else "PM"
    return half[: len(code) // 2]


def _punctuation(token: _Token) -> str:
    return token.text if token.kind in {"point", "comma"} else _literal(token)


def _moment(seconds: int, *, since_1904: bool) -> dt.datetime:
    """Return the date of a serial number; 1900 had no 29 February, though serials count one."""
    start = dt.datetime(1904, 1, 1) if since_1904 else dt.datetime(1899, 12, 30)  # noqa: DTZ001
    if not since_1904 and seconds < _LEAP_BUG * _SECONDS:
        start += dt.timedelta(days=1)
    return start + dt.timedelta(seconds=seconds)


def _minutes(clock: list[_Token]) -> set[int]:
    """Return which tokens of months mean minutes: those behind hours or before seconds."""
    found = set()
    for before, token, after in zip([None, *clock], clock, [*clock[1:], None], strict=False):
        if token.text[:1].lower() == "m" and token.kind == "date":
            follows = before is not None and before.text[:1].lower() == "h"
            leads = after is not None and after.text[:1].lower() == "s"
            if follows or leads:
                found.add(id(token))
    return found


def _field(moment: dt.datetime, code: str, *, twelve: bool, is_minute: bool) -> str:
    letter, length = code[0], len(code)
    if letter in "ye":
        return f"{moment.year:04}" if length > 2 or letter == "e" else f"{moment.year % 100:02}"  # noqa: PLR2004
    if letter == "m" and not is_minute:
        return _named(moment, "%B", moment.month, length)
    if letter == "d":
        return _named(moment, "%A", moment.day, length)
    hour = (moment.hour % _NOON or _NOON) if twelve else moment.hour
    number = {"h": hour, "m": moment.minute, "s": moment.second}[letter]
    return f"{number:0{min(length, 2)}}"


def _named(moment: dt.datetime, directive: str, number: int, length: int) -> str:
    """Return a month or day: 1 or 2 letters are its number, 3 its short name, 5 its initial."""
    if length <= 2:  # noqa: PLR2004
        return f"{number:0{length}}"
    name = moment.strftime(directive)
    return {3: name[:3], 5: name[:1]}.get(length, name)
