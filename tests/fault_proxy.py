"""A proxy in front of an HTTP server that fails as networks and servers do, by chance."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from enum import StrEnum
from urllib.parse import urlsplit

_SLOW_SECONDS = 0.2
_FOR_EVER = 3600


class Fault(StrEnum):
    """What can go wrong with a request."""

    ERROR = "500 or 503 instead of an answer"
    SLOW = "the answer comes late"
    CUT_REQUEST = "the connection is reset in the middle of the body that is sent"
    CUT_ANSWER = "the connection is reset in the middle of the body that comes back"
    LOST_ANSWER = "the server does it, and nobody hears of it"
    ALTERED = "a byte of the body that is sent becomes another"
    STALL = "the connection stays open, and nothing comes back"


Odds = dict[Fault, float]

STORM: Odds = {
    Fault.ERROR: 0.3,
    Fault.SLOW: 0.1,
    Fault.CUT_REQUEST: 0.05,
    Fault.CUT_ANSWER: 0.1,
    Fault.LOST_ANSWER: 0.05,
}


class FaultProxy:
    """Hands requests on to ``target``, but for those that ``odds`` (each at most 1) single out."""

    def __init__(self, target: str, seed: int = 0) -> None:
        self.odds: Odds = {}
        self.injected: Counter[Fault] = Counter()
        self.port = 0
        self._host, self._port = urlsplit(target).hostname, urlsplit(target).port
        self._random = random.Random(seed)  # noqa: S311 - reproducible, not secret

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def listen(self) -> asyncio.Server:
        """Start to listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            try:
                await self._pass_on(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length, fault = _length(head), self._fault()
        if fault is Fault.CUT_REQUEST:
            await reader.readexactly(length // 2)
            writer.transport.abort()
            return
        body = await reader.readexactly(length)
        if fault is Fault.ALTERED:
            body = body[:-1] + bytes(byte ^ 1 for byte in body[-1:])
        if fault is Fault.ERROR:
            answer = self._random.choice([b"500 Internal Server Error", b"503 Slow Down"])
            answer = b"HTTP/1.1 %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % answer
        else:
            answer = await self._ask(head, body)
        await self._give(writer, answer, fault)

    async def _give(self, writer: asyncio.StreamWriter, answer: bytes, fault: Fault | None) -> None:
        if fault is Fault.SLOW:
            await asyncio.sleep(_SLOW_SECONDS)
        if fault is Fault.STALL:
            await asyncio.sleep(_FOR_EVER)
        if fault is Fault.CUT_ANSWER:
            start = answer.index(b"\r\n\r\n") + 4
            writer.write(answer[: (start + len(answer)) // 2] if start < len(answer) else b"HTTP/1")
            await writer.drain()
        if fault in (Fault.CUT_ANSWER, Fault.LOST_ANSWER):
            writer.transport.abort()
            return
        writer.write(answer)
        await writer.drain()

    async def _ask(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        with closing(writer):
            writer.write(head[:-2] + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
            return await reader.read()

    def _fault(self) -> Fault | None:
        place = self._random.random()
        for fault, odds in self.odds.items():
            if place < odds:
                self.injected[fault] += 1
                return fault
            place -= odds
        return None


@contextmanager
def fault_proxy(target: str, seed: int = 0) -> Iterator[FaultProxy]:
    """Run a proxy in a thread of its own; without odds it lets everything through."""
    proxy, started, stop = FaultProxy(target, seed), threading.Event(), asyncio.Event()

    async def run() -> None:
        async with await proxy.listen():
            started.set()
            await stop.wait()

    loop = asyncio.new_event_loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        thread = threading.Thread(target=runner.run, args=(run(),))
        thread.start()
        started.wait()
        yield proxy
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
