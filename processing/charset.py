"""The encoding of texts: told by a mark, by who sent them, or found in their bytes."""

import codecs
import re
from collections.abc import Collection, Iterator
from typing import Final

import chardet

from processing.identification.text import utf_16_without_mark

_SAMPLE_BYTES: Final = 64 * 1024
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FALLBACK: Final = "cp1252"
_WINDOWS: Final = tuple(f"cp125{number}" for number in (2, 1, 0, 3, 4, 5, 6, 7, 8))
_ISO: Final = tuple(f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16))
_MAC: Final = ("mac-roman", "mac-cyrillic", "mac-greek", "mac-latin2", "mac-turkish")
_DOS: Final = ("cp437", "cp737", "cp850", "cp852", "cp855", "cp857", "cp862", "cp864", "cp866")
_ASIAN: Final = ("cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949", "euc_kr", "tis-620")
_LEGACY: Final = (*_WINDOWS, *_ISO, "koi8-r", "koi8-u", *_MAC, *_DOS, *_ASIAN)
"""The encodings before Unicode that texts are found in, the commoner first."""

_SEVEN_BIT: Final = ("iso2022_jp_2", "iso2022_jp_2004", "iso2022_kr", "hz")
_MOST_ZEROS: Final = 0.7
_NO_MATCH: Final = "utf-8"
_ASCII: Final = bytes(range(0x80))
_SIGNS: Final = bytes(
    [*b"\x80\x82\x8b\x9b\xd7\xf7", *range(0x84, 0x8A), *range(0x91, 0x9A), *range(0xA0, 0xC0)]
)
"""Quotation marks, dashes and symbols of windows-1252: alone in English, they tell no language."""

_IMPLAUSIBLE: Final = re.compile(
    "[A-Za-z\u00c0-\u024f][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z\u00c0-\u024f]|[\x80-\x9f]"
)
"""Latin beside Greek, Cyrillic, Hebrew or Arabic letters in one word, and C1 controls."""

_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_MOST_IMPLAUSIBLE: Final = 0.05
_ESCAPES: Final = (b"\x1b$", b"\x1b(", b"~{")
"""What begins another set of characters in texts of seven bits (ISO 2022, HZ)."""


def decoded(data: bytes, charset: str | None = None) -> str:
    """Return bytes as text: by byte-order mark, ``charset``, UTF-8, or what they look like.

    Never raises; what does not decode is U+FFFD.
    """
    return data.decode(encoding(data, charset), "replace").removeprefix("\ufeff")


def encoding(data: bytes, charset: str | None = None) -> str:
    """Return Python's name for the encoding of bytes, found in their first 64 KB."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    if charset and _decodes(data[:_SAMPLE_BYTES], charset):
        return charset
    sample = data[:_SAMPLE_BYTES]
    if wide := utf_16_without_mark(sample) or _wide(sample):  # before UTF-8, where zeros are legal
        return wide
    if sample.isascii() and any(mark in sample for mark in _ESCAPES):
        return next(_likely(sample, _SEVEN_BIT), "utf-8")
    return "utf-8" if _decodes(data, "utf-8") else _guessed(sample)


def _decodes(data: bytes, charset: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(charset)("strict")
        return isinstance(decoder.decode(data), str)  # a character cut off at the end is no error
    except (LookupError, ValueError, TypeError, AssertionError):
        return False


def _wide(sample: bytes) -> str | None:
    """Return UTF-16 without a mark: text of which nearly every other byte is zero."""
    half = len(sample) // 2
    for name, zeros in zip(("utf-16-le", "utf-16-be"), (sample[1::2], sample[::2]), strict=True):
        if half and zeros.count(0) > half * _MOST_ZEROS:
            return name
    return None


def _guessed(sample: bytes) -> str:
    """Return the likeliest legacy encoding in which no words mix scripts."""
    high = sample.translate(None, _ASCII)
    if not high.translate(None, _SIGNS):
        return _FALLBACK
    most = len(high) * _MOST_IMPLAUSIBLE
    plausible = (name for name in _likely(sample, _LEGACY) if _implausible(sample, name) <= most)
    return _commonest(sample, next(plausible, _FALLBACK))


def _commonest(sample: bytes, name: str) -> str:
    """Return the commonest encoding in which a sample reads as it does in ``name``."""
    text = sample.decode(name, "replace")
    return next((like for like in _LEGACY if sample.decode(like, "replace") == text), name)


def _likely(sample: bytes, among: Collection[str]) -> Iterator[str]:
    matches = chardet.detect_all(
        sample,
        ignore_threshold=True,
        include_encodings=(*among, _NO_MATCH),
        compat_names=False,
        no_match_encoding=_NO_MATCH,
    )
    names = (match["encoding"] or "" for match in matches)
    return (name for name in names if name in among)


def _implausible(sample: bytes, encoding: str) -> int:
    return len(_IMPLAUSIBLE.findall(sample.decode(encoding, "replace")))


def with_utf_8_head(data: bytes) -> bytes:
    """Return a mail message with its head in UTF-8, whatever raw 8-bit characters it had.

    RFC 6532, section 3.1, allows UTF-8 there; older programs write their own encoding.
    """
    head, blank, body = _halves(data)
    if head.isascii() or _decodes(head, "utf-8"):
        return data
    return head.decode(encoding(head), "replace").encode() + blank + body


def _halves(data: bytes) -> tuple[bytes, bytes, bytes]:
    found = _BLANK_LINE.search(data)
    return (data[: found.start()], found[0], data[found.end() :]) if found else (data, b"", b"")
