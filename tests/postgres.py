"""PostgreSQL for tests: one throw-away server a session, one empty database a test.

The server has nothing to do with any other on the machine: its own folder, its own free port on
127.0.0.1, gone with the session however the session ends.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.database import migrate
from tests.ports import free_port

# The shell that runs this outlives a killed pytest, because only the end of its input ends it:
# then it stops the server and removes the folder. Durability is off, since nothing here is kept.
_SERVER = r"""
set -e
options=$2
folder=$(mktemp -d)
leave() {
  status=$?
  signal CONT || true
  [ "$status" = 0 ] || cat "$folder/log"
  pg_ctl stop --silent --pgdata="$folder/data" --mode=immediate >/dev/null 2>&1 || true
  rm -rf "$folder"
}
signal() {
  first=$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null) || return 1
  kill -"$1" "$first"
  for child in $(cat "/proc/$first/task/$first/children"); do
    kill -"$1" "$child" 2>/dev/null || true  # it may be at its end
  done
}
trap leave EXIT
initdb --pgdata="$folder/data" --username=media --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
  --no-sync >"$folder/log" 2>&1
start() {
  pg_ctl start --silent --wait --timeout=60 --pgdata="$folder/data" --log="$folder/log" \
    --options="-c listen_addresses=127.0.0.1 -c port=$1 -c unix_socket_directories=$folder \
      -c max_connections=100 -c shared_buffers=32MB -c fsync=off -c full_page_writes=off $options"
  echo ready
}
start "$1"
while read -r order; do
  case $order in
    crash) pg_ctl stop --silent --wait --pgdata="$folder/data" --mode=immediate && echo down ;;
    start) start "$1" ;;
    pause) signal STOP && echo paused ;;
    resume) signal CONT && echo resumed ;;
  esac
done
"""


def programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs; without one the test fails."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: int(folder.parent.name))
    initdb = shutil.which("initdb")
    if initdb is None:
        pytest.fail("PostgreSQL is missing: `make test` installs it, or install postgresql")
    return Path(initdb).resolve().parent


@contextmanager
def server(options: str = "") -> Iterator[str]:
    """Run a PostgreSQL server with ``options``; yield the URL of its maintenance database."""
    with crashing_server(options) as running:
        yield running.url


class CrashingServer:
    """A PostgreSQL server that goes down, hangs and comes back when it is told to."""

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url = url
        self._process = process

    def crash(self) -> None:
        """End every process of it at once, as ``pg_ctl stop -m immediate`` does."""
        self._order("crash", "down")

    def start(self) -> None:
        """Start it again; it takes connections when this returns."""
        self._order("start", "ready")

    def pause(self) -> None:
        """Stop every process of it: connections stay, and nothing is answered."""
        self._order("pause", "paused")

    def resume(self) -> None:
        """Let it go on where it was."""
        self._order("resume", "resumed")

    def _order(self, order: str, done: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == f"{done}\n"


@contextmanager
def crashing_server(options: str = "") -> Iterator[CrashingServer]:
    """Run a PostgreSQL server; its URL is that of its maintenance database."""
    port = free_port()
    with subprocess.Popen(  # noqa: S603 - our own script and a number
        ["/bin/sh", "-c", _SERVER, "sh", str(port), options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={"PATH": f"{programs()}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        start_new_session=True,  # an interrupt from the keyboard is for pytest alone
        text=True,
        **unprivileged(),
    ) as process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        if first_line != "ready\n":
            pytest.fail(f"PostgreSQL did not start:\n{first_line}{process.communicate()[0]}")
        yield CrashingServer(f"postgres://media@127.0.0.1:{port}/postgres", process)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of this session's PostgreSQL server: its maintenance database."""
    with server() as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of a new, empty database, dropped after the test even if connections are open."""
    with new_database(postgres_url) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> Iterator[str]:
    """The name of a database that has its tables, to be copied."""
    with new_database(postgres_url) as url:
        migrate(url)
        yield url.rpartition("/")[2]


@pytest.fixture
def migrated_postgres_database(postgres_url: str, migrated_template: str) -> Iterator[str]:
    """The URL of a new database without rows, dropped after the test as above."""
    with new_database(postgres_url, migrated_template) as url:
        yield url


@contextmanager
def new_database(postgres_url: str, template: str = "template0") -> Iterator[str]:
    """Make a database for the block, and drop it even if connections are open."""
    name = f"test_{uuid4().hex}"
    _execute(postgres_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres_url.removesuffix("postgres") + name
    _execute(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url: str, statement: str) -> None:
    subprocess.run(  # noqa: S603 - our own arguments, no shell
        [programs() / "psql", "--no-psqlrc", "--quiet", "--command", statement, url],
        check=True,
    )


def unprivileged() -> dict[str, Any]:
    """Return what makes a child run as somebody else when we are root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {user.pw_name for user in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
