"""The encoding of texts: told by a mark, by who sent them, or found in their bytes."""

import codecs
from typing import Final

from charset_normalizer import from_bytes

_SAMPLE_BYTES: Final = 64 * 1024
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKELY: Final = ("utf-16-le", "utf-16-be")
_FALLBACK: Final = "cp1252"
_NEAR: Final = 0.05
_COMMON: Final = (
    *("cp1252", "cp1251", "cp1250", "cp932", "gb18030", "big5", "euc_jp", "cp949", "koi8_r"),
    *("cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2"),
)
"""The older encodings that files are found in, the commonest first."""


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
    if wide := _wide(data):  # before UTF-8, in which zeros mean something as well
        return wide
    return "utf-8" if _decodes(data, "utf-8") else _guessed(data[:_SAMPLE_BYTES])


def _decodes(data: bytes, charset: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(charset)("strict")
        return isinstance(decoder.decode(data), str)  # a character cut off at the end is no error
    except (LookupError, ValueError, TypeError, AssertionError):
        return False


def _wide(data: bytes) -> str | None:
    """Return UTF-16 without a mark: text of which nearly every other byte is zero."""
    sample = data[:_SAMPLE_BYTES]
    half = len(sample) // 2
    for name, zeros in zip(_LIKELY, (sample[1::2], sample[::2]), strict=True):
        if half and zeros.count(0) > half * 0.7:
            return name
    return None


def _guessed(sample: bytes) -> str:
    """Return the likeliest of the encodings in use; where it is a near thing, the commoner one."""
    matches = list(from_bytes(sample, steps=5, chunk_size=512, cp_isolation=list(_COMMON)))
    if not matches:
        return _FALLBACK
    best = matches[0]
    near = [
        name
        for match in matches
        for name in match.could_be_from_charset  # those that read it alike
        if match.chaos <= best.chaos + _NEAR and match.coherence >= best.coherence - _NEAR
    ]
    return min(near, key=_COMMON.index)
