"""The Content-Disposition header: how a file presents itself and what it is called."""

import unicodedata
from typing import Literal
from urllib.parse import quote

Disposition = Literal["inline", "attachment"]

_ATTR_CHAR = "!#$&+-.^_`|~"
"""What RFC 8187, section 3.2.1, leaves unencoded besides letters and digits."""

# RFC 6266, appendix D: user agents disagree on backslashes and percent signs in a quoted string.
_UNSAFE_IN_FALLBACK = frozenset('"\\%/')


def content_disposition(kind: Disposition, filename: str) -> str:
    """Return the header's value for any ``filename``, printable ASCII whatever the name holds.

    ``filename="…"`` carries the name, or a plain look-alike of it where it is not safe ASCII;
    ``filename*=UTF-8''…`` then follows with the exact name (RFC 6266, section 4.3; RFC 8187,
    section 3.2). Lone surrogates, which UTF-8 cannot carry, become ``?``. An empty name is left
    out.
    """
    if not filename:
        return kind
    fallback = _fallback(filename)
    plain = f'{kind}; filename="{fallback}"'
    if fallback == filename:
        return plain
    return f"{plain}; filename*=UTF-8''{quote(filename, safe=_ATTR_CHAR, errors='replace')}"


def _fallback(filename: str) -> str:
    """Return ``filename`` without accents, with ``_`` for all else that is not safe ASCII."""
    if filename.isascii():
        letters = filename
    else:
        decomposed = unicodedata.normalize("NFKD", filename)
        letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return "".join(char if _is_safe(char) else "_" for char in letters)


def _is_safe(char: str) -> bool:
    return char.isascii() and char.isprintable() and char not in _UNSAFE_IN_FALLBACK
