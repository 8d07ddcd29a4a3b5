"""Which format a text is in: by its structure, then by its name and by what the client calls it."""

import re
from collections.abc import Callable
from typing import Final

from processing.content_types import CONTENT_TYPES, Family, known
from processing.identification import data_formats, markup
from processing.identification.sample import HEAD_BYTES, Sample

_PLAIN: Final = "text/plain"
_TIME: Final = r"\d{1,3}:\d{2}:\d{2}[,.]\d{1,3}"

_BEGINNINGS: Final = (
    (r"WEBVTT(?:[ \t\r\n]|\Z)", "text/vtt"),
    (rf"\s*\d{{1,6}}[ \t]*\r?\n[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}", "application/x-subrip"),
    (r"\s*\[Script Info\]", "text/x-ssa"),
    (r"\s*(?i:BEGIN:VCALENDAR)\s*\r?\n", "text/calendar"),
    (r"\s*(?i:BEGIN:VCARD)\s*\r?\n", "text/vcard"),
    (r"\s*#EXTM3U(?:\s|\Z)", "application/vnd.apple.mpegurl"),
    (r"(?:REGEDIT4|Windows Registry Editor Version 5\.00)\s*\r?\n", "text/x-ms-regedit"),
    (r"\s*-----BEGIN PGP MESSAGE-----", "application/pgp-encrypted"),
    (r"\s*-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----", "application/pgp-keys"),
    (r"\s*-----BEGIN PGP SIGNATURE-----", "application/pgp-signature"),
    (r"\s*-----BEGIN (?:[A-Z0-9]+ ){0,4}(?:CERTIFICATE|KEY|PARAMETERS|REQUEST|CRL)[A-Z ]{0,20}--",
     "application/x-pem-file"),
    (r"\s*solid\b[^\n]{0,200}\n\s*(?:facet\s+normal|endsolid)\b", "model/stl"),
    (r"\s*ISO-10303-21\s*;", "model/step"),
    (r"\s*0[ \t]*\r?\n[ \t]*SECTION[ \t]*\r?\n", "image/vnd.dxf"),
    (r"/\* XPM \*/", "image/x-xpixmap"),
    (r"#define\s+\w{0,100}_?width\s+\d+\s+#define\s+\w{0,100}_?height\s+\d+", "image/x-xbitmap"),
    (r"ply\r?\nformat ascii", "model/x-ply"),
    (r"diff --git a/", "text/x-diff"),
    (r"\s*\\documentclass\b", "text/x-tex"),
)  # fmt: skip
STRUCTURES: Final = tuple((re.compile(pattern), kind) for pattern, kind in _BEGINNINGS)

_MAP: Final = re.compile(r"P([123])\s(?:\s|\d|#[^\n]*\n)+\Z")
_MAP_START: Final = 400
_MAP_TYPES: Final = (
    "image/x-portable-bitmap",
    "image/x-portable-graymap",
    "image/x-portable-pixmap",
)

_SHEBANG: Final = re.compile(r"#!\s*(?:/\S+/)?(?:env\s+(?:-S\s+)?)?([\w+-]+)")
_INTERPRETERS: Final = (
    ("python", "text/x-python"),
    ("node", "text/javascript"),
    ("deno", "text/x-typescript"),
    ("perl", "text/x-perl"),
    ("ruby", "text/x-ruby"),
    ("php", "text/x-php"),
    ("lua", "text/x-lua"),
    ("Rscript", "text/x-r"),
    ("pwsh", "text/x-powershell"),
)
_SHELL: Final = re.compile(r"(?:ba|da|z|k|c|tc|fi|a)?sh")

_BY_STRUCTURE_ALONE: Final = frozenset(
    {"text/html", "application/xhtml+xml", "application/xml", "application/rss+xml"}
    | {"application/atom+xml", "application/geo+json", "application/x-ndjson", "text/calendar"}
    | {"application/ld+json", "application/x-ipynb+json", "text/vcard", "text/vtt", "text/x-ssa"}
    | {"application/x-subrip", "application/ttml+xml", "application/gpx+xml", "model/gltf+json"}
    | {"application/vnd.google-earth.kml+xml", "application/xspf+xml", "text/x-ms-regedit"}
    | {"application/x-pem-file", "application/pgp-encrypted", "application/pgp-keys"}
    | {"application/pgp-signature", "model/step", "model/vnd.collada+xml", "image/vnd.dxf"}
    | {"image/x-xbitmap", "image/x-xpixmap", "application/mbox", "application/x-fictionbook+xml"}
)
"""Texts that a name alone does not make what they are."""


def _by_extension() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in CONTENT_TYPES.values():
        textual = row.handler == "text" and row.name not in _BY_STRUCTURE_ALONE
        for extension in row.extensions if textual else ():
            found.setdefault(extension, row.name)
    return found


BY_EXTENSION: Final = _by_extension()
_DATA_NAMES: Final = frozenset({"", "txt", "text", "json", "geojson", "gltf", "jsonld", "ndjson"})


def named(sample: Sample) -> str | None:
    """Return the type of a text by its name, else by what the client calls it; None for neither."""
    if sample.extension in BY_EXTENSION:
        return BY_EXTENSION[sample.extension]
    row = known(sample.declared.partition(";")[0].strip())
    fits = row and row.family is Family.TEXT and row.name not in _BY_STRUCTURE_ALONE
    return row.name if row and fits else None


def find(text: str, sample: Sample) -> str:
    """Return the format of a text."""
    return next(found for step in _STEPS if (found := step(text, sample)))


def _structured(text: str, _sample: Sample) -> str | None:
    return next((kind for pattern, kind in STRUCTURES if pattern.match(text)), None)


def _map(text: str, _sample: Sample) -> str | None:
    found = _MAP.match(text[:_MAP_START])
    return _MAP_TYPES[int(found[1]) - 1] if found else None


def _json(text: str, sample: Sample) -> str | None:
    if sample.extension in BY_EXTENSION and sample.extension not in _DATA_NAMES:
        return None
    complete = len(sample.head) < HEAD_BYTES or sample.size == HEAD_BYTES
    return data_formats.find_json(text, sample.extension, complete=complete)


def _named(_text: str, sample: Sample) -> str | None:
    return named(sample)


def _script(text: str, _sample: Sample) -> str | None:
    found = _SHEBANG.match(text)
    if not found:
        return None
    program = found[1]
    by_name = (kind for name, kind in _INTERPRETERS if program.startswith(name))
    return next(by_name, "text/x-shellscript" if _SHELL.fullmatch(program) else None)


def _table(text: str, _sample: Sample) -> str | None:
    return data_formats.find_table(text)


def _plain(_text: str, _sample: Sample) -> str:
    return _PLAIN


_STEPS: Final[tuple[Callable[[str, Sample], str | None], ...]] = (
    markup.find,
    _structured,
    _map,
    _json,
    _named,
    _script,
    _table,
    _plain,
)
