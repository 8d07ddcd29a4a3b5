"""Whether bytes are text, in any encoding, and the characters of their beginning."""

import codecs
import re
import unicodedata
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WRITTEN: Final = bytes([*range(7, 14), 27, *range(32, 127), *range(128, 256)])
"""Bytes that texts hold: no controls but bell to carriage return, and escape."""

_CONTROLS: Final = dict.fromkeys((*range(7, 14), 27))
_END_OF_FILE: Final = b"\x1a"  # CP/M and DOS ended and filled texts with it
_WIDE_BYTES: Final = 2048
_MOST_UNLIKELY: Final = 0.02
_ENOUGH: Final = 4
_FEW_SCRIPTS: Final = 4
_ODD: Final = frozenset({"Cc", "Cn", "Co", "Cs"})
_EAST_ASIAN: Final = re.compile(r"[\s\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef]")


def decoded(head: bytes) -> str | None:
    """Return the beginning of a text without its byte-order mark; None if it is not text.

    What is neither Unicode nor binary is some older encoding: its ASCII characters are right.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            text = _strictly(head[len(mark) :], encoding)
            return text if text is not None and not _has_controls(text) else None
    content = head.rstrip(_END_OF_FILE)
    if content and not content.translate(None, _WRITTEN):
        text = _strictly(content, "utf-8")
        return content.decode("latin-1") if text is None else text
    wide = utf_16_without_mark(head)
    return head.decode(wide, "replace") if wide else None


def utf_16_without_mark(head: bytes) -> str | None:
    """Return ``utf-16-le`` or ``utf-16-be`` for text in UTF-16 without a byte-order mark."""
    return next((name for name in ("utf-16-le", "utf-16-be") if _is_wide(head, name)), None)


def is_utf8(head: bytes) -> bool:
    """Tell whether bytes are text in UTF-8 or ASCII, cut off anywhere."""
    return not head.translate(None, _WRITTEN) and _strictly(head, "utf-8") is not None


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(data)  # may be cut off
    except UnicodeDecodeError:
        return None


def _has_controls(text: str) -> bool:
    return any(ord(char) < ord(" ") for char in set(text.translate(_CONTROLS)))


def _is_wide(head: bytes, encoding: str) -> bool:
    """Tell whether bytes are UTF-16: nearly all of them characters in use, and some blanks."""
    sample = _strictly(head[:_WIDE_BYTES], encoding) or ""
    if len(sample) < _ENOUGH or not {" ", "\n", "\u3000", "\u3002"} & set(sample):
        return False
    odd = sum(unicodedata.category(char) in _ODD and char not in "\t\n\r\f" for char in sample)
    if odd > len(sample) * _MOST_UNLIKELY or "\0" in sample:
        return False
    scripts = {ord(char) >> 8 for char in sample}
    east_asian = len(_EAST_ASIAN.findall(sample))
    return len(scripts) <= _FEW_SCRIPTS or east_asian > len(sample) * 0.9
