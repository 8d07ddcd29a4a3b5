"""Small disks, mounted as root or, like the packages that set-up installs, with sudo."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """Mount ``mib`` MiB at ``folder``, which is made; without the right to, the test fails."""
    folder.mkdir()
    owned = f"size={mib}m,uid={os.geteuid()},gid={os.getegid()}"
    done = _as_root("mount", "-t", "tmpfs", "-o", owned, "tmpfs", str(folder))
    if done.returncode:
        pytest.fail(f"a small disk could not be mounted, as root or by `sudo -n`: {done.stderr}")
    try:
        yield folder
    finally:
        _as_root("umount", "--lazy", str(folder))


def _as_root(*command: str) -> subprocess.CompletedProcess[str]:
    sudo = () if os.geteuid() == 0 else ("sudo", "-n")
    return subprocess.run(  # noqa: S603 - our own arguments, no shell
        ["/usr/bin/env", *sudo, *command], capture_output=True, text=True, check=False
    )
