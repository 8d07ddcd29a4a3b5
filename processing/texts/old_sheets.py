"""The text of Excel 97-2003 workbooks: each visible sheet as a page, cells as they are shown."""

import os
from collections.abc import Iterator
from typing import Any, Final

import xlrd

from processing.task import Failure, ProcessingError, Source
from processing.texts.compound import MAX_STREAM_BYTES, encrypted
from processing.texts.document import Options, Page, gathered
from processing.texts.number_formats import GENERAL, shown
from processing.texts.packages import too_large
from processing.texts.tables import table

_ENGINE: Final = "xlrd"
_BLOCK_ROWS: Final = 500


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield each sheet that is not hidden, its name first, one row a line, then its comments.

    Raises:
        ProcessingError: It asks for a password, or is broken.
    """
    if source.size > MAX_STREAM_BYTES:
        raise too_large()
    with _opened(source) as book:
        for sheet in book.sheets():
            if not sheet.visibility:
                yield gathered(_lines(book, sheet, aligned=options.preserve), _ENGINE, "\n")


def _opened(source: Source) -> Any:
    try:
        with open(os.devnull, "w") as log:  # noqa: PTH123 - it prints what it wonders about
            return xlrd.open_workbook(
                source.path, logfile=log, formatting_info=True, ragged_rows=True
            )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise encrypted() from None
        raise ProcessingError(Failure.FAILED, "The document is broken or cut off.") from error


def _lines(book: Any, sheet: Any, *, aligned: bool) -> Iterator[str]:
    yield f"{sheet.name}\n"
    for first in range(0, sheet.nrows, _BLOCK_ROWS):
        rows = range(first, min(first + _BLOCK_ROWS, sheet.nrows))
        cells = [[_shown(book, cell) for cell in sheet.row(row)] for row in rows]
        yield table([_trimmed(row) for row in cells], aligned=aligned)
    yield from (note.text for note in sheet.cell_note_map.values() if note.text.strip())


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row


def _shown(book: Any, cell: Any) -> str:
    if cell.ctype in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE}:
        style = book.xf_list[cell.xf_index].format_key if cell.xf_index is not None else 0
        code = book.format_map[style].format_str if style in book.format_map else GENERAL
        return shown(cell.value, code, since_1904=bool(book.datemode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, "#N/A"))
    return str(cell.value)
