"""Failed attempts: counted by address and minute, by one process or by several together."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from core.errors import RateLimitedError, UnauthenticatedError
from services.accounts.attempts import FAILURES, FailedAttempts
from services.limits import counters as rate_counters
from services.limits import redis as redis_counter
from services.limits.counters import Counters
from tests.redis_server import RedisServer, redis

__all__ = ["redis"]

FAILURE = UnauthenticatedError("wrong")


class Clock:
    """The time that counters in memory see; it stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000 * FAILURES.seconds + 1.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_counters, "time", SimpleNamespace(monotonic=clock.monotonic))
    monkeypatch.setattr(redis_counter, "_SECONDS", 20)
    return clock


@pytest.fixture(params=["memory", "redis"])
async def attempts(request: pytest.FixtureRequest, clock: Clock) -> AsyncIterator[FailedAttempts]:
    """Failures counted on each store."""
    url = request.getfixturevalue("redis").url if request.param == "redis" else ""
    counters = Counters(url)
    yield FailedAttempts(counters)
    await counters.close()


async def failures(attempts: FailedAttempts, address: str, count: int) -> list[str]:
    """Fail that often; return what is answered."""
    answered = []
    for _ in range(count):
        with pytest.raises((UnauthenticatedError, RateLimitedError)) as raised:
            await attempts.refuse(address, FAILURE)
        answered.append(type(raised.value).__name__)
    return answered


async def test_an_address_may_fail_so_often_and_its_neighbours_as_well(
    attempts: FailedAttempts,
) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        assert await failures(attempts, address, FAILURES.count) == (
            ["UnauthenticatedError"] * FAILURES.count
        )
    assert await failures(attempts, "192.0.2.1", 2) == ["RateLimitedError"] * 2
    with pytest.raises(RateLimitedError) as refusal:
        await attempts.require_patience("192.0.2.1")
    assert 0 < refusal.value.figures["retry_after_seconds"] <= 2 * FAILURES.seconds


async def test_asking_for_patience_is_no_failure(attempts: FailedAttempts) -> None:
    await failures(attempts, "192.0.2.1", FAILURES.count - 1)
    for _ in range(FAILURES.count):
        await attempts.require_patience("192.0.2.1")
    assert await failures(attempts, "192.0.2.1", 1) == ["UnauthenticatedError"]


async def test_an_ipv6_customer_is_one_address(attempts: FailedAttempts) -> None:
    await failures(attempts, "2001:db8:1:2::1", FAILURES.count)
    assert await failures(attempts, "2001:db8:1:2::2", 1) == ["RateLimitedError"]
    assert await failures(attempts, "2001:db8:1:3::1", 1) == ["UnauthenticatedError"]


async def test_who_waits_as_told_may_fail_again(clock: Clock) -> None:
    attempts = FailedAttempts(Counters())
    await failures(attempts, "192.0.2.1", FAILURES.count)
    with pytest.raises(RateLimitedError) as refusal:
        await attempts.require_patience("192.0.2.1")
    clock.now += refusal.value.figures["retry_after_seconds"]
    await attempts.require_patience("192.0.2.1")
    assert await failures(attempts, "192.0.2.1", 1) == ["UnauthenticatedError"]


async def test_processes_count_failures_together_in_redis(redis: RedisServer, clock: Clock) -> None:
    counters = [Counters(redis.url) for _ in range(2)]
    first, second = map(FailedAttempts, counters)
    await failures(first, "192.0.2.1", FAILURES.count)
    assert await failures(second, "192.0.2.1", 1) == ["RateLimitedError"]
    for each in counters:
        await each.close()
