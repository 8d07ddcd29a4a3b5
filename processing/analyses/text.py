"""Texts: encoding, counts, line endings, the natural language, and whether data is well-formed."""

import codecs
import csv
import io
import json
import re
from pathlib import Path
from typing import Any, Final

from processing.analyses.language import language
from processing.analyses.result import Parts
from processing.charset import encoding
from processing.kinds import Kind, kind_of
from processing.task import MIB, Failure, ProcessingError, Source

_MAX_BYTES: Final = 10 * MIB
_TABLE_CHARACTERS: Final = 64 * 1024
_LANGUAGE_CHARACTERS: Final = 4_000
_PROSE: Final = frozenset({"text/plain", "text/markdown"})
_TABLES: Final = frozenset({"text/csv", "text/tab-separated-values"})
_WORD: Final = re.compile(r"\S+")
_BOMS: Final = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_REGISTERED: Final = {
    "cp932": "windows-31j",
    "cp949": "ks_c_5601-1987",
    "euc_jis_2004": "euc-jp",
    "big5hkscs": "big5-hkscs",
    "hz": "hz-gb-2312",
    "mac-roman": "macintosh",
    "mac-cyrillic": "x-mac-cyrillic",
}
"""The registered names of encodings that Python names otherwise."""

_DELIMITERS: Final = ",;\t|"
_ROWS: Final = 20
_JSON_LINES: Final = "application/x-ndjson"


def parts(source: Source) -> Parts:
    """Yield what the first 10 MiB hold; ``sampled`` says that there is more.

    Raises:
        ProcessingError: The file cannot be read.
    """
    data = _head(source)
    sampled = source.size > len(data)
    bom, name = _encoding(data)
    text = data[len(bom) :].decode(name, "replace")
    registered = _registered(name)
    yield {"sampled": sampled or None, "encoding": registered, "bom": bool(bom), **_counts(text)}
    if source.content_type in _PROSE:
        yield {"language": language(text[:_LANGUAGE_CHARACTERS])}
    if source.content_type in _TABLES:
        yield _table(text[:_TABLE_CHARACTERS])
    if "json" in source.content_type and not sampled:
        yield {"valid": _valid(text, lines=source.content_type == _JSON_LINES)}
    if kind_of(source.content_type) is Kind.MAIL:
        yield _mail(data)


def _head(source: Source) -> bytes:
    try:
        with Path(source.path).open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError as error:
        raise ProcessingError(Failure.FAILED, "The file cannot be read.") from error


def _encoding(data: bytes) -> tuple[bytes, str]:
    """Return the byte order mark and the encoding, by Python's name."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return bom, name
    name = encoding(data)
    return b"", "us-ascii" if name == "utf-8" and data.isascii() else name


def _registered(name: str) -> str:
    """Return the name that the IANA registers for an encoding, or what HTML calls it."""
    if name in _REGISTERED:
        return _REGISTERED[name]
    if name[:3] in {"cp4", "cp7", "cp8"}:
        return f"ibm{name[2:]}"
    hyphened = name.replace("_", "-").replace("iso8859-", "iso-8859-")
    return hyphened.replace("cp125", "windows-125")


def _counts(text: str) -> dict[str, Any]:
    pairs, returns, feeds = text.count("\r\n"), text.count("\r"), text.count("\n")
    endings = {"crlf": pairs, "cr": returns - pairs, "lf": feeds - pairs}
    used = [name for name, count in endings.items() if count]
    unended = bool(text) and not text.endswith(("\r", "\n"))
    return {
        "lines": sum(endings.values()) + unended,
        "words": sum(1 for _ in _WORD.finditer(text)),
        "characters": len(text),
        "line_ending": (used[0] if len(used) == 1 else "mixed") if used else None,
    }


def _table(text: str) -> dict[str, Any]:
    """Return the delimiter under which the first rows have most columns, alike in all of them."""
    widths = {delimiter: _columns(text, delimiter) for delimiter in _DELIMITERS}
    best = max(widths, key=lambda delimiter: widths[delimiter])
    columns = widths[best]
    return {"columns": columns or None, "delimiter": best if columns > 1 else None}


def _columns(text: str, delimiter: str) -> int:
    # Not csv.Sniffer: its patterns take quadratic time on hostile text.
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        widths = {len(row) for row, _ in zip(rows, range(_ROWS), strict=False) if row}
    except csv.Error:
        return 0
    return widths.pop() if len(widths) == 1 else 0


def _valid(text: str, *, lines: bool) -> bool | None:
    """Return whether the text is JSON (RFC 8259); None if it is nested too deeply to say."""
    try:
        for value in filter(str.strip, text.split("\n")) if lines else [text]:
            json.loads(
                value,
                parse_constant=_refuse,  # NaN and Infinity are no JSON
                parse_int=bool,  # long numbers are valid, and not needed
                parse_float=bool,
                object_pairs_hook=len,  # nor is anything else
            )
    except RecursionError:
        return None
    except ValueError:
        return False
    return True


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _mail(data: bytes) -> dict[str, Any]:
    from processing.analyses.mail import headers  # noqa: PLC0415 - only for e-mail

    return headers(data)
