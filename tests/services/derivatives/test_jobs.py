"""The queue of jobs, as Prometheus sees it."""

import asyncio

import pytest
from procrastinate.jobs import Status

from core.errors import BusyError
from core.metrics import REGISTRY
from core.settings import Settings
from models.derivative import DerivativeKind
from services.application import Application
from services.derivatives.making import Product
from services.derivatives.queue import Jobs
from services.derivatives.reprocessing import Maker
from services.derivatives.rows import Specification
from services.job_worker import JobWorker
from tests.services.conftest import account, checked, uploaded


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_jobs_that_wait_are_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.derivatives.queue.WATCH_SECONDS", 0.05)
    async with checked(settings) as application:
        owner = await account(application)
        jobs = Jobs(settings.database_url, limit=9)
        async with jobs.opened(application.database):
            await waiting(0)
            for number in (1, 2):
                file = await uploaded(application, owner, b"%d" % number)
                await jobs.derive(file, Specification(DerivativeKind.ANALYSIS, {}))
                await waiting(number)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_of_the_same_job_one_runs_and_one_waits_even_if_the_first_is_given_back(
    settings: Settings,
) -> None:
    async with checked(settings) as application:
        file = await uploaded(application, await account(application))
        wanted = Specification(DerivativeKind.ANALYSIS, {})
        jobs = Jobs(settings.database_url, limit=9)
        async with jobs.opened(application.database):
            manager = jobs.app.job_manager
            worker = await manager.register_worker()
            await jobs.derive(file, wanted)
            first = await manager.fetch_job(None, worker)
            assert first is not None
            await jobs.derive(file, wanted)
            assert await manager.fetch_job(None, worker) is None
            await manager.retry_job(first)
            second = await manager.fetch_job(None, worker)
            assert second is not None
            assert second.id != first.id
            await manager.finish_job(second, Status.SUCCEEDED, delete_job=True)
            assert not list(await manager.list_jobs_async())


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_what_is_made_anew_waits_behind_what_people_ask_for_and_takes_no_place(
    settings: Settings,
) -> None:
    async with checked(settings) as application:
        owner = await account(application)
        old, new = [await uploaded(application, owner, b"%d" % number) for number in range(2)]
        wanted = Specification(DerivativeKind.ANALYSIS, {})
        jobs = Jobs(settings.database_url, limit=1)
        async with jobs.opened(application.database):
            await jobs.derive(old, wanted, in_background=True)
            await jobs.derive(new, wanted)
            for in_background in (False, True):
                with pytest.raises(BusyError):
                    await jobs.derive(old, wanted, in_background=in_background)
            manager = jobs.app.job_manager
            worker = await manager.register_worker()
            first = await manager.fetch_job(None, worker)
            assert first is not None
            assert first.task_kwargs["blob_id"] == new.blob_id


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_a_job_that_outlasts_the_drain_of_its_worker_goes_back_to_the_queue(
    settings: Settings,
) -> None:
    async with checked(settings, drain_seconds=0) as application:
        file = await uploaded(application, await account(application))
        wanted = Specification(DerivativeKind.ANALYSIS, {"source": ["text/plain", "file.txt"]})
        jobs = Jobs(settings.database_url, limit=9)
        async with jobs.opened(application.database):
            await jobs.derive(file, wanted)
            worker, begun, asked = JobWorker(application, jobs), asyncio.Event(), asyncio.Event()
            worker._makers = {DerivativeKind.ANALYSIS: endless(begun)}
            working = asyncio.create_task(worker.run(asked))
            await begun.wait()
            asked.set()
            await working
            (left,) = await jobs.app.job_manager.list_jobs_async(queue="derive")
            # Procrastinate's name for a job that waits in the queue and that any worker may take.
            assert left.status == Status.TODO.value
            await application.derivatives.close()
        await done_by_another(application, settings)
        assert await application.database.read("SELECT 1 FROM derivative WHERE state = 'ready'")


def endless(begun: asyncio.Event) -> Maker:
    """Return what makes analyses that never come to an end."""

    async def produce() -> Product:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    return lambda _file, _parameters: produce


async def done_by_another(application: Application, settings: Settings) -> None:
    """Have another worker take what is in the queue, until nothing is left of it."""
    asked, jobs = asyncio.Event(), Jobs(settings.database_url, limit=9)
    async with jobs.opened(application.database):
        working = asyncio.create_task(JobWorker(application, jobs).run(asked))
        async with asyncio.timeout(20):
            while await jobs.app.job_manager.list_jobs_async(queue="derive"):
                await asyncio.sleep(0.01)
        asked.set()
        await working


async def waiting(number: int) -> None:
    """Wait until so many jobs are counted."""
    async with asyncio.timeout(20):
        while REGISTRY.get_sample_value("media_queue_jobs_waiting") != number:
            await asyncio.sleep(0.01)
