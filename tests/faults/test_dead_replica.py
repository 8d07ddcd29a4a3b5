"""A server that is down: nginx has the others answer, and no client notices."""

from collections.abc import Callable
from pathlib import Path

import httpx

from tests.acceptance.serving import Server
from tests.faults.aftermath import MIB, Ledger, all_at_once, noise
from tests.nginx import nginx
from tests.ports import free_port

REQUESTS = 100
AT_ONCE = 10


def test_a_replica_that_is_down_is_skipped_by_reads_and_by_uploads(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start(rate_limits="off")
    ledger = Ledger(server.guest())
    upstreams = [f"127.0.0.1:{port}" for port in (free_port(), server.port)]

    def ask(_: int) -> None:
        headers = {"authorization": f"Bearer {ledger.token}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            assert ledger.upload(client, noise(MIB)).status_code == 200
            assert client.get("/v1/media/files").status_code == 200

    with nginx(tmp_path / "nginx", upstreams) as url:
        all_at_once(ask, REQUESTS, AT_ONCE)
    assert len(ledger.kept) == REQUESTS
    ledger.assert_kept(server)
    assert server.stop() == 0
