"""``media serve``: the server process."""

import argparse
import fcntl
import logging
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import cast

import uvicorn
from starlette.applications import Starlette

from cli.exiting import exit_within
from core.metrics import CONNECTIONS, count_tasks, served_metrics
from core.settings import Settings, SettingsError
from server.app import create_app, drain
from server.heads import HttpProtocol
from services.library import make_data_folder

logger = logging.getLogger("media.server")

_UNACKNOWLEDGED_MS = 30_000
_FAMILIES = {False: socket.AF_INET, True: socket.AF_INET6}


class Server(uvicorn.Server):
    """Ends in peace when asked to: a drained server has stopped, it was not killed."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where."""
        await super().startup(sockets)
        count_tasks()
        CONNECTIONS.set_function(lambda: len(self.server_state.connections))
        if self.started and sockets:
            host, port, *_ = sockets[0].getsockname()
            logger.info("serving at http://%s:%s", f"[{host}]" if ":" in host else host, port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop: answer 503 at ``/readyz``, and end soon after the drain whatever hangs."""
        if not self.should_exit:
            exit_within(self.config.timeout_graceful_shutdown or 0)
        drain(cast("Starlette", self.config.app))
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as the wish to stop, and not raise them again when that is done."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()


def add_options(_: argparse.ArgumentParser) -> None:
    """Add nothing: it takes no options."""


def run(settings: Settings, _: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; see ``serve``."""
    return serve(settings)


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; running requests get the drain time to end. Returns 0."""
    make_data_folder(settings)
    _allow_open_files()
    with _only_server(settings), served_metrics(settings.metrics_listener):
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http=HttpProtocol,
            ws="none",
            lifespan="on",
            log_level=settings.log_level,
            log_config=None,  # its lines go where all others go
            access_log=False,
            server_header=False,
            forwarded_allow_ips=list(settings.trusted_proxies),
            timeout_keep_alive=settings.idle_timeout_seconds,
            timeout_graceful_shutdown=settings.drain_seconds,
        )
        server = Server(config)
        with _listening(config) as listener:
            server.run(sockets=[listener])
    return 0 if server.started else 1


def _allow_open_files() -> None:
    # Every upload on its way and every running download keeps a file open.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextmanager
def _listening(config: uvicorn.Config) -> Iterator[socket.socket]:
    address, v6 = (config.host, config.port), ":" in config.host
    try:
        listener = socket.create_server(address, family=_FAMILIES[v6], backlog=config.backlog)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {config.host} port {config.port} ({error.strerror});"
            " choose others with MEDIA_HOST and MEDIA_PORT"
        ) from None
    # A connection that is closed while its client takes nothing keeps its buffers until they are
    # taken; the kernel gives such a client up after this long (tcp(7)). Connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
    with listener:
        yield listener


@contextmanager
def _only_server(settings: Settings) -> Iterator[None]:
    """Hold the data folder: SQLite's WAL has a defect with several writing processes."""
    if settings.database_url and not settings.database_url.startswith("sqlite"):
        yield
        return
    with (settings.data_dir / "serve.lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"another server already serves {settings.data_dir.resolve()}; stop it, or choose"
                " another folder with MEDIA_DATA_DIR"
            ) from None
        yield
