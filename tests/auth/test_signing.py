"""Signatures of addresses: bound to every fact, and to their time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import signing
from auth.signing import (
    BUCKET_SECONDS,
    DAY,
    HOUR,
    MAX_LIFETIME,
    MIN_LIFETIME,
    MINUTE,
    LinkSigner,
)

SIGNER = LinkSigner("a secret for tests that nobody else has")
SECONDS = st.integers(MIN_LIFETIME, MAX_LIFETIME) | st.sampled_from(
    [bound + more for bound in (HOUR, DAY, 6 * DAY, 7 * DAY) for more in (-1, 0)]
)
NOW = st.floats(1.5e9, 4e9) | st.integers(20_000, 40_000).map(lambda day: float(day * DAY))
FACTS = st.lists(st.text(max_size=8), min_size=1, max_size=4)


@given(FACTS)
def test_a_signature_holds_for_its_facts(facts: list[str]) -> None:
    expires = SIGNER.expiry()
    assert SIGNER.holds(SIGNER.sign(expires, *facts), expires, *facts)


@given(FACTS, FACTS)
def test_a_signature_holds_for_no_other_facts(facts: list[str], others: list[str]) -> None:
    expires = SIGNER.expiry()
    held = SIGNER.holds(SIGNER.sign(expires, *facts), expires, *others)
    assert held == (facts == others)


def test_a_signature_is_of_one_server_and_one_expiry() -> None:
    expires = SIGNER.expiry()
    signature = SIGNER.sign(expires, "file")
    assert not LinkSigner("another secret, as long as the first").holds(signature, expires, "file")
    assert not SIGNER.holds(signature, expires + 1, "file")


def test_addresses_signed_with_an_earlier_secret_hold_while_it_is_kept() -> None:
    expires, old = SIGNER.expiry(), "a secret for tests that nobody else has"
    signature = SIGNER.sign(expires, "file")
    rotated = LinkSigner("another secret, as long as the first", [old])
    assert rotated.holds(signature, expires, "file")
    assert not rotated.holds(signature, expires, "other")
    assert rotated.sign(expires, "file") != signature


def test_addresses_are_the_same_within_a_bucket_and_hold_for_one_to_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = 20_000 * BUCKET_SECONDS
    expiries = set()
    for second in (0, 1, BUCKET_SECONDS - 1):
        monkeypatch.setattr(signing.time, "time", lambda second=second: start + second)
        expiries.add(SIGNER.expiry())
    assert expiries == {start + 2 * BUCKET_SECONDS}
    signature = SIGNER.sign(*expiries, "file")
    assert SIGNER.holds(signature, *expiries, "file")
    monkeypatch.setattr(signing.time, "time", lambda: start + 2 * BUCKET_SECONDS)
    assert not SIGNER.holds(signature, *expiries, "file")
    assert SIGNER.expiry() == start + 4 * BUCKET_SECONDS


def expiry_at(now: float, seconds: int) -> int:
    """Return when an address made at ``now`` expires."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(signing.time, "time", lambda: now)
        return SIGNER.expiry_after(seconds)


def bucket_of(seconds: int) -> int:
    if seconds <= HOUR:
        return MINUTE
    return HOUR if seconds <= DAY or seconds > 6 * DAY else DAY


@given(NOW, SECONDS)
def test_an_address_holds_for_what_was_asked_up_to_its_bucket(now: float, seconds: int) -> None:
    bucket, expires = bucket_of(seconds), expiry_at(now, seconds)
    assert expires % bucket == 0
    assert expires - now <= min(seconds + bucket, MAX_LIFETIME)
    # Down is only where up would pass the most that there is.
    assert expires - int(now) >= min(seconds, MAX_LIFETIME - bucket + 1)


@given(NOW, SECONDS, st.floats(0, 1, exclude_max=True))
def test_an_address_changes_at_most_once_within_the_length_of_a_bucket(
    now: float, seconds: int, part: float
) -> None:
    bucket = bucket_of(seconds)
    first, later = expiry_at(now, seconds), expiry_at(now + part * bucket, seconds)
    assert later - first in {0, bucket}


@given(NOW, SECONDS, SECONDS)
def test_who_asks_for_longer_gets_no_less_but_for_the_last_rounding(
    now: float, seconds: int, more: int
) -> None:
    shorter, longer = sorted((seconds, more))
    assert expiry_at(now, longer) >= expiry_at(now, shorter) - DAY


def test_the_buckets_by_example() -> None:
    noon = 20_000 * DAY + 12 * HOUR + 30
    assert expiry_at(noon, MINUTE) == noon + 90
    assert expiry_at(noon, HOUR) == noon + HOUR + 30
    assert expiry_at(noon, HOUR + 1) == 20_000 * DAY + 14 * HOUR
    assert expiry_at(noon, DAY) == 20_001 * DAY + 13 * HOUR
    assert expiry_at(noon, 2 * DAY) == 20_003 * DAY
    assert expiry_at(noon, 6 * DAY) == 20_007 * DAY
    assert expiry_at(noon, 7 * DAY) == 20_007 * DAY + 12 * HOUR


@pytest.mark.parametrize("signature", ["", "é" * 43, "\udc80", "\0"])
def test_what_no_signature_can_be_does_not_hold(signature: str) -> None:
    assert not SIGNER.holds(signature, SIGNER.expiry(), "file")
