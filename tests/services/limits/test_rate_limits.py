"""Rate limits: counted by caller and class, in one process or in Redis for several."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.viewer import ANONYMOUS, Viewer
from core.errors import RateLimitedError
from core.rates import Rate
from core.settings import Settings
from models.user import UserKind
from services.limits import counters as rate_counters
from services.limits import redis as redis_counter
from services.limits.counters import Counters
from services.limits.rate_limits import OperationClass, RateLimits, network_of
from services.limits.windows import Window
from tests.ports import free_port
from tests.redis_server import RedisServer, redis, redis_server

__all__ = ["redis"]

READ, WRITE, SIGN_IN = OperationClass.READ, OperationClass.WRITE, OperationClass.SIGN_IN
ALICE, BOB = Viewer("user_alice", UserKind.USER), Viewer("user_bob", UserKind.GUEST)
FIVE = Rate(5, 86_400)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Redis as long as a busy machine takes; that it is gone is told at once."""
    monkeypatch.setattr(redis_counter, "_SECONDS", 20)


@pytest.fixture(params=["memory", "redis"])
def redis_url(request: pytest.FixtureRequest) -> str:
    """Where operations are counted: the test runs once on each store."""
    if request.param == "memory":
        return ""
    url: str = request.getfixturevalue("redis").url
    return url


@asynccontextmanager
async def limited(redis_url: str, **settings: Any) -> AsyncIterator[RateLimits]:
    counters = Counters(redis_url)
    try:
        yield RateLimits(Settings(**settings), counters)
    finally:
        await counters.close()


async def test_so_many_are_let_in_and_no_more(redis_url: str) -> None:
    async with limited(redis_url, rate_read=FIVE) as limits:
        meter = limits.meter(ALICE, "192.0.2.1")
        for left in (4, 3, 2, 1, 0):
            await meter.spend(READ)
            assert meter.standings[READ].remaining == left
        with pytest.raises(RateLimitedError) as refusal:
            await meter.spend(READ)
        standing = meter.standings[READ]
        assert (standing.allowed, standing.remaining) == (False, 0)
        assert refusal.value.figures == {
            "operation": "read",
            "limit": 5,
            "window_seconds": 86_400,
            "cost": 1,
            "retry_after_seconds": standing.wait,
        }
        assert 0 < standing.wait <= 2 * 86_400


async def test_callers_and_classes_are_counted_apart(redis_url: str) -> None:
    one = Rate(1, 86_400)
    async with limited(redis_url, rate_read=one, rate_write=one) as limits:
        for viewer, address in [
            (ALICE, "192.0.2.1"),
            (BOB, "192.0.2.1"),
            (ANONYMOUS, "192.0.2.1"),
            (ANONYMOUS, "192.0.2.2"),
        ]:
            meter = limits.meter(viewer, address)
            await meter.spend(READ)
            await meter.spend(WRITE)
            with pytest.raises(RateLimitedError):
                await meter.spend(READ)
        with pytest.raises(RateLimitedError):  # an account is the same from elsewhere
            await limits.meter(ALICE, "198.51.100.7").spend(READ)


async def test_signing_in_is_counted_by_address_whoever_asks(redis_url: str) -> None:
    async with limited(redis_url, rate_sign_in=Rate(2, 86_400)) as limits:
        await limits.meter(ALICE, "192.0.2.1").spend(SIGN_IN)
        await limits.meter(ANONYMOUS, "192.0.2.1").spend(SIGN_IN)
        with pytest.raises(RateLimitedError):
            await limits.meter(BOB, "192.0.2.1").spend(SIGN_IN)


async def test_several_operations_are_let_in_together_or_not_at_all(redis_url: str) -> None:
    async with limited(redis_url, rate_write=FIVE) as limits:
        meter = limits.meter(ALICE, "192.0.2.1")
        await meter.spend(WRITE, 3)
        with pytest.raises(RateLimitedError):
            await meter.spend(WRITE, 3)
        await meter.spend(WRITE, 2)
        with pytest.raises(RateLimitedError, match="One request may do at most 5"):
            await limits.meter(BOB, "192.0.2.1").spend(WRITE, 6)


async def test_of_many_at_once_no_more_get_in(redis_url: str) -> None:
    async with limited(redis_url, rate_read=FIVE) as limits:

        async def attempt() -> bool:
            try:
                await limits.meter(ALICE, "192.0.2.1").spend(READ)
            except RateLimitedError:
                return False
            return True

        assert sum(await asyncio.gather(*(attempt() for _ in range(50)))) == 5


