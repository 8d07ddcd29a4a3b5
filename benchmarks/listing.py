"""Lists: 50 files with 12 fields, from few and from many, on one core."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median
from typing import Final

from client import pin
from library import PAGE, Library
from load import Load
from report import Row, Target, at_least, at_most
from seeding import seed
from serving import Server, create_account, folder, media_server

_TARGETS: Final[dict[str, Target]] = {
    "GraphQL": at_least(400, "/s"),
    "REST": at_least(2000, "/s"),
}
_SLOWDOWN: Final = at_most(1.5, "x")
_CONNECTIONS: Final = 8
_SERVER_CORE: Final = 0
_FEW: Final = 10_000
_MANY: Final = 1_000_000


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on lists."""
    many = 100_000 if quick else _MANY
    seconds, rounds = (1.0, 3) if quick else (3.0, 5)
    with ExitStack() as stack:
        few_files, many_files = (
            Library(_serve(stack, files), files, seconds) for files in (_FEW, many)
        )
        for transport in _TARGETS:
            yield from _compared(few_files, many_files, transport, rounds)
        yield from _other_lists(many_files)


def _serve(stack: ExitStack, files: int) -> Server:
    data = stack.enter_context(folder())
    owner, token = create_account(data)
    seed(data, owner, files)
    server = stack.enter_context(media_server(data, token))
    pin(_SERVER_CORE, server.pid)
    return server


def _compared(few: Library, many: Library, transport: str, rounds: int) -> Iterator[Row]:
    message, of_many = few.page(transport), many.page(transport)
    loads = [
        (few.load(message, _CONNECTIONS), many.load(of_many, _CONNECTIONS)) for _ in range(rounds)
    ]
    before, alone = few.server.processor_seconds(), few.load(message)
    used = (few.server.processor_seconds() - before) / len(alone.latencies)
    yield _rate(few, transport, [one for one, _ in loads], f"{_latency(alone)}, {_cost(used)}")
    slower = sorted(one.rate / other.rate for one, other in loads)
    shown = f"{median(slower):.2f}x the time ({slower[0]:.2f} to {slower[-1]:.2f})"
    what = f"{transport} list of {PAGE} from {many.files:,} files, against {few.files:,}"
    yield _SLOWDOWN.row(what, median(slower), shown)


def _rate(library: Library, transport: str, loads: list[Load], alone: str) -> Row:
    rates = [one.rate for one in loads]
    client = max(one.client_share for one in loads)
    shown = (
        f"{median(rates):,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f}),"
        f" client {client:.0%} of a core; {alone}"
    )
    what = f"{transport} list of {PAGE} from {library.files:,} files, one core"
    return _TARGETS[transport].row(what, median(rates), shown)


def _latency(one: Load) -> str:
    return f"alone p50 {one.p50 * 1e3:.2f} ms, p99 {one.p99 * 1e3:.2f} ms"


def _cost(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms processor time each"


def _other_lists(library: Library) -> Iterator[Row]:
    for what, message in library.narrowed().items():
        library.server.json(message)
        alone = library.load(message)
        yield Row(f"List from {library.files:,} files: {what}", _latency(alone))
