"""What the preconditions of a request make of it (RFC 9110, section 13)."""

import re
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from typing import NamedTuple

from starlette.datastructures import Headers

from core.errors import ErrorCode, MediaError

# Possessive whitespace keeps the match linear on hostile headers.
_LIST_ITEM = re.compile(r'[ \t]*+(?:(W/)?("[\x21\x23-\x7e\x80-\xff]*+"))?[ \t]*+(?:,|\Z)')

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = "|".join(_MONTHS)
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATE_FORMS = (
    re.compile(
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>[0-9]{{2}}) (?P<month>{_MONTH})"
        rf" (?P<year>[0-9]{{4}}) {_TIME} GMT"
    ),
    re.compile(
        rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>[0-9]{{2}})-(?P<month>{_MONTH})"
        rf"-(?P<year>[0-9]{{2}}) {_TIME} GMT"
    ),
    re.compile(
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>{_MONTH}) (?P<day>[0-9]{{2}}| [0-9])"
        rf" {_TIME} (?P<year>[0-9]{{4}})"
    ),
)


class Verdict(Enum):
    """What to answer: the representation, 304 or 412."""

    FULL = "full"
    NOT_MODIFIED = "not_modified"
    PRECONDITION_FAILED = "precondition_failed"


class Outcome(NamedTuple):
    """The verdict, and whether a Range header, if there is one, is to be looked at."""

    verdict: Verdict
    range_applies: bool = False


class PreconditionFailedError(MediaError):
    """Raised when If-Match, If-Unmodified-Since or If-None-Match rules the request out (412)."""

    code = ErrorCode.PRECONDITION_FAILED

    def __init__(self) -> None:
        super().__init__("The file is not in the state that the request's preconditions ask for.")


def field(headers: Headers, name: str) -> str | None:
    """Return a field's value, its lines joined by ``", "`` (RFC 9110, section 5.2), or None."""
    lines = headers.getlist(name)
    return ", ".join(lines) if lines else None


def http_date(moment: datetime) -> str:
    """Return an aware UTC ``moment`` as an IMF-fixdate (RFC 9110, section 5.6.7)."""
    return format_datetime(moment, usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """Return the UTC moment of an HTTP-date in any of its three forms, None if it is not one.

    Two-digit years that would lie over 50 years ahead are in the past (RFC 9110, section 5.6.7).
    """
    matches = (form.fullmatch(text.strip(" \t")) for form in _DATE_FORMS)
    match = next(filter(None, matches), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:  # noqa: PLR2004 - the two-digit form
        year = _full_year(year)
    hour, minute, second = (int(match[part]) for part in ("hour", "minute", "second"))
    month = _MONTHS.index(match["month"]) + 1
    try:
        return datetime(year, month, int(match["day"]), hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _full_year(two_digits: int) -> int:
    this_year = datetime.now(UTC).year
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + 50 else year


def evaluate(headers: Headers, etag: str, last_modified: datetime, method: str) -> Outcome:
    """Weigh the preconditions in the order of RFC 9110, section 13.2.2. Never raises.

    ``etag`` is the current strong entity tag with its quotes; ``last_modified`` is aware UTC and
    counts to the second. What cannot be parsed is ignored where it is a date, and matches nothing
    where it is an entity tag. A Range header applies to GET alone (section 14.2).
    """
    modified = last_modified.replace(microsecond=0)
    if not _state_is_expected(headers, etag, modified):
        return Outcome(Verdict.PRECONDITION_FAILED)
    reading = method in ("GET", "HEAD")
    none_match = field(headers, "if-none-match")
    if none_match is not None:
        if _names(none_match, etag, weak=True):
            return Outcome(Verdict.NOT_MODIFIED if reading else Verdict.PRECONDITION_FAILED)
    elif reading and (since := _date(headers, "if-modified-since")) and modified <= since:
        return Outcome(Verdict.NOT_MODIFIED)
    return Outcome(Verdict.FULL, method == "GET" and _range_is_current(headers, etag, modified))


def _state_is_expected(headers: Headers, etag: str, modified: datetime) -> bool:
    """Steps 1 and 2: If-Match, or else If-Unmodified-Since."""
    match = field(headers, "if-match")
    if match is not None:
        return _names(match, etag, weak=False)
    unmodified_since = _date(headers, "if-unmodified-since")
    return unmodified_since is None or modified <= unmodified_since


def _range_is_current(headers: Headers, etag: str, modified: datetime) -> bool:
    """Step 5: If-Range, by strong comparison or by the exact date (section 13.1.5).

    The date counts as a strong validator because the bytes behind an entity never change.
    """
    value = field(headers, "if-range")
    return value is None or value.strip(" \t") == etag or parse_http_date(value) == modified


def _date(headers: Headers, name: str) -> datetime | None:
    value = field(headers, name)
    return None if value is None else parse_http_date(value)


def _names(value: str, etag: str, *, weak: bool) -> bool:
    """Tell whether ``*`` or the list in ``value`` names ``etag`` (section 8.8.3.2)."""
    if value.strip(" \t") == "*":
        return True
    found = False
    position = 0
    while position < len(value):
        item = _LIST_ITEM.match(value, position)
        if item is None:
            return False
        found = found or (item[2] == etag and (weak or item[1] is None))
        position = item.end()
    return found
