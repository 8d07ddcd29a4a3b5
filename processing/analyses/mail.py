"""The headers of an e-mail message that people look for (RFC 5322, section 3.6)."""

from email.errors import HeaderParseError
from email.header import decode_header
from email.parser import HeaderParser
from email.utils import parsedate_to_datetime
from typing import Any, Final

from processing.charset import with_utf_8_head

_MAX_HEAD: Final = 256 * 1024
_LONGEST: Final = 2_000
_NAMES: Final = {"subject": "Subject", "from": "From", "to": "To"}


def headers(data: bytes) -> dict[str, Any]:
    """Return ``subject``, ``from``, ``to`` and ``sent_at`` of a message, as far as it has them."""
    head = with_utf_8_head(data[:_MAX_HEAD]).decode("utf-8", "replace")
    message = HeaderParser().parsestr(head)
    found: dict[str, Any] = {key: _decoded(message.get(name)) for key, name in _NAMES.items()}
    return found | {"sent_at": _sent_at(message.get("Date"))}


def _decoded(value: Any) -> str | None:
    """Return a header with its encoded words read (RFC 2047)."""
    if value is None:
        return None
    raw = str(value)[:_LONGEST]
    try:
        words = decode_header(raw)
        return "".join(
            word if isinstance(word, str) else word.decode(charset or "utf-8", "replace")
            for word, charset in words
        )
    except (HeaderParseError, LookupError, ValueError):
        return raw


def _sent_at(value: Any) -> str | None:
    try:
        return parsedate_to_datetime(str(value)[:100]).isoformat()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
