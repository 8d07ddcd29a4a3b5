"""The text of Excel files: each sheet as a page, its cells' values as they were last computed."""

import datetime as dt
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from openpyxl import load_workbook

from processing.task import Source
from processing.texts.document import Options, Page, gathered
from processing.texts.tables import table

_ENGINE: Final = "openpyxl"
_BLOCK_ROWS: Final = 500
"""Columns are aligned over so many rows, so that a sheet is never held whole."""


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield each sheet, its name first, one row a line; chart sheets are left out."""
    with warnings.catch_warnings(), Path(source.path).open("rb") as file:  # the path has no suffix
        warnings.simplefilter("ignore")  # of extensions that it does not read
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            yield gathered(_lines(sheet, aligned=options.preserve), _ENGINE, "\n")


def _lines(sheet: Any, *, aligned: bool) -> Iterator[str]:
    yield f"{sheet.title}\n"
    sheet.reset_dimensions()  # what the file claims; rows come as they are instead
    block: list[list[str]] = []
    for values in sheet.iter_rows(values_only=True):
        block.append(_row(values))
        if len(block) == _BLOCK_ROWS:
            yield table(block, aligned=aligned)
            block = []
    yield table(block, aligned=aligned)


def _row(values: tuple[Any, ...]) -> list[str]:
    cells = [_shown(value) for value in values]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)
