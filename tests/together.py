"""Processes that all begin their work at the same moment."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def run_together(script: str, arguments: Sequence[str], number: int) -> list[tuple[str, str]]:
    """Return what each of ``number`` processes prints and complains of.

    The script prints ``ready``, waits for a line, and only then does what is to collide.
    """
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    command = [sys.executable, "-c", script, *arguments]
    processes = [
        subprocess.Popen(command, cwd=ROOT, text=True, **pipes)  # noqa: S603 - our own script
        for _ in range(number)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate() for process in processes]
