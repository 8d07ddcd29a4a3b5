"""``media serve``: the server process."""

import fcntl
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from core.settings import Settings, SettingsError
from server.app import create_app

_KEEP_ALIVE_SECONDS = 30
_COLLECT_AFTER = 50_000


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; running requests get the drain time to end. Returns 0."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _only_server(settings):
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_level=settings.log_level,
            access_log=settings.log_level == "debug",
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=settings.drain_seconds,
        )
        _tune_collector()
        server = uvicorn.Server(config)
        server.run()
    return 0 if server.started else 1


def _tune_collector() -> None:
    # What start-up made lives as long as the process; a list of 50 files makes thousands of
    # short-lived objects, and the default threshold would collect several times within it.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


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
                f"another server already serves {settings.data_dir}; stop it, or use PostgreSQL"
            ) from None
        yield
