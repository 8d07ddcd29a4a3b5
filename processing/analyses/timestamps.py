"""Dates as files write them, as RFC 3339 timestamps."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

_EXIF: Final = "%Y:%m:%d %H:%M:%S"
_PDF: Final = re.compile(
    r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([-+Z])(?:(\d\d)'?(?:(\d\d)'?)?)?)?",
    re.ASCII,
)
_FIRST: Final = (1, 1, 1, 0, 0, 0)


def from_exif(value: Any, offset: Any = None) -> str | None:
    """Return EXIF's ``2024:05:01 12:30:00`` as a timestamp; None if it is none.

    Without ``offset`` (``+02:00``) it is the camera's local time and says no offset
    (Exif 2.32, section 4.6.5, DateTimeOriginal and OffsetTimeOriginal).
    """
    try:
        found = datetime.strptime(str(value).strip("\0 "), _EXIF)  # noqa: DTZ007 - see above
        local = found.isoformat()
        return from_iso(local + str(offset).strip("\0 ")) or local
    except ValueError:
        return None


def from_iso(value: Any) -> str | None:
    """Return an ISO 8601 timestamp in its usual form; None if it is none."""
    try:
        return datetime.fromisoformat(str(value).strip()).isoformat().replace("+00:00", "Z")
    except ValueError:
        return None


def from_pdf(value: str) -> str | None:
    """Return a PDF date as a timestamp; None if it is none.

    ``D:YYYYMMDDHHmmSSOHH'mm'`` (ISO 32000-2, section 7.9.4); without an offset it is UTC.
    """
    found = _PDF.match(value)
    if found is None:
        return None
    *fields, sign, hours, minutes = found.groups()
    try:
        date = datetime(*_numbers(fields), tzinfo=_zone(sign, hours, minutes))
    except ValueError:
        return None
    return date.isoformat().replace("+00:00", "Z")


def _numbers(fields: list[str | None]) -> tuple[int, int, int, int, int, int]:
    numbers = [int(field) if field else first for field, first in zip(fields, _FIRST, strict=True)]
    year, month, day, hour, minute, second = numbers
    return year, month, day, hour, minute, second


def _zone(sign: str | None, hours: str | None, minutes: str | None) -> timezone:
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if sign in (None, "Z"):
        return UTC
    return timezone(-offset if sign == "-" else offset)
