"""Servers to harm."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.serving import Server
from tests.mounting import small_disk
from tests.nginx import in_front
from tests.ports import free_port


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers, one at a time over one folder; those still running are killed."""
    with ExitStack() as started:

        def begin(data_dir: Path | None = None, **settings: str | int) -> Server:
            address = f"127.0.0.1:{free_port()}"
            running = Server(data_dir or tmp_path / "data", metrics_address=address, **settings)
            started.callback(running.kill)
            return running

        yield begin


@pytest.fixture(params=["by itself", "behind nginx"])
def reached(
    request: pytest.FixtureRequest, start: Callable[..., Server], tmp_path: Path
) -> Iterator[Callable[..., Server]]:
    """Start a server that clients reach by itself, and once more, through nginx."""
    with ExitStack() as started:

        def begin(**settings: str | int) -> Server:
            running = start(**settings)
            if request.param == "behind nginx":
                started.enter_context(in_front(running, tmp_path / "nginx"))
            return running

        yield begin


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount disks of so many MiB; skip for whoever may not mount."""
    with ExitStack() as mounted:
        yield lambda mib: mounted.enter_context(small_disk(tmp_path / f"disk-{mib}", mib))
