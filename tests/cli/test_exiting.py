"""The last exit: nothing that hangs delays it for long, not even the log."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FULL_PIPE = """
import logging, os, time
os.set_blocking(2, False)
try:
    while True:
        os.write(2, b"x" * 65536)
except BlockingIOError:
    os.set_blocking(2, True)
logging.basicConfig()
from cli import exiting
exiting.exit_within(-exiting.CLOSING_SECONDS)
time.sleep(60)
"""


def test_a_log_that_nobody_reads_does_not_keep_a_process_from_its_last_exit() -> None:
    reading, writing = os.pipe()
    try:
        ended = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", FULL_PIPE], cwd=ROOT, stderr=writing, timeout=50, check=False
        )
    finally:
        os.close(writing)
        os.close(reading)
    assert ended.returncode == 0
