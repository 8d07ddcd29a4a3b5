"""Measure the server and print what came out: ``make bench``, ``make bench ARGS=--quick``.

What is measured, how, and what the targets are: docs/benchmarks.md.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Final

import browsing
import derivatives
import downloading
import listing
import ocr
import previews
import report
import starting
import uploading
from serving import ROOT

_PAGE: Final = ROOT / "docs" / "benchmarks.md"
_PARTS: Final[dict[str, Callable[..., Iterator[report.Row]]]] = {
    "upload": uploading.measure,
    "download": downloading.measure,
    "list": listing.measure,
    "start": starting.measure,
    "previews": previews.measure,
    "derivatives": derivatives.measure,
    "ocr": ocr.measure,
    "browse": browsing.measure,
}


def main() -> None:
    """Measure what the options ask for. A missed target or a failed part is a row, no failure."""
    options = _options()
    before = report.surroundings()
    names = [options.only] if options.only else list(_PARTS)
    rows = [row for name in names for row in _measured(name, quick=options.quick)]
    text = f"{report.table(rows)}\n\nBefore: {before}.\n\nAfter: {report.surroundings()}."
    print(text)
    if options.write:
        report.write(_PAGE, text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("make bench", description="Measure the server.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    parser.add_argument("--only", choices=_PARTS, help="one part")
    parser.add_argument("--write", action="store_true", help=f"put the table into {_PAGE.name}")
    options = parser.parse_args()
    if options.write and (options.quick or options.only):
        parser.error("--write is for the whole run, without --quick and --only")
    return options


def _measured(name: str, *, quick: bool) -> Iterator[report.Row]:
    try:
        for row in _PARTS[name](quick=quick):
            print("…", " | ".join(row.cells), file=sys.stderr, flush=True)
            yield row
    except Exception as error:  # noqa: BLE001 - one part that fails must not hide the others
        yield report.Row(name, f"failed: {str(error)[:200] or type(error).__name__}", "", met=False)


if __name__ == "__main__":
    main()
