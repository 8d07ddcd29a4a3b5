"""Uploads: the rate against a bare loop, and what they cost in memory and writes."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

from client import GIB, MIB, Form, apart, graphql_form, rest_form, send
from report import Row, at_least, at_most, processor_times, spread
from serving import ROOT, Server, create_account, environment, folder, media_server, process

_RATE: Final = at_least(0.8, "x")
_GROWTH: Final = at_most(32, " MiB")
_WRITTEN: Final = at_most(1.05, "x")
_PATHS: Final = {"REST": "/v1/media/upload", "GraphQL": "/graphql"}


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on uploads."""
    size = (128 if quick else 1024) * MIB
    with folder() as data:
        _, token = create_account(data)
        yield from _first(data, token, size)
        with media_server(data, token) as server:
            yield from _independence(server, size)
            yield from _rates(data, server, size, 2 if quick else 5)


def _first(data: Path, token: str, size: int) -> Iterator[Row]:
    """Yield what the first upload to a fresh server costs, by either way."""
    for transport in _PATHS:
        with media_server(data, token) as server:
            growth, calls, disk = _cost(server, transport, size)
        first = f"first upload of {_shown(size)}, {transport}"
        yield _memory(first, growth)
        shown = f"{calls:.3f}x its size written, {disk:.3f}x on disk"
        yield _WRITTEN.row(f"Bytes written: {first}", max(calls, disk), shown)


def _independence(server: Server, size: int) -> Iterator[Row]:
    for each in (size // 4, 2 * size):
        growth, _, _ = _cost(server, "REST", each)
        yield _memory(f"further upload of {_shown(each)}, REST", growth)


def _memory(what: str, growth: int) -> Row:
    return _GROWTH.row(f"Memory: {what}", growth / MIB, f"{growth / MIB:.1f} MiB growth")


def _cost(server: Server, transport: str, size: int) -> tuple[int, float, float]:
    """Return the growth of memory in bytes, and what was written relative to ``size``."""
    server.forget_peak()
    before, (calls, disk) = server.memory(), server.written()
    _upload(server, transport, size)
    calls_after, disk_after = server.written()
    growth = server.memory("VmHWM") - before
    return growth, (calls_after - calls) / size, (disk_after - disk) / size


def _rates(data: Path, server: Server, size: int, rounds: int) -> Iterator[Row]:
    command = [sys.executable, str(ROOT / "benchmarks" / "bareloop.py"), str(data)]
    rates: dict[str, list[float]] = {"bare": [], **{transport: [] for transport in _PATHS}}
    used: dict[str, list[float]] = {name: [] for name in rates}
    with process(command, "/", environment(data)) as bare:
        for number in range(rounds):
            order = list(rates) if number % 2 else list(reversed(rates))
            for name in order:
                os.sync()  # nobody pays for the writes of another
                measured = bare if name == "bare" else server
                before = measured.processor_seconds()
                took = _bare(bare, size) if name == "bare" else _upload(server, name, size)
                rates[name].append(size / took / 1e6)
                used[name].append((measured.processor_seconds() - before) * GIB / size)
    for transport in _PATHS:
        pairs = zip(rates[transport], rates["bare"], strict=True)
        ratios = [served / loop for served, loop in pairs]
        absolute = f"{median(rates[transport]):.0f} against {median(rates['bare']):.0f} MB/s"
        what = f"Upload of {_shown(size)}, {transport}, against a bare loop"
        yield _RATE.row(what, median(ratios), f"{spread(ratios)}; {absolute}")
    yield Row("Processor time to receive 1 GiB", processor_times(used))


def _bare(bare: Server, size: int) -> float:
    return apart(send, bare.port, "/", "", rest_form(), size)[0]


def _upload(server: Server, transport: str, size: int) -> float:
    form: Form = rest_form() if transport == "REST" else graphql_form()
    seconds, answer = apart(send, server.port, _PATHS[transport], server.token, form, size)
    data = json.loads(answer)["data"]
    server.delete(data["id"] if transport == "REST" else data["upload"]["id"])
    return seconds


def _shown(size: int) -> str:
    return f"{size // MIB:,} MiB"
