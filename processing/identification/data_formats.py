"""Data in text: JSON and what is written in it, and tables of values."""

import csv
import json
import re
from collections.abc import Iterable
from typing import Any, Final

_GEOMETRIES: Final = frozenset(
    {"FeatureCollection", "Feature", "Point", "MultiPoint", "LineString", "MultiLineString"}
    | {"Polygon", "MultiPolygon", "GeometryCollection"}
)
_GEOGRAPHY: Final = frozenset({"features", "geometry", "coordinates", "geometries"})
_SCENES: Final = frozenset({"scenes", "nodes", "meshes", "buffers", "materials", "accessors"})
_BEGINNING: Final = re.compile(
    r"""\{\s*"[^"\\\n]{0,500}"\s*:|\[\s*[\[{]|\[\s*"[^"\\\n]{0,500}"\s*[,\]]|\[\s*-?[0-9.]+\s*,"""
)
_GEO_BEGINNING: Final = re.compile(r'"type"\s*:\s*"(?:FeatureCollection|Feature)"')
_GLTF_BEGINNING: Final = re.compile(r'"asset"\s*:\s*\{[^{}]{0,500}"version"\s*:')
_BOOK_BEGINNING: Final = re.compile(r'"(?:nbformat|cell_type)"\s*:')
_BY_NAME: Final = {
    "geojson": "application/geo+json",
    "gltf": "model/gltf+json",
    "ipynb": "application/x-ipynb+json",
    "jsonld": "application/ld+json",
}
_LINES: Final = frozenset({"ndjson", "jsonl"})
_MAX_LINES: Final = 20
_JSON, _JSON_LINES = "application/json", "application/x-ndjson"

_DELIMITERS: Final = {",": "text/csv", ";": "text/csv", "\t": "text/tab-separated-values"}
_FEWEST_ROWS: Final = 3
_TABLE_CHARACTERS: Final = 16384
_HEADING: Final = re.compile(r"\s?[^\W\d][^\n]{0,60}")


def find_json(text: str, extension: str, *, complete: bool) -> str | None:
    """Return the type of JSON (RFC 8259) or of JSON lines; None for other texts.

    ``complete`` says that the text is all of the file.
    """
    begins = text.strip()
    if not begins.startswith(("{", "[")):
        return None
    if extension in _LINES:
        return _JSON_LINES if _are_values(begins.split("\n")[:1], complete=complete) else None
    if complete:
        try:
            return _of(_loaded(begins), extension)
        except ValueError:
            return _lines(begins, complete=True)
        except RecursionError:
            return _JSON
    return _lines(begins, complete=False) or _beginning(begins, extension)


def _loaded(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str)  # long numbers are valid


def _of(value: Any, extension: str) -> str:
    if not isinstance(value, dict):
        return _JSON
    told = value.get("type")
    if isinstance(told, str) and told in _GEOMETRIES and _GEOGRAPHY & value.keys():
        return "application/geo+json"
    asset = value.get("asset")
    has_scenes = extension == "gltf" or not _SCENES.isdisjoint(value)
    if has_scenes and isinstance(asset, dict) and "version" in asset:
        return "model/gltf+json"
    if "nbformat" in value and "cells" in value:
        return "application/x-ipynb+json"
    return "application/ld+json" if "@context" in value else _JSON


def _lines(text: str, *, complete: bool) -> str | None:
    lines = text.split("\n", _MAX_LINES)
    whole = lines if complete and len(lines) <= _MAX_LINES else lines[:-1]
    known = [line for line in whole if line.strip()]
    several = len(known) > 1 and _are_values(known, complete=True)
    return _JSON_LINES if several else None


def _are_values(lines: Iterable[str], *, complete: bool) -> bool:
    try:
        return all(isinstance(_loaded(line), dict | list) for line in lines)
    except ValueError:
        return not complete and all(_BEGINNING.match(line.lstrip()) for line in lines)
    except RecursionError:
        return True


def _beginning(text: str, extension: str) -> str | None:
    if not _BEGINNING.match(text):
        return None
    if extension in _BY_NAME:
        return _BY_NAME[extension]
    if _GEO_BEGINNING.search(text, 0, 4096):
        return "application/geo+json"
    if _GLTF_BEGINNING.search(text, 0, 4096):
        return "model/gltf+json"
    return "application/x-ipynb+json" if _BOOK_BEGINNING.search(text, 0, 4096) else _JSON


def find_table(text: str) -> str | None:
    """Return the type of a table without a name: headings, then rows with as many cells.

    Prose has blanks behind its commas, and logs begin with times.
    """
    lines = text[:_TABLE_CHARACTERS].split("\n", _MAX_LINES)
    rows = lines[:-1] if len(lines) > _MAX_LINES or len(text) > _TABLE_CHARACTERS else lines
    for delimiter, kind in _DELIMITERS.items():
        if delimiter in text[:1024] and _is_table(rows, delimiter):
            return kind
    return None


def _is_table(lines: list[str], delimiter: str) -> bool:
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return False
    if len(rows) < _FEWEST_ROWS or len({len(row) for row in rows}) != 1 or len(rows[0]) == 1:
        return False
    headed = all(_HEADING.fullmatch(cell) for cell in rows[0])
    cells = [cell for row in rows for cell in row[1:]]
    spaced = sum(cell.startswith(" ") for cell in cells)
    return headed and 2 * spaced < len(cells)
