"""The server side: processes under measurement, started and stopped here, and what they use."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from client import HOST, MIB, call, request

ROOT: Final = Path(__file__).resolve().parent.parent
MAX_UPLOAD_BYTES: Final = 4096 * MIB
NOTHING: Final[Mapping[str, str]] = {}
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running process and its port; ``token`` is that of an account, where there are any."""

    pid: int
    port: int
    token: str = ""

    def graphql(self, query: str) -> Any:
        """Return the data that ``query`` gives; it must give no errors."""
        answer = self.json(self.graphql_request(query))
        assert "errors" not in answer, answer
        return answer["data"]

    def graphql_request(self, query: str) -> bytes:
        """Return a request that asks ``query``."""
        body = json.dumps({"query": query}).encode()
        return request("POST /graphql", self.token, "content-type: application/json\r\n", body)

    def get(self, path: str, headers: str = "") -> bytes:
        """Return a request for ``path``."""
        return request(f"GET {path}", self.token, headers)

    def json(self, message: bytes) -> Any:
        """Return the JSON of an answer, which must be a success."""
        status, body = call(self.port, message)
        assert status == 200, (status, body[:2000])
        return json.loads(body)

    def delete(self, file_id: str) -> None:
        """Delete a file."""
        status, _ = call(self.port, request(f"DELETE /v1/media/files/{file_id}", self.token))
        assert status == 204, status

    def memory(self, name: str = "VmRSS") -> int:
        """Return the bytes of a line of /proc/<pid>/status: VmRSS now, VmHWM at its highest."""
        return _figure(f"/proc/{self.pid}/status", name) * 1024

    def forget_peak(self) -> None:
        """Make VmHWM start again from VmRSS (proc_pid_clear_refs(5))."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")

    def processor_seconds(self) -> float:
        """Return the processor time used until now (proc_pid_stat(5), fields 14 and 15)."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii")
        fields = stat.rpartition(")")[2].split()  # the name before may hold spaces
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def written(self) -> tuple[int, int]:
        """Return the bytes given to write calls, and those sent to the disk (proc_pid_io(5))."""
        path = f"/proc/{self.pid}/io"
        return _figure(path, "wchar"), _figure(path, "write_bytes")


def _figure(path: str, name: str) -> int:
    for line in Path(path).read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise LookupError(f"{path} has no {name}")


@contextmanager
def folder() -> Iterator[Path]:
    """Yield an empty folder on the project's disk, removed afterwards."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="bench-", dir=build))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextmanager
def media_server(
    data: Path, token: str = "", settings: Mapping[str, str] = NOTHING
) -> Iterator[Server]:
    """Yield a media server on ``data``, ready; it is stopped afterwards."""
    command = [sys.executable, "-m", "cli.main", "serve"]
    with process(command, "/readyz", {**environment(data), **settings}) as server:
        yield Server(server.pid, server.port, token)


def create_account(data: Path, settings: Mapping[str, str] = NOTHING) -> tuple[str, str]:
    """Make the library in ``data`` and an account in it; return its id and token."""
    _media(data, settings, "migrate")
    identity, token = _media(data, settings, "create-account", "user").splitlines()
    return identity.partition(" ")[0], token


def _media(data: Path, settings: Mapping[str, str], *arguments: str) -> str:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "cli.main", *arguments],
        env={**environment(data), **settings},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def environment(data: Path) -> dict[str, str]:
    """Return the environment of a media server on ``data``, without anyone's own settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEDIA_")}
    return clean | {
        "MEDIA_DATA_DIR": str(data),
        "MEDIA_MAX_UPLOAD_BYTES": str(MAX_UPLOAD_BYTES),
        "MEDIA_RATE_LIMITS": "off",
        "MEDIA_GUEST_QUOTA_BYTES": "0",
        "MEDIA_GUEST_QUOTA_FILES": "0",
        "MEDIA_STAGED_BYTES": str(1024**4),
        "MEDIA_LOG_LEVEL": "warning",
    }


@contextmanager
def process(command: Sequence[str], ready_path: str, env: dict[str, str]) -> Iterator[Server]:
    """Yield a server started by ``command`` with MEDIA_PORT set, once ``ready_path`` answers."""
    port = free_port()
    env = env | {"MEDIA_PORT": str(port)}
    started = subprocess.Popen(command, cwd=ROOT, env=env)  # noqa: S603 - our own commands
    try:
        until_ready(port, ready_path, lambda: started.poll() is None)
        yield Server(started.pid, port)
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(_STOP_SECONDS)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def until_ready(port: int, path: str, alive: Callable[[], bool]) -> None:
    """Return when ``path`` answers 200; fail when the process ends or a minute is over."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and alive():
        try:
            if call(port, request(f"GET {path}"))[0] == 200:
                return
        except OSError:
            time.sleep(0.005)
    raise AssertionError("the server did not start")
