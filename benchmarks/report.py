"""What was measured, as a table: on the terminal and in docs/benchmarks.md."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

_HEADINGS: Final = ("what", "measured", "target", "met")
_BEGIN: Final = "<!-- results: written by the benchmark -->"
_END: Final = "<!-- end of results -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One result; ``met`` is None where there is no target."""

    what: str
    measured: str
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The row as text."""
        met = {True: "yes", False: "**no**", None: ""}[self.met]
        return self.what, self.measured, self.target or "reported", met


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a value must keep; ``lower`` if it must not be below."""

    bound: float
    unit: str
    lower: bool = False

    def row(self, what: str, value: float, shown: str) -> Row:
        """Return the row of a value, with what to show of it."""
        met = value >= self.bound if self.lower else value <= self.bound
        sign = "≥" if self.lower else "≤"
        return Row(what, shown, f"{sign} {self.bound:,g}{self.unit}", met)


def at_least(bound: float, unit: str) -> Target:
    """Return a lower bound."""
    return Target(bound, unit, lower=True)


def at_most(bound: float, unit: str) -> Target:
    """Return an upper bound."""
    return Target(bound, unit)


def spread(ratios: Sequence[float]) -> str:
    """Return the median of pairwise ratios, and how far the pairs lie apart."""
    pairs = f"{min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} pairs"
    return f"{median(ratios):.2f}x ({pairs})"


def processor_times(used: Mapping[str, Sequence[float]]) -> str:
    """Return the median of each, in seconds: what noise from other processes disturbs least."""
    return ", ".join(f"{name} {median(seconds):.2f} s" for name, seconds in used.items())


def table(rows: Sequence[Row]) -> str:
    """Return ``rows`` as a Markdown table, aligned."""
    cells = [_HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    lines = [_line(row, widths) for row in cells]
    lines.insert(1, _line(tuple("-" * width for width in widths), widths))
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def surroundings() -> str:
    """Return one line on the machine, the load on it and the day."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; {_processor()}, {os.cpu_count()} cores,"
        f" {memory:.0f} GiB; Linux {platform.release()}, Python {platform.python_version()};"
        f" load average {load}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def write(path: Path, text: str) -> None:
    """Put ``text`` between the markers of the page at ``path``; what is around them stays."""
    before, _, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    path.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", encoding="utf-8")
