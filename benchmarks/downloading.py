"""Downloads against Starlette's FileResponse: a whole file, and ranges of it."""

import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

from client import GIB, MIB, apart, fetch, rest_form, send
from load import load
from report import Row, at_least, processor_times, spread
from serving import ROOT, Server, create_account, environment, folder, media_server, process

T = TypeVar("T")

_FULL: Final = at_least(2.5, "x")
_RANGES: Final = at_least(1, "x")
_RANGE_BYTES: Final = 64 * 1024
_CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class _Served:
    """One file of ``size`` bytes at ``path`` of a server."""

    server: Server
    path: str
    size: int

    def rate(self) -> tuple[float, float]:
        """Return the MB/s of the whole file, and the processor seconds for 1 GiB."""
        message, before = self.server.get(self.path), self.server.processor_seconds()
        took = apart(fetch, self.server.port, message, self.size)
        used = self.server.processor_seconds() - before
        return self.size / took / 1e6, used * GIB / self.size

    def ranges(self, seconds: float) -> float:
        """Return random ranges per second."""
        messages = [self.server.get(self.path, header) for header in _range_headers(self.size)]
        port = self.server.port
        return apart(load, port, messages, connections=_CONNECTIONS, seconds=seconds).rate


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on downloads."""
    size = (128 if quick else 1024) * MIB
    seconds, rounds = (1.0, 3) if quick else (3.0, 7)
    with folder() as data:
        _, token = create_account(data)
        with media_server(data, token) as server:
            ours = _Served(server, _store(server, size), size)
            with _reference(data) as reference:
                theirs = _Served(reference, "/file", size)
                yield from _full(ours, theirs, rounds)
                yield _ranges(ours, theirs, rounds, seconds)


def _store(server: Server, size: int) -> str:
    _, answer = apart(send, server.port, "/v1/media/upload", server.token, rest_form(), size)
    return f"/v1/media/files/{json.loads(answer)['data']['id']}/download"


def _reference(data: Path) -> AbstractContextManager[Server]:
    (stored,) = (path for path in (data / "objects").glob("*/*") if path.is_file())
    command = [sys.executable, str(ROOT / "benchmarks" / "fileresponse.py"), str(stored)]
    return process(command, "/readyz", environment(data))


def _full(ours: _Served, theirs: _Served, rounds: int) -> Iterator[Row]:
    results = _in_turn(rounds, ours.rate, theirs.rate)
    mine, reference = ([rate for rate, _ in each] for each in results)
    ratios = [a / b for a, b in zip(mine, reference, strict=True)]
    shown = f"{spread(ratios)}; {median(mine):,.0f} against {median(reference):,.0f} MB/s"
    what = f"Download of {ours.size // MIB:,} MiB, against FileResponse"
    yield _FULL.row(what, median(ratios), shown)
    used = zip(
        ("server", "FileResponse"), ([used for _, used in each] for each in results), strict=True
    )
    yield Row("Processor time to send 1 GiB", processor_times(dict(used)))


def _ranges(ours: _Served, theirs: _Served, rounds: int, seconds: float) -> Row:
    mine, reference = _in_turn(rounds, lambda: ours.ranges(seconds), lambda: theirs.ranges(seconds))
    ratios = [a / b for a, b in zip(mine, reference, strict=True)]
    shown = f"{spread(ratios)}; {median(mine):,.0f} against {median(reference):,.0f} ranges/s"
    what = f"Random ranges of 64 KiB, {_CONNECTIONS} connections, against FileResponse"
    return _RANGES.row(what, median(ratios), shown)


def _in_turn(
    rounds: int, first: Callable[[], T], second: Callable[[], T]
) -> tuple[list[T], list[T]]:
    """Return what both give, measured by turns so that noise meets both."""
    firsts: list[T] = []
    seconds: list[T] = []
    for number in range(rounds):
        if number % 2:
            firsts.append(first())
            seconds.append(second())
        else:
            seconds.append(second())
            firsts.append(first())
    return firsts, seconds


def _range_headers(size: int) -> list[str]:
    place = random.Random(1)  # noqa: S311 - the same places in every run
    starts = (place.randrange(size - _RANGE_BYTES) for _ in range(4096))
    return [f"range: bytes={start}-{start + _RANGE_BYTES - 1}\r\n" for start in starts]
