"""Failed attempts: counted by address and minute, and no more remembered than has to be."""

import time

import pytest

from core.errors import RateLimitedError, UnauthenticatedError
from services.attempts import MOST, SECONDS, FailedAttempts

FAILURE = UnauthenticatedError("wrong")


def failures(attempts: FailedAttempts, address: str, count: int) -> list[str]:
    """Fail that often; return what is answered."""
    answered = []
    for _ in range(count):
        with pytest.raises((UnauthenticatedError, RateLimitedError)) as raised:
            attempts.refuse(address, FAILURE)
        answered.append(type(raised.value).__name__)
    return answered


def test_a_window_begins_with_its_first_failure_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr("services.attempts.time.monotonic", lambda: now)
    attempts = FailedAttempts()
    assert (
        failures(attempts, "a", MOST + 2)
        == ["UnauthenticatedError"] * MOST + ["RateLimitedError"] * 2
    )
    with pytest.raises(RateLimitedError) as refusal:
        attempts.require_patience("a")
    assert refusal.value.figures["retry_after_seconds"] == SECONDS
    attempts.require_patience("b")
    monkeypatch.setattr("services.attempts.time.monotonic", lambda: now + SECONDS - 0.5)
    with pytest.raises(RateLimitedError) as refusal:
        attempts.require_patience("a")
    assert refusal.value.figures["retry_after_seconds"] == 1
    monkeypatch.setattr("services.attempts.time.monotonic", lambda: now + SECONDS)
    attempts.require_patience("a")
    assert failures(attempts, "a", 1) == ["UnauthenticatedError"]


def test_the_memory_of_addresses_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.attempts._ADDRESSES", 3)
    attempts = FailedAttempts()
    for number in range(10):
        failures(attempts, str(number), 1)
    assert len(attempts._counted) == 3
