"""Ports for the servers that tests start."""

import socket
import subprocess
import time

import pytest

_PATIENCE_SECONDS = 20


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def wait_until_it_listens(name: str, port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once a server takes connections; fail the test if it ends, or never does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    pytest.fail(f"{name} did not start")
