"""A server that is killed while many clients upload."""

from collections.abc import Callable

import httpx
import pytest

from tests.acceptance.serving import Server
from tests.faults.aftermath import MIB, Ledger, all_at_once, noise

UPLOADS = 200
AT_ONCE = 16


@pytest.mark.parametrize("acknowledged", [1, 60, 120])
def test_a_server_killed_during_200_uploads_keeps_what_it_acknowledged(
    start: Callable[..., Server], acknowledged: int
) -> None:
    doomed = start()
    ledger = Ledger(doomed.guest())

    def upload(number: int) -> None:
        with doomed.client(ledger.token) as client:
            try:
                ledger.upload(client, noise(MIB // 2 + number))
            except httpx.TransportError:
                return
            if len(ledger.kept) >= acknowledged:
                doomed.process.kill()

    all_at_once(upload, UPLOADS, AT_ONCE)
    assert acknowledged <= len(ledger.kept) < UPLOADS
    assert not ledger.refused
    survivor = start()
    survivor.assert_library_is_sound(after_sweeping=True)
    assert survivor.is_settled()
    ledger.assert_kept(survivor)
    with survivor.client(ledger.token) as client:
        assert ledger.upload(client, noise(MIB)).is_success
    assert survivor.stop() == 0
