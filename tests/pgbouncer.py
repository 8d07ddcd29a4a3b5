"""PgBouncer for tests: a process of their own on a free port, in front of a PostgreSQL server."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit

import pytest

from tests.ports import free_port, wait_until_it_listens
from tests.postgres import unprivileged


@contextmanager
def pgbouncer(database_url: str, *, pool_mode: str, ignored: str = "") -> Iterator[str]:
    """Pool a database's connections for the block; yield the URL that reaches it through the pool.

    ``ignored`` are the parameters of connections that are not refused.
    """
    database, port = urlsplit(database_url), free_port()
    config = (
        f"[databases]\n* = host=127.0.0.1 port={database.port} user=media\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {pool_mode}\ndefault_pool_size = 30\n"
        f"ignore_startup_parameters = {ignored}\n"
    )
    with (
        _readable(config) as path,
        subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [_program(), path], stderr=subprocess.DEVNULL, cwd="/", **unprivileged()
        ) as process,
    ):
        try:
            wait_until_it_listens("PgBouncer", port, process)
            yield database._replace(netloc=f"media@127.0.0.1:{port}").geturl()
        finally:
            process.kill()


@contextmanager
def _readable(content: str) -> Iterator[str]:
    """Keep ``content`` for the block in a file that any account may read."""
    with NamedTemporaryFile("w") as file:
        Path(file.name).chmod(0o644)
        file.write(content)
        file.flush()
        yield file.name


def _program() -> str:
    found = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.fail("PgBouncer is missing: `make test` installs it, or install pgbouncer")
    return found
