"""What an analysis may say: strict JSON of bounded size, whatever the file holds."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

MAX_BYTES: Final = 256 * 1024
"""The most that one analysis takes, as UTF-8."""

MAX_STRING: Final = 2_000
MAX_ITEMS: Final = 100
_STRICTER: Final = (MAX_STRING, 500, 100)
_INTEGER_LIMIT: Final = 2**63

Parts = Iterator[dict[str, Any]]
"""What an analyser says, piece by piece: what came before an error is kept."""


def encoded(answer: Mapping[str, Any]) -> bytes:
    """Return ``answer`` as UTF-8 JSON of at most 256 KiB, without NaN or lone surrogates.

    Strings are cut at 2,000 characters (fewer if the whole is too large), lists and objects at
    100 members.
    """
    data = b""
    for longest in _STRICTER:
        strict = _strict(answer, longest)
        data = json.dumps(strict, ensure_ascii=False, allow_nan=False).encode()
        if len(data) <= MAX_BYTES:
            break
    return data


def known(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``part`` knows: without the keys, on any level, that have no value."""
    pairs = [(key, _known(item)) for key, item in part.items()]
    return {key: item for key, item in pairs if item not in (None, {}, [])}


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return known(value)
    if isinstance(value, list | tuple):
        return [_known(item) for item in value[:MAX_ITEMS]]
    return text(value) if isinstance(value, str | bytes) else _number(value)


def _strict(value: Any, longest: int) -> Any:
    if isinstance(value, Mapping):
        pairs = list(value.items())[:MAX_ITEMS]
        return {key: _strict(item, longest) for key, item in pairs}
    if isinstance(value, list | tuple):
        return [_strict(item, longest) for item in value[:MAX_ITEMS]]
    if isinstance(value, str):
        return text(value, longest) or ""
    return _number(value)


def _number(value: Any) -> bool | int | float | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _INTEGER_LIMIT else None
    return number(value)


def number(value: Any) -> float | None:
    """Return ``value`` as a finite number, rounded to 6 decimals; None if it is not one."""
    try:
        found = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not math.isfinite(found):
        return None
    return int(found) if found.is_integer() else round(found, 6)


def text(value: Any, longest: int = MAX_STRING) -> str | None:
    """Return ``value`` as clean text: no control characters, no lone surrogates; None if empty."""
    if isinstance(value, bytes):
        value = _decoded(value[: 4 * longest])
    whole = str(value)[: 4 * longest].encode("utf-8", "replace").decode()
    clean = "".join(letter for letter in whole if letter.isprintable() or letter in "\n\t")
    return clean.strip(" \n")[:longest] or None  # a tab may be a delimiter


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
