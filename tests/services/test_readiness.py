"""Readiness: one probe however many ask, kept for two seconds, and not a moment while draining."""

import asyncio
import signal
from contextlib import aclosing

import httpx
import pytest
import uvicorn

from cli.serve import Server
from core.errors import UnavailableError
from core.settings import Settings
from server.app import create_app
from services.application import Application
from services.readiness import Readiness, Verdict
from storage.base import StorageError
from tests.services.clock import Clock


class Probe:
    """A probe that ends when the test says so."""

    def __init__(self) -> None:
        self.started = 0
        self.may_end = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self) -> None:
        self.started += 1
        await self.may_end.wait()
        if self.failure:
            raise self.failure


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("services.readiness.time", made)
    return made


async def test_a_thousand_callers_at_once_share_one_probe(clock: Clock) -> None:
    probe = Probe()
    async with aclosing(Readiness(probe)) as readiness:
        callers = [asyncio.create_task(readiness.verdict()) for _ in range(1000)]
        await asyncio.sleep(0)
        probe.may_end.set()
        assert set(await asyncio.gather(*callers)) == {Verdict.READY}
    assert probe.started == 1


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (None, Verdict.READY),
        (UnavailableError("The database is away."), Verdict.UNAVAILABLE),
        (StorageError("The bucket is away."), Verdict.UNAVAILABLE),
    ],
)
async def test_a_verdict_is_kept_for_two_seconds(
    clock: Clock, failure: Exception | None, verdict: Verdict
) -> None:
    probe = Probe()
    probe.may_end.set()
    async with aclosing(Readiness(probe)) as readiness:
        probe.failure = failure
        assert await readiness.verdict() is verdict
        probe.failure = None if failure else StorageError("since then")
        clock.now += 1.9
        assert await readiness.verdict() is verdict
        assert probe.started == 1
        clock.now += 0.2
        assert await readiness.verdict() is not verdict
    assert probe.started == 2


async def test_a_thousand_calls_in_a_second_start_one_probe(clock: Clock) -> None:
    probe = Probe()
    probe.may_end.set()
    async with aclosing(Readiness(probe)) as readiness:
        for _ in range(1000):
            await readiness.verdict()
            clock.now += 0.001
    assert probe.started == 1


async def test_a_slow_probe_is_not_joined_by_a_second_one(clock: Clock) -> None:
    probe = Probe()
    async with aclosing(Readiness(probe)) as readiness:
        first = asyncio.create_task(readiness.verdict())
        await asyncio.sleep(0)
        clock.now += 60
        second = asyncio.create_task(readiness.verdict())
        await asyncio.sleep(0)
        probe.may_end.set()
        assert await asyncio.gather(first, second) == [Verdict.READY] * 2
    assert probe.started == 1


async def test_a_cancelled_caller_leaves_the_probe_to_the_others(clock: Clock) -> None:
    probe = Probe()
    async with aclosing(Readiness(probe)) as readiness:
        first = asyncio.create_task(readiness.verdict())
        second = asyncio.create_task(readiness.verdict())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        probe.may_end.set()
        assert await second is Verdict.READY
    assert first.cancelled()
    assert probe.started == 1


async def test_draining_shows_at_once_and_probes_nothing(clock: Clock) -> None:
    probe = Probe()
    probe.may_end.set()
    async with aclosing(Readiness(probe)) as readiness:
        assert await readiness.verdict() is Verdict.READY
        readiness.drain()
        assert await readiness.verdict() is Verdict.DRAINING
        clock.now += 60
        assert await readiness.verdict() is Verdict.DRAINING
    assert probe.started == 1


async def test_closing_ends_a_probe_that_hangs() -> None:
    probe = Probe()
    readiness = Readiness(probe)
    caller = asyncio.create_task(readiness.verdict())
    await asyncio.sleep(0)
    await readiness.aclose()
    with pytest.raises(asyncio.CancelledError):
        await caller


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_stop_turns_readyz_into_503_at_once(
    settings: Settings, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.serve.exit_within", lambda _: None)  # it would end this process
    app = create_app(settings)
    server = Server(uvicorn.Config(app, log_config=None))
    server.handle_exit(number, None)  # before the application has started: nobody is answered
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/readyz")).status_code == 200
            server.handle_exit(number, None)
            answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "reason": "the server is shutting down"}
    assert server.should_exit


async def test_the_application_probes_database_and_storage_once(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed = []

    async def check() -> None:
        probed.append("storage")

    monkeypatch.setattr(application.storage, "check", check)
    verdicts = await asyncio.gather(*[application.readiness.verdict() for _ in range(100)])
    assert set(verdicts) == {Verdict.READY}
    assert probed == ["storage"]
