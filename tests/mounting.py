"""Small disks, for whoever may mount them."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CAP_SYS_ADMIN = 21


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """Mount ``mib`` MiB at ``folder``, which is made.

    Mounting takes CAP_SYS_ADMIN (capabilities(7)): CI has it and fails without the disk, a
    developer's account has not and skips; errors of full disks are injected for everybody.
    """
    if not _may_mount():
        pytest.skip("mounting a small disk takes CAP_SYS_ADMIN, and this user has it not")
    libc = ctypes.CDLL(None, use_errno=True)
    folder.mkdir()
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, f"size={mib}m".encode()):
        pytest.fail(f"a small disk could not be mounted: {os.strerror(ctypes.get_errno())}")
    yield folder
    libc.umount2(bytes(folder), 2)  # MNT_DETACH


def _may_mount() -> bool:
    status = Path("/proc/self/status").read_text()
    effective = int(status.split("CapEff:")[1].split()[0], 16)
    return bool(effective >> _CAP_SYS_ADMIN & 1)
