"""The queue of jobs, as Prometheus sees it."""

import asyncio

import pytest

from core.metrics import REGISTRY
from core.settings import Settings
from models.derivative import DerivativeKind
from services.derivative_records import Specification
from services.jobs import Jobs
from tests.services.conftest import account, checked, uploaded


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_jobs_that_wait_are_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.jobs.WATCH_SECONDS", 0.05)
    async with checked(settings) as application:
        owner = await account(application)
        jobs = Jobs(settings.database_url, limit=9)
        async with jobs.opened(application.database):
            await waiting(0)
            for number in (1, 2):
                file = await uploaded(application, owner, b"%d" % number)
                await jobs.derive(file, Specification(DerivativeKind.ANALYSIS, {}))
                await waiting(number)


async def waiting(number: int) -> None:
    """Wait until so many jobs are counted."""
    async with asyncio.timeout(20):
        while REGISTRY.get_sample_value("media_queue_jobs_waiting") != number:
            await asyncio.sleep(0.01)
