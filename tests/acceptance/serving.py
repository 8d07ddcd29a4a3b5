"""The server as a process of its own, and the media command beside it."""

import os
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest

from tests.ports import free_port

ROOT: Final = Path(__file__).parent.parent.parent
SECRET: Final = "a secret that only these tests have, and long enough"
PATIENCE_SECONDS: Final = 60.0

# Making one for each client, which httpx does by itself, takes longer than most tests here.
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# Several commands of ``media`` for the price of one start of Python.
_SEVERAL: Final = (
    "import sys; from cli.main import main;"
    " sys.exit(max([main(command.split()) for command in sys.argv[1:]]))"
)
_SERVE: Final = ("-m", "cli.main", "serve")


def eventually(condition: Callable[[], Any], what: str) -> None:
    """Return as soon as ``condition`` holds; fail the test if it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {what}")
        time.sleep(0.01)


class Server:
    """One server process over ``data_dir``, on a port of its own; ``stop`` it.

    ``command`` is what Python is to run; ``{port}`` in it is that port.
    """

    def __init__(
        self, data_dir: Path, command: Sequence[str] = _SERVE, **settings: str | int
    ) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = data_dir.with_suffix(".log")
        self.environment = _environment(data_dir, self.port, settings)
        self.database_url = self.environment.get("MEDIA_DATABASE_URL")
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, *(part.replace("{port}", str(self.port)) for part in command)],
                cwd=ROOT,
                env=self.environment,
                stderr=log,
                stdout=log,
            )
        eventually(self._is_ready, "the server is ready")

    @property
    def log(self) -> str:
        """What the server has logged."""
        return self._log.read_text(errors="replace")

    def client(self, token: str | None = None, **options: Any) -> httpx.Client:
        """Return a client that sends ``token``; close it."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(
            base_url=self.url,
            headers=headers,
            timeout=PATIENCE_SECONDS,
            trust_env=False,
            verify=_NO_TLS,
            **options,
        )

    def guest(self) -> str:
        """Return the token of a new guest."""
        with self.client() as anonymous:
            token: str = anonymous.post("/llm/auth/guest-login").json()["access_token"]
        return token

    def connect(self) -> socket.socket:
        """Return a plain connection to the server; close it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)

    def account(self, kind: str) -> str:
        """Make an account with the media command and return its token."""
        made = self._run("-m", "cli.main", "create-account", kind)
        assert made.returncode == 0, made.stderr
        return made.stdout.splitlines()[-1]

    def media(self, *arguments: str) -> str:
        """Run the media command and return what it prints."""
        done = self._run("-m", "cli.main", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def assert_library_is_sound(self, *, after_sweeping: bool = False) -> None:
        """Fail unless a sweep finds nothing to remove and a check nothing to complain of.

        ``after_sweeping`` sweeps once more before, and does not mind what that removes.
        """
        commands = ["sweep --grace 0"] * (1 + after_sweeping) + ["fsck"]
        done = self._run("-c", _SEVERAL, *commands)
        *_, swept, checked = done.stdout.splitlines()
        assert swept == "removed: 0 uploads, 0 blobs, 0 staging files", done
        assert checked.endswith(": 0 findings"), done
        assert done.returncode == 0

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement beside the server, and return what it gives."""
        if self.database_url:
            with psycopg.connect(self.database_url) as connection:
                done = connection.execute(sql.encode())
                return done.fetchall() if done.description else []
        with closing(sqlite3.connect(self.data_dir / "media.db")) as database, database:
            return database.execute(sql).fetchall()

    def traces(self) -> dict[str, list[str]]:
        """Return what uploads have left: objects, staging files, and rows that name them."""
        rows = {
            table: [key for (key,) in self.rows(f"SELECT key FROM {table}") if key]
            for table in ("upload", "blob", "derivative")
        }
        folders = {
            folder: [path.name for path in (self.data_dir / folder).rglob("*") if path.is_file()]
            for folder in ("objects", "staging")
        }
        return {name: sorted(found) for name, found in (rows | folders).items()}

    def is_deriving(self) -> bool:
        """Tell whether anything is being computed from a file."""
        return bool(self.rows("SELECT 1 FROM derivative WHERE state = 'pending'"))

    def is_settled(self) -> bool:
        """Tell whether no upload is under way and every object has its row."""
        found = self.traces()
        named = sorted(found["blob"] + found["derivative"])
        return not found["upload"] and not found["staging"] and found["objects"] == named

    def stop(self) -> int:
        """Ask the server to stop, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """End the process at once, if it still runs."""
        self.process.kill()
        self.process.wait()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            pytest.fail(f"the server ended with {self.process.returncode}: {self.log[-2000:]}")
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, verify=_NO_TLS).is_success
        except httpx.TransportError:
            return False


def _environment(data_dir: Path, port: int, settings: Mapping[str, str | int]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    given = {
        "data_dir": data_dir,
        "host": "127.0.0.1",
        "port": port,
        "secret_key": SECRET,
        # Tests sign in anew, all from one address, and process more than a person would.
        "rate_sign_in": "off",
        "rate_processing": "off",
        **settings,
    }
    return inherited | {f"MEDIA_{name.upper()}": str(value) for name, value in given.items()}


def _is_ours(name: str) -> bool:
    return re.match(r"MEDIA_|COV_", name) is not None
