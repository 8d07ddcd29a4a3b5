"""Names in the heads of multipart parts, in every form that clients send them.

A browser sends UTF-8 and escapes only ``"``, CR and LF, as ``%22``, ``%0D`` and ``%0A`` (HTML
standard, "Multipart form data"). Other clients send other forms, which are decoded only where a
browser's name is not meant:

- ``filename*=utf-8''…`` wins over ``filename`` (RFC 6266, 4.3; RFC 8187). .NET and older urllib3
  send it, although RFC 7578, 4.2 forbids it.
- ``filename="=?utf-8?B?…?="`` (RFC 2047) comes from .NET and Spring. The whole name must consist
  of encoded words.
- ``filename="f%C3%A4.txt"`` comes from aiohttp, which escapes all but ASCII letters, digits and
  ``_.-~``. The name must be exactly what such escaping gives, and hold a character beyond ASCII:
  ``100%25.txt`` and ``a%20b.txt`` are names that people's files have, and stay as they are.
- Bytes that are not valid UTF-8 are Windows-1252, which is Latin-1 as browsers read it.
"""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Final
from urllib.parse import quote, unquote, unquote_to_bytes

from multipart import content_disposition_unquote, parse_options_header

# The encodings of text in use; Python has others, such as unicode_escape.
_CHARSET: Final = (
    r"utf-8|us-ascii|iso-8859-\d\d?|windows-\d{3,4}|koi8-[ru]"
    r"|shift_jis|euc-jp|iso-2022-jp|euc-kr|gb2312|gbk|gb18030|big5"
)
_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\])*"')
_EXTENDED: Final = re.compile(
    rf";\s*filename\*\s*=\s*({_CHARSET})'[\w-]*'([^\s;\"']+)", re.ASCII | re.IGNORECASE
)
_WORD: Final = rf"=\?(?:{_CHARSET})\?[BQ]\?[^?\s]*\?="
_WORDS: Final = re.compile(rf"{_WORD}(?:\s+{_WORD})*", re.ASCII | re.IGNORECASE)


def file_name(disposition: str, otherwise: str | None = None) -> str | None:
    """Return the file name in a ``Content-Disposition`` header whose bytes were read as Latin-1.

    ``otherwise`` is the ``filename`` if the header is not well-formed; None means no name.
    """
    extended = _EXTENDED.search(_QUOTED.sub('""', disposition))
    name = _extended_decoded(*extended.groups()) if extended else None
    if name is not None:
        return name
    _, options = parse_options_header(disposition, unquote=_unquoted)
    plain = options.get("filename", otherwise)
    return None if plain is None else decoded(plain)


def decoded(text: str) -> str:
    """Return text that was read as Latin-1 as UTF-8 if that is valid, else as Windows-1252."""
    raw = text.encode("latin-1")
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return text


def _extended_decoded(charset: str, value: str) -> str | None:
    try:
        return unquote_to_bytes(value).decode(charset)
    except (LookupError, UnicodeDecodeError):
        return None  # ignored, as if it were not there (RFC 8187, 3.2.1)


def _unquoted(value: str, is_filename: bool = False) -> str:  # noqa: FBT001, FBT002 - the parser's way to call it
    """Return a parameter without quotes and escapes, still read as Latin-1."""
    inner = value[1:-1] if value.startswith('"') else value
    name = (_words_decoded(inner) or _aiohttp_decoded(inner)) if is_filename else None
    return content_disposition_unquote(value) if name is None else name.encode().decode("latin-1")


def _words_decoded(name: str) -> str | None:
    if not _WORDS.fullmatch(name):
        return None
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, UnicodeDecodeError):
        return None


def _aiohttp_decoded(name: str) -> str | None:
    meant = unquote(name)
    return meant if not meant.isascii() and quote(meant, safe="") == name else None
