"""Tables as text: their columns aligned, or their cells parted by tabs."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

_GAP: Final = "  "
_MAX_WIDTH: Final = 60


def table(rows: Sequence[Sequence[str]], *, aligned: bool) -> str:
    """Return rows of cells as lines; each cell on one line, empty cells at a row's end left out."""
    flat = [[" ".join(cell.split()) for cell in row] for row in rows]
    if not aligned:
        return "\n".join("\t".join(row).rstrip() for row in flat)
    widths = [min(max(map(len, column)), _MAX_WIDTH) for column in zip_longest(*flat, fillvalue="")]
    return "\n".join(_line(row, widths) for row in flat)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
    return _GAP.join(cells).rstrip()
