"""Servers to harm."""

import ctypes
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.serving import Server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers, one at a time over one folder; those still running are killed."""
    with ExitStack() as started:

        def begin(data_dir: Path | None = None, **settings: str | int) -> Server:
            running = Server(data_dir or tmp_path / "data", **settings)
            started.callback(running.kill)
            return running

        yield begin


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount disks of so many MiB; skip for whoever may not mount."""
    libc = ctypes.CDLL(None, use_errno=True)
    with ExitStack() as mounted:

        def mount(mib: int) -> Path:
            folder = tmp_path / f"disk-{mib}"
            folder.mkdir()
            if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={mib}m".encode()):
                pytest.skip(f"no mounting here: {os.strerror(ctypes.get_errno())}")
            mounted.callback(libc.umount2, bytes(folder), 2)  # MNT_DETACH
            return folder

        yield mount
