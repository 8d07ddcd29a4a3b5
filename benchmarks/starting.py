"""Start-up: how long until the server is ready, and what it holds when idle."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from report import Row, at_most
from serving import environment, folder, process

_READY: Final = at_most(2, " s")
_IDLE: Final = at_most(120, " MB")
_SETTLE_SECONDS: Final = 2
_COMMAND: Final = [sys.executable, "-m", "cli.main", "serve"]


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on starting."""
    rounds = 3 if quick else 7
    fresh, again, idle = [], [], []
    for _ in range(rounds):
        with folder() as data:
            fresh.append(_start(data)[0])
            seconds, resident = _start(data)
            again.append(seconds)
            idle.append(resident / 1e6)
    yield _seconds("Cold start to ready, new data folder", fresh)
    yield _seconds("Cold start to ready, existing data folder", again)
    shown = f"{median(idle):.0f} MB ({min(idle):.0f} to {max(idle):.0f})"
    yield _IDLE.row("Resident memory when idle", median(idle), shown)


def _seconds(what: str, values: list[float]) -> Row:
    shown = f"{median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"
    return _READY.row(what, median(values), shown)


def _start(data: Path) -> tuple[float, int]:
    """Return the seconds until ready, and the resident bytes a little later."""
    started = time.perf_counter()
    with process(_COMMAND, "/readyz", environment(data)) as server:
        seconds = time.perf_counter() - started
        time.sleep(_SETTLE_SECONDS)
        return seconds, server.memory()
