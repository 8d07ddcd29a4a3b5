"""What is counted for Prometheus. docs/observability.md lists it; counting costs microseconds."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client import start_http_server as _start

from core.settings import SettingsError

# Else each has a second series, which says when this process first met it.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry()
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

REQUESTS: Final = Counter(
    "media_requests",
    "Requests that were answered.",
    ["operation", "status"],
    registry=REGISTRY,
)
REQUEST_SECONDS: Final = Histogram(
    "media_request_duration_seconds",
    "From the first byte of a request to the last of its answer, clients' own time included.",
    ["operation"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
RECEIVED_BYTES: Final = Counter(
    "media_received_bytes", "Bytes of requests' bodies.", ["operation"], registry=REGISTRY
)
SENT_BYTES: Final = Counter(
    "media_sent_bytes", "Bytes of answers' bodies.", ["operation"], registry=REGISTRY
)
ASYNC_TASKS: Final = Gauge(
    "media_asyncio_tasks",
    "Tasks of the process's event loop that have not ended: requests, and what works meanwhile.",
    registry=REGISTRY,
)
CONNECTIONS: Final = Gauge(
    "media_client_connections", "Connections of clients that are open.", registry=REGISTRY
)
UPLOADS: Final = Gauge(
    "media_uploads_in_flight", "Files that are being received.", registry=REGISTRY
)
WAITING: Final = Gauge(
    "media_worker_tasks_waiting", "Tasks that wait for a worker process.", registry=REGISTRY
)
QUEUED: Final = Gauge(
    "media_queue_jobs_waiting",
    "Jobs for media worker processes that nobody has taken up, looked at every few seconds.",
    registry=REGISTRY,
)
REPROCESSING_LEFT: Final = Gauge(
    "media_reprocessing_files_left",
    "Files that may have outdated types, sizes, previews, analyses or texts, counted every minute.",
    ["work"],
    registry=REGISTRY,
)
TASKS: Final = Counter(
    "media_worker_tasks", "Tasks of worker processes.", ["task", "outcome"], registry=REGISTRY
)
TASK_SECONDS: Final = Histogram(
    "media_worker_task_duration_seconds",
    "How long tasks took, waiting included.",
    ["task"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
DATABASE_ERRORS: Final = Counter(
    "media_database_errors", "Failures of the database.", ["kind"], registry=REGISTRY
)
STORAGE_ERRORS: Final = Counter(
    "media_storage_errors", "Failures of the storage.", ["kind"], registry=REGISTRY
)
ProcessCollector(registry=REGISTRY)


def count_tasks() -> None:
    """From now on tell how many tasks this event loop has, whenever somebody looks."""
    loop = asyncio.get_running_loop()
    ASYNC_TASKS.set_function(lambda: len(asyncio.all_tasks(loop)))


@contextmanager
def served_metrics(address: tuple[str, int] | None) -> Iterator[None]:
    """Answer Prometheus at ``address``, in a thread of its own, while the block runs.

    Raises:
        SettingsError: The address cannot be listened on.
    """
    if address is None:
        yield
        return
    host, port = address
    try:
        server, thread = _start(port, host, REGISTRY)
    except OSError as error:
        raise SettingsError(
            f"cannot serve metrics on {host} port {port} ({error.strerror});"
            " choose another address with MEDIA_METRICS_ADDRESS"
        ) from None
    try:
        yield
    finally:
        _stop(server.shutdown, thread)
        server.server_close()


def _stop(shutdown: object, thread: threading.Thread) -> None:
    assert callable(shutdown)  # noqa: S101 - socketserver's
    shutdown()
    thread.join()
