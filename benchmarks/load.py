"""A lean load client: a few keep-alive connections, each with one request on its way."""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from statistics import median, quantiles
from typing import Final

from client import HOST, MIB, content_length, pin

_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What came back: latencies in seconds, and the part of a core that the client used."""

    seconds: float
    latencies: list[float]
    client_share: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    @property
    def p50(self) -> float:
        """The median latency in seconds."""
        return median(self.latencies)

    @property
    def p99(self) -> float:
        """The 99th percentile of the latency in seconds."""
        return quantiles(self.latencies, n=100)[98] if len(self.latencies) > 1 else self.p50


class _Connection:
    """One connection: ``left`` is what is missing of the answer, None until its head is there."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._left: int | None = None
        self._head = b""
        self._sent = 0.0

    def ask(self, message: bytes) -> None:
        self._left, self._head = None, b""
        self._sent = time.perf_counter()
        self.socket.sendall(message)

    def take(self, view: memoryview) -> float | None:
        """Receive what is there; return the latency once the answer is complete."""
        received = self.socket.recv_into(view)
        assert received, "the server closed the connection"
        if self._left is None:
            self._read_head(view[:received])
        else:
            self._left -= received
        return time.perf_counter() - self._sent if self._left == 0 else None

    def _read_head(self, received: memoryview) -> None:
        self._head += received
        end = self._head.find(_END)
        if end >= 0:
            assert self._head.startswith(b"HTTP/1.1 20"), self._head[:2000]
            length = content_length(self._head[: end + 2])
            self._left = end + len(_END) + length - len(self._head)


def load(
    port: int,
    messages: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    processor: int | None = None,
) -> Load:
    """Send ``messages`` in turn for ``seconds`` over ``connections``; at least one on each."""
    if processor is not None:
        pin(processor)
    opened = [_Connection(port) for _ in range(connections)]
    used = time.process_time()
    started = time.perf_counter()
    latencies = _exchange(opened, cycle(messages), started + seconds)
    elapsed = time.perf_counter() - started
    share = (time.process_time() - used) / elapsed
    for connection in opened:
        connection.socket.close()
    return Load(elapsed, latencies, share)


def _exchange(
    connections: Sequence[_Connection], messages: Iterator[bytes], until: float
) -> list[float]:
    view = memoryview(bytearray(MIB))
    latencies: list[float] = []
    waiting = len(connections)
    with selectors.EpollSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(next(messages))
        while waiting:
            for key, _ in selector.select():
                latency = key.data.take(view)
                if latency is None:
                    continue
                latencies.append(latency)
                if time.perf_counter() < until:
                    key.data.ask(next(messages))
                else:
                    waiting -= 1
    return latencies
