"""Which bytes a Range header asks for (RFC 9110, section 14)."""

import re

from core.errors import ErrorCode, MediaError

MAX_RANGES = 100
"""A header that lists more ranges than this is ignored (RFC 9110, section 14.2)."""

# Bounded digits: int() refuses more than 4300 of them, and no size has 1000.
_RANGE = re.compile(r"([0-9]{1,1000})-([0-9]{0,1000})|-([0-9]{1,1000})")
_UNIT = "bytes="
_OWS = " \t"


class RangeNotSatisfiableError(MediaError):
    """Raised when no range of a valid header holds a byte of the object (``size`` bytes).

    ``headers`` belong on the 416 response (RFC 9110, section 15.5.17).
    """

    code = ErrorCode.RANGE_NOT_SATISFIABLE

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes; none of the requested ranges lies within it.")
        self.size = size
        self.headers = {"content-range": f"bytes */{size}", "accept-ranges": "bytes"}


def parse_range(header: str | None, size: int) -> list[tuple[int, int]] | None:
    """Return the ``(start, stop)`` pairs, stop exclusive, that ``header`` asks of ``size`` bytes.

    None means: serve the object in full. That is so when the header is absent, names another
    unit, is malformed, or lists more than ``MAX_RANGES`` ranges; a server may ignore it then
    (RFC 9110, section 14.2). Ranges that overlap or touch become one (section 15.3.7.2), and
    what remains keeps the order in which the client asked for it.

    An empty object has no byte that a Content-Range could name. ``bytes=0-`` is unsatisfiable
    there, because its first position is not below the length; a suffix range of non-zero length
    is satisfiable and selects the whole, empty object, so it is served in full (section 14.1.2).

    Raises:
        RangeNotSatisfiableError: The header is valid and no range of it is satisfiable.
    """
    specs = _parse_specs(header) if header is not None else None
    if specs is None:
        return None
    spans = [span for first, last in specs if (span := _resolve(first, last, size))]
    if spans:
        return _coalesce(spans)
    if size == 0 and any(first is None and last for first, last in specs):
        return None
    raise RangeNotSatisfiableError(size)


def _parse_specs(header: str) -> list[tuple[int | None, int | None]] | None:
    """Return ``(first, last)`` as written; first is None in a suffix, last in an open range."""
    value = header.strip(_OWS)
    if value[: len(_UNIT)].lower() != _UNIT:
        return None
    # Empty list elements count for nothing (RFC 9110, section 5.6.1.2).
    texts = [text for item in value[len(_UNIT) :].split(",") if (text := item.strip(_OWS))]
    if not 0 < len(texts) <= MAX_RANGES:
        return None
    specs = [_parse_spec(text) for text in texts]
    valid = [spec for spec in specs if spec is not None]
    return valid if len(valid) == len(specs) else None


def _parse_spec(text: str) -> tuple[int | None, int | None] | None:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix:
        return None, int(suffix)
    start, end = int(first), int(last) if last else None
    return None if end is not None and end < start else (start, end)


def _resolve(first: int | None, last: int | None, size: int) -> tuple[int, int] | None:
    """Return the bytes that a range selects, or None if there are none."""
    if first is None:
        start, stop = max(size - (last or 0), 0), size
    else:
        start, stop = first, size if last is None else min(last + 1, size)
    return (start, stop) if start < stop else None


def _coalesce(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that overlap or touch; each joined span stands where its earliest part stood."""
    joined: list[tuple[int, int, int]] = []
    for start, stop, place in sorted((*span, place) for place, span in enumerate(spans)):
        if joined and start <= joined[-1][1]:
            first, last, earliest = joined[-1]
            joined[-1] = (first, max(last, stop), min(earliest, place))
        else:
            joined.append((start, stop, place))
    return [(start, stop) for start, stop, _ in sorted(joined, key=lambda span: span[2])]
