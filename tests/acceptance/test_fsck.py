"""``media fsck`` on PostgreSQL: it takes the time that it takes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

from tests.acceptance.serving import ROOT, Server, eventually

BLOCKED = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '1 s'"
)


def test_a_check_outlasts_the_bounds_of_requests(tmp_path: Path, postgres_database: str) -> None:
    server = Server(tmp_path / "data", database_url=postgres_database)
    with server.client(server.guest()) as client:
        client.post("/v1/media/upload", files={"file": ("a.txt", b"a")})
    assert server.stop() == 0
    url = f"{postgres_database}?statement_timeout=0.3&command_timeout=0.3"
    with ThreadPoolExecutor() as aside, psycopg.connect(postgres_database) as other:
        other.execute("LOCK TABLE blob")
        checking = aside.submit(
            subprocess.run,
            [sys.executable, "-m", "cli.main", "fsck"],
            cwd=ROOT,
            env={**server.environment, "MEDIA_DATABASE_URL": url},
            capture_output=True,
            text=True,
        )
        eventually(lambda: server.rows(BLOCKED), "it waits longer than it might")
        other.rollback()
    assert checking.result().stdout == "checked 1 blobs of 1 bytes: 0 findings\n"