async def test_who_waits_as_told_is_let_in(redis_url: str) -> None:
    async with limited(redis_url, rate_read=Rate(2, 1)) as limits:
        meter = limits.meter(ALICE, "192.0.2.1")
        refused = False
        while not refused:
            try:
                await meter.spend(READ)
            except RateLimitedError:
                refused = True
        await asyncio.sleep(meter.standings[READ].wait)
        await meter.spend(READ)


async def test_limits_can_be_off_as_a_whole_or_by_class(redis_url: str) -> None:
    one = Rate(1, 86_400)
    async with limited(redis_url, rate_read=None, rate_write=one) as limits:
        meter = limits.meter(ALICE, "192.0.2.1")
        for _ in range(3):
            await meter.spend(READ)
        assert meter.standings == {}
        await meter.spend(WRITE)
        with pytest.raises(RateLimitedError):
            await meter.spend(WRITE)
    async with limited(redis_url, rate_limits=False, rate_write=one) as limits:
        meter = limits.meter(ALICE, "192.0.2.1")
        for _ in range(3):
            await meter.spend(WRITE)


async def test_processes_count_together_in_redis(redis: RedisServer) -> None:
    async with (
        limited(redis.url, rate_read=FIVE) as first,
        limited(redis.url, rate_read=FIVE) as second,
    ):
        for limits in (first, second, first, second, first):
            await limits.meter(ALICE, "192.0.2.1").spend(READ)
        for limits in (first, second):
            with pytest.raises(RateLimitedError):
                await limits.meter(ALICE, "192.0.2.1").spend(READ)


async def test_without_redis_each_process_counts_by_itself_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()
    with redis_server(port) as before:
        counters = Counters(before.url)
        assert (await counters.spend("a", FIVE, 4)).remaining == 1
        before.kill()
        with caplog.at_level(logging.WARNING, "media.limits"):
            assert [(await counters.spend("a", FIVE, 2)).allowed for _ in range(3)] == [
                True,
                True,
                False,
            ]
        assert len(caplog.records) == 1  # the next calls did not even ask it
    with redis_server(port):
        counters._redis_from = 0  # the seconds have passed
        assert (await counters.spend("a", FIVE, 5)).allowed
        assert not (await counters.spend("a", FIVE, 1)).allowed
    await counters.close()


async def test_a_redis_that_is_not_there_at_the_start_is_no_obstacle() -> None:
    async with limited(f"redis://127.0.0.1:{free_port()}/0", rate_read=Rate(1, 86_400)) as limits:
        meter = limits.meter(ALICE, "192.0.2.1")
        await meter.spend(READ)
        with pytest.raises(RateLimitedError):
            await meter.spend(READ)


async def test_what_no_longer_counts_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(rate_counters, "time", SimpleNamespace(monotonic=lambda: now))
    counters, rate = Counters(), Rate(2, 60)
    assert (await counters.spend("a", rate, 2)).remaining == 0
    now += 60
    assert not (await counters.spend("a", rate, 2)).allowed  # a part of the last window counts
    now += 121
    assert (await counters.spend("b", rate, 1)).allowed
    assert len(counters._local._windows) == 1
    assert (await counters.spend("a", rate, 2)).allowed


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_customer_has_one_limit(address: str, network: str) -> None:
    assert network_of(address) == network


def fits(window: Window, cost: int, after: float) -> bool:
    """Tell whether ``cost`` operations fit some seconds later, if nothing comes meanwhile."""
    seconds = window.rate.seconds
    until_next = window.current_left - seconds
    if after <= until_next:
        weighted = window.previous * max(0, window.previous_left - after) / seconds
        return weighted + window.current + cost <= window.rate.count + 1e-6
    left = max(0.0, seconds - (after - until_next))
    return window.current * left / seconds + cost <= window.rate.count + 1e-6


@given(
    st.integers(1, 1000),
    st.integers(1, 3600),
    st.data(),
)
def test_the_wait_is_as_long_as_it_must_be_and_no_longer(
    count: int, seconds: int, data: st.DataObject
) -> None:
    left = data.draw(st.floats(0.001, seconds))
    previous, current = data.draw(st.integers(0, count)), data.draw(st.integers(0, count))
    cost = data.draw(st.integers(1, count))
    window = Window(Rate(count, seconds), previous, left, current, left + seconds)
    wait = window.wait(cost)
    assert fits(window, cost, wait)
    assert wait == 1 or not fits(window, cost, wait - 1.01)
