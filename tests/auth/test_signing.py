"""Signatures of addresses: bound to every fact, and to their time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth import signing
from auth.signing import BUCKET_SECONDS, LinkSigner

SIGNER = LinkSigner("a secret for tests that nobody else has")
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
