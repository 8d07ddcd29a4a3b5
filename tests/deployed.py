"""The deployment of docker-compose.yml as processes: nginx, servers, workers and every engine.

``pytest --deployed`` runs acceptance tests against nginx's port.
The settings are those of ``deploy/media.env``, the configuration of nginx that of ``deploy/nginx``.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests import postgres, swift
from tests.acceptance.serving import ROOT, Server
from tests.nginx import nginx
from tests.ports import free_port
from tests.redis_server import redis_server

REPLICAS: Final = 2
_LIMIT: Final = 32 * 1024 * 1024  # as the acceptance tests have it


class Deployment(Server):
    """Two servers and two workers behind nginx, as one server to the tests."""

    def __init__(self, folder: Path, started: ExitStack) -> None:
        self._folder = folder
        database_url = started.enter_context(postgres.server())
        bucket = swift.new_bucket(started.enter_context(swift.server()))
        redis = started.enter_context(redis_server(free_port()))
        settings = {
            **_common(),
            "database_url": database_url,
            "storage_url": bucket.url,
            "redis_url": redis.url,
            "max_upload_bytes": _LIMIT,
        }
        started.enter_context(_environment(bucket.environment))
        self.servers = [self._server(started, settings) for _ in range(REPLICAS)]
        self.environment = self.servers[0].environment
        self.workers = [self._worker(started) for _ in range(REPLICAS)]
        upstreams = [f"127.0.0.1:{server.port}" for server in self.servers]
        self.url = started.enter_context(nginx(folder / "nginx", upstreams))
        self.port = int(self.url.rpartition(":")[2])
        self.database_url = database_url

    @property
    def log(self) -> str:
        """What the servers have logged."""
        return "".join(server.log for server in self.servers)

    def traces(self) -> dict[str, list[str]]:
        """Return the rows that name objects."""
        tables = ("upload", "blob", "derivative")
        return {
            table: sorted(key for (key,) in self.rows(f"SELECT key FROM {table}") if key)
            for table in tables
        }

    def is_settled(self) -> bool:
        """Tell whether no upload is under way."""
        return not self.rows("SELECT 1 FROM upload")

    def _server(self, started: ExitStack, settings: dict[str, str | int]) -> Server:
        running = Server(self._folder / f"server-{free_port()}", **settings)
        started.callback(running.kill)
        return running

    def _worker(self, started: ExitStack) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "cli.main", "worker"]
        log = started.enter_context((self._folder / "worker.log").open("ab"))
        running = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=log
        )
        started.callback(running.wait)
        started.callback(running.kill)
        return running


@contextmanager
def deployed(folder: Path) -> Iterator[Deployment]:
    """Run the deployment for the block."""
    with ExitStack() as started:
        running = Deployment(folder, started)
        yield running
        assert "Traceback" not in running.log
        running.assert_library_is_sound(after_sweeping=True)
        assert running.is_settled()


def _common() -> dict[str, str | int]:
    lines = (ROOT / "deploy" / "media.env").read_text().splitlines()
    pairs = [line.split("=", 1) for line in lines if line.startswith("MEDIA_")]
    return {name.removeprefix("MEDIA_").lower(): value for name, value in pairs}


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        yield
