"""Redis for tests: a server of their own on a free port, which keeps nothing."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.ports import free_port, wait_until_it_listens


@dataclass(frozen=True)
class RedisServer:
    """A running server; ``kill`` it, or let it go with its block."""

    url: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


@contextmanager
def redis_server(port: int) -> Iterator[RedisServer]:
    """Run a Redis server on ``port``."""
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
        ["redis-server", *options],  # noqa: S607 - only how it is called
        executable=_program(),
        cwd="/",
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_it_listens("Redis", port, process)
        yield RedisServer(f"redis://127.0.0.1:{port}/0", process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis server of this test's own."""
    with redis_server(free_port()) as running:
        yield running


def _program() -> str:
    # Debian's redis-tools has the server under this name; called by its own it is the server.
    found = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    if found is None:
        pytest.fail("Redis is missing: `make test` installs it, or install redis-tools")
    return found
