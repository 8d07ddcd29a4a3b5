"""``media worker``: a process that makes previews, texts and analyses for servers."""

import argparse
import asyncio
import logging
import signal
from dataclasses import replace

from cli.exiting import exit_within
from core.metrics import count_tasks, served_metrics
from core.settings import Settings, SettingsError
from services.derivatives.queue import Jobs
from services.job_worker import JobWorker
from services.lifecycle import running

logger = logging.getLogger("media.workers")


def add_options(_: argparse.ArgumentParser) -> None:
    """Add nothing: it takes no options."""


async def run(settings: Settings, _: argparse.Namespace) -> int:
    """Work until stopped, with the database and storage that the servers have made; 0."""
    if not settings.database_url.startswith("postgres"):
        raise SettingsError("a worker needs the servers' MEDIA_DATABASE_URL=postgres://…")
    own = replace(settings, processing="local")  # what it takes from the queue it makes here
    with served_metrics(settings.metrics_listener):
        return await _work(settings, own)


async def _work(settings: Settings, own: Settings) -> int:
    count_tasks()
    async with running(own, background=True, create=False) as application:
        jobs = Jobs(settings.database_url, limit=settings.worker_queue)
        async with jobs.opened(application.database, create=False):
            logger.info("waiting for work")
            await JobWorker(application, jobs).run(_asked_to_end(settings.drain_seconds))
    return 0


def _asked_to_end(drain_seconds: float) -> asyncio.Event:
    """Return what SIGTERM and SIGINT set; the process is gone soon after the drain then."""
    asked = asyncio.Event()

    def ask() -> None:
        if not asked.is_set():
            exit_within(drain_seconds)
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ask)
    return asked
