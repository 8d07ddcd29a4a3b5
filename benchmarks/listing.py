"""Lists: 50 files with 12 fields, from few and from many, on one core."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from client import apart, pin
from load import Load, load
from report import Row, Target, at_least, at_most
from seeding import name_of, seed
from serving import Server, create_account, folder, media_server

_PAGE: Final = 50
_CONNECTION: Final = (
    "{nodes{id filename description tags visibility mimeType size checksum url"
    " createdAt updatedAt streamUrl}}"
)
_TARGETS: Final[dict[str, Target]] = {
    "GraphQL": at_least(400, "/s"),
    "REST": at_least(2000, "/s"),
}
_SLOWDOWN: Final = at_most(1.5, "x")
_CONNECTIONS: Final = 8
_SERVER_CORE: Final = 0
_CLIENT_CORE: Final = 1
_FEW: Final = 10_000
_MANY: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Library:
    """A server with ``files`` files, and how long to ask it for each figure."""

    server: Server
    files: int
    seconds: float

    def load(self, message: bytes, connections: int = _CONNECTIONS) -> Load:
        """Return what repeated asking gives."""
        return apart(
            load,
            self.server.port,
            [message],
            connections=connections,
            seconds=self.seconds,
            processor=_CLIENT_CORE,
        )

    def page(self, transport: str) -> bytes:
        """Return a request for the first page, once it is sure to answer one."""
        message = self.rest() if transport == "REST" else self.graphql()
        data = self.server.json(message)["data"]
        files: Any = data if transport == "REST" else data["files"]["nodes"]
        assert len(files) == _PAGE, data
        assert len(files[0]) >= 11, files[0]
        return message

    def graphql(self, narrowed: str = "") -> bytes:
        """Return a request for a page through GraphQL."""
        query = "{files(first:" + str(_PAGE) + f" {narrowed})" + _CONNECTION + "}"
        return self.server.graphql_request(query)

    def rest(self, narrowed: str = "") -> bytes:
        """Return a request for a page through REST."""
        return self.server.get(f"/v1/media/files?limit={_PAGE}{narrowed}")


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on lists."""
    many = 100_000 if quick else _MANY
    seconds, rounds = (1.0, 3) if quick else (3.0, 5)
    with ExitStack() as stack:
        few_files, many_files = (
            _Library(_serve(stack, files), files, seconds) for files in (_FEW, many)
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


def _compared(few: _Library, many: _Library, transport: str, rounds: int) -> Iterator[Row]:
    message, of_many = few.page(transport), many.page(transport)
    loads = [(few.load(message), many.load(of_many)) for _ in range(rounds)]
    before, alone = few.server.processor_seconds(), few.load(message, connections=1)
    used = (few.server.processor_seconds() - before) / len(alone.latencies)
    yield _rate(few, transport, [one for one, _ in loads], f"{_latency(alone)}, {_cost(used)}")
    slower = sorted(one.rate / other.rate for one, other in loads)
    shown = f"{median(slower):.2f}x the time ({slower[0]:.2f} to {slower[-1]:.2f})"
    what = f"{transport} list of {_PAGE} from {many.files:,} files, against {few.files:,}"
    yield _SLOWDOWN.row(what, median(slower), shown)


def _rate(library: _Library, transport: str, loads: list[Load], alone: str) -> Row:
    rates = [one.rate for one in loads]
    client = max(one.client_share for one in loads)
    shown = (
        f"{median(rates):,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f}),"
        f" client {client:.0%} of a core; {alone}"
    )
    what = f"{transport} list of {_PAGE} from {library.files:,} files, one core"
    return _TARGETS[transport].row(what, median(rates), shown)


def _latency(one: Load) -> str:
    return f"alone p50 {one.p50 * 1e3:.2f} ms, p99 {one.p99 * 1e3:.2f} ms"


def _cost(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms processor time each"


def _other_lists(library: _Library) -> Iterator[Row]:
    for what, message in _messages(library).items():
        library.server.json(message)
        alone = library.load(message, connections=1)
        yield Row(f"List from {library.files:,} files: {what}", _latency(alone))


def _messages(library: _Library) -> dict[str, bytes]:
    middle = library.files // 2
    name = name_of(middle)
    found = library.server.graphql(f'{{files(filter:{{name:"{name}"}}){{edges{{cursor}}}}}}')
    after = found["files"]["edges"][0]["cursor"]
    return {
        "GraphQL, after a cursor in the middle": library.graphql(f'after:"{after}"'),
        "GraphQL, by size": library.graphql("orderBy:SIZE_ASC"),
        "GraphQL, a tag of 1 in 100": library.graphql('filter:{tags:["rare"]}'),
        "GraphQL, a tag of nearly all": library.graphql('filter:{tags:["summer"]}'),
        "GraphQL, a name that all have": library.graphql('filter:{name:"HOLIDAY"}'),
        "GraphQL, a name that one has": library.graphql(f'filter:{{name:"{name}"}}'),
        "REST, a tag of 1 in 100": library.rest("&tag=rare"),
        "REST, a name that one has": library.rest(f"&name={name}"),
        f"REST, offset {middle:,}": library.rest(f"&offset={middle}"),
    }
