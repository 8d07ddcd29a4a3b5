"""Servers that have others make previews, texts and analyses: PostgreSQL, and worker processes."""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image

from tests.acceptance.samples import film, image, writing
from tests.acceptance.serving import ROOT, Server, eventually

BROKEN = image("PNG")[:200]
CLAIMED = "SELECT 1 FROM derivative WHERE state = 'pending'"
DERIVING = "SELECT status::text FROM procrastinate_jobs WHERE task_name = 'derive' ORDER BY id"


class Fleet:
    """A server and its workers, over one database and one folder."""

    def __init__(self, folder: Path, database_url: str, started: ExitStack) -> None:
        self._folder = folder
        self._url = database_url
        self._started = started

    def server(self, name: str = "data", **settings: str | int) -> Server:
        """Start a server that makes nothing itself."""
        given: dict[str, str | int] = {
            "storage_url": f"file://{self._folder / 'shared'}",
            "database_url": self._url,
            "processing": "queue",
            **settings,
        }
        running = Server(self._folder / name, **given)
        self._started.callback(running.kill)
        self._environment = running.environment
        return running

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker."""
        running = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "worker"], cwd=ROOT, env=self._environment
        )
        self._started.callback(running.wait)
        self._started.callback(running.kill)
        return running

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what a statement gives."""
        with psycopg.connect(self._url) as connection:
            return connection.execute(sql.encode()).fetchall()

    def execute(self, sql: str) -> None:
        """Run statements that give nothing."""
        with psycopg.connect(self._url) as connection:
            connection.execute(sql.encode())


@pytest.fixture
def fleet(tmp_path: Path, postgres_database: str) -> Iterator[Fleet]:
    """Start servers and workers over an empty database."""
    with ExitStack() as started:
        yield Fleet(tmp_path, postgres_database, started)


def upload(client: httpx.Client, content: bytes, name: str) -> str:
    answer = client.post("/v1/media/upload", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    path: str = f"/v1/media/files/{answer.json()['data']['id']}"
    return path


def scan(pages: int) -> bytes:
    drawn = [
        Image.open(io.BytesIO(writing(f"This is page number {number} of it."))).convert("L")
        for number in range(pages)
    ]
    target = io.BytesIO()
    drawn[0].save(target, "PDF", save_all=True, append_images=drawn[1:], resolution=300)
    return target.getvalue()


def children_of(process: subprocess.Popen[bytes]) -> set[str]:
    lists = Path(f"/proc/{process.pid}/task").glob("*/children")
    return {pid for each in lists for pid in each.read_text().split()}


def test_workers_make_what_servers_are_asked_for(fleet: Fleet) -> None:
    server = fleet.server()
    fleet.worker()
    with server.client(server.guest()) as client:
        photo, recording = upload(client, image("JPEG"), "a.jpg"), upload(client, film(), "a.mp4")
        made = client.post(f"{photo}/preview", json={"size": "small"}).json()["data"]
        picture = Image.open(io.BytesIO(httpx.get(made["preview_url"]).content))
        assert picture.size == (made["width"], made["height"]) == (160, 100)
        page = upload(client, writing("The harbour was quiet."), "page.png")
        text = client.post(f"{page}/extract-text", json={"language": "en"}).json()["data"]
        assert text["text"].strip() == "The harbour was quiet."
        analysis = client.post(f"{photo}/analyze", json={}).json()["data"]
        assert analysis["file_type"] == "JPEG image"
        eventually(
            lambda: client.get(recording).json()["data"].get("duration"), "a worker looks at it"
        )
    assert not children_of(server.process)
    assert fleet.rows("SELECT COUNT(*) FROM derivative WHERE state = 'ready'") == [(3,)]


def test_a_worker_makes_anew_what_an_earlier_version_made(fleet: Fleet) -> None:
    server = fleet.server()
    worker = fleet.worker()
    with server.client(server.guest()) as client:
        photo = upload(client, image("PNG"), "a.png")
        made = client.post(f"{photo}/preview").json()["data"]
        client.post(f"{photo}/analyze", json={})
    worker.terminate()
    worker.wait()
    fleet.execute(
        "UPDATE file SET mime_type = 'image/gif';"
        "UPDATE derivative SET version = 0, claimed_until = created_at;"
        "UPDATE derivative SET spec = md5(spec),"
        " parameters = replace(parameters, 'image/png', 'image/gif');"
        "UPDATE reprocessing SET position = '', version = 0"
    )
    fleet.worker()
    eventually(
        lambda: fleet.rows("SELECT 1 FROM reprocessing HAVING COUNT(position) = 0"), "all is done"
    )
    assert fleet.rows("SELECT mime_type FROM file") == [("image/png",)]
    assert fleet.rows("SELECT kind, version FROM derivative ORDER BY kind") == [
        ("analysis", 1),
        ("preview", 1),
    ]
    assert httpx.get(made["preview_url"]).status_code == 200


def test_a_failure_in_the_file_is_told_and_tried_again_when_asked(fleet: Fleet) -> None:
    server = fleet.server()
    fleet.worker()
    with server.client(server.guest()) as client:
        path = upload(client, BROKEN, "broken.png")
        for given in ({}, {}, {"retry": True}):
            answer = client.post(f"{path}/preview", json=given)
            assert (answer.status_code, answer.json()["code"]) == (422, "PROCESSING_FAILED")


def test_the_job_of_a_killed_worker_is_done_by_another_and_kept_once(fleet: Fleet) -> None:
    server, other = fleet.server(), fleet.server("other")
    doomed = fleet.worker()
    token = server.guest()
    with (
        server.client(token) as client,
        other.client(token) as elsewhere,
        ThreadPoolExecutor() as pool,
    ):
        client.timeout = elsewhere.timeout = httpx.Timeout(90)
        path = upload(client, scan(12), "scan.pdf")
        asked = [pool.submit(client.post, f"{path}/extract-text") for _ in range(3)]
        eventually(lambda: fleet.rows(CLAIMED), "a worker takes it up")
        asked.append(pool.submit(elsewhere.post, f"{path}/extract-text"))
        eventually(lambda: len(fleet.rows(DERIVING)) > 1, "the other server asks for it too")
        doomed.kill()
        doomed.wait()
        fleet.worker()
        answers = [each.result() for each in asked]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["data"]["pages"] == 12
    assert fleet.rows("SELECT state, COUNT(*) FROM derivative GROUP BY state") == [("ready", 1)]
    server.assert_library_is_sound(after_sweeping=True)


def test_a_full_queue_refuses_and_what_waits_is_made_when_a_worker_comes(fleet: Fleet) -> None:
    server = fleet.server(worker_queue=1)
    with server.client(server.guest()) as client, ThreadPoolExecutor() as pool:
        path = upload(client, image("PNG"), "a.png")
        waiting = pool.submit(client.post, f"{path}/preview", json={"size": "small"})
        eventually(lambda: fleet.rows(DERIVING), "the first is asked for")
        refused = client.post(f"{path}/preview", json={"size": "large"})
        assert (refused.status_code, refused.json()["code"]) == (503, "BUSY")
        assert refused.headers["retry-after"]
        fleet.worker()
        assert waiting.result().status_code == 200


def test_servers_that_wait_for_one_result_leave_the_worker_to_others(fleet: Fleet) -> None:
    one, two = (fleet.server(name, workers=1) for name in ("one", "two"))
    fleet.worker()
    token = one.guest()
    with one.client(token) as here, two.client(token) as there, ThreadPoolExecutor() as pool:
        here.timeout = there.timeout = httpx.Timeout(90)
        long, photo = upload(here, scan(100), "a.pdf"), upload(here, image("PNG"), "a.png")
        asked = [pool.submit(here.post, f"{long}/extract-text", json={"language": "en"})]
        eventually(lambda: fleet.rows(CLAIMED), "a worker takes it up")
        asked.append(pool.submit(there.post, f"{long}/extract-text", json={"language": "en"}))
        eventually(lambda: len(fleet.rows(DERIVING)) > 1, "the other server asks for it too")
        assert here.post(f"{photo}/preview").status_code == 200
        assert fleet.rows(DERIVING)[:2] == [("doing",), ("todo",)]
        assert [answer.result().status_code for answer in asked] == [200] * 2


def test_what_could_not_be_looked_at_is_looked_at_later_though_nobody_asks(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.acceptance.serving.PATIENCE_SECONDS", 60)
    server = fleet.server()
    fleet.worker()
    probed = "SELECT 1 FROM blob WHERE probed"
    with server.client(server.guest()) as client:
        upload(client, image("PNG"), "a.png")
    eventually(lambda: fleet.rows(probed), "it is looked at when it comes")
    asked = "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'probe'"
    eventually(lambda: not fleet.rows(asked), "nobody asks any more")
    fleet.rows("UPDATE blob SET probed = FALSE RETURNING key")
    eventually(lambda: fleet.rows(probed), "it is looked at again")


def test_what_one_of_two_equal_files_was_asked_for_is_made_though_that_file_goes(
    fleet: Fleet,
) -> None:
    server = fleet.server()
    with server.client(server.guest()) as client, ThreadPoolExecutor() as pool:
        client.timeout = httpx.Timeout(90)
        doomed, other = (upload(client, image("PNG"), "a.png") for _ in range(2))
        pool.submit(client.post, f"{doomed}/preview")
        eventually(lambda: fleet.rows(DERIVING), "it is asked for")
        assert client.delete(doomed).is_success
        asked = pool.submit(client.post, f"{other}/preview")
        fleet.worker()
        assert asked.result().status_code == 200
    assert fleet.rows("SELECT state, COUNT(*) FROM derivative GROUP BY state") == [("ready", 1)]


def test_servers_that_start_at_once_agree_on_an_empty_database(fleet: Fleet) -> None:
    with ThreadPoolExecutor() as pool:
        servers = list(pool.map(fleet.server, ("one", "two")))
    for server in servers:
        assert server.stop() == 0


def test_a_worker_ends_in_peace_when_asked_to(fleet: Fleet) -> None:
    server = fleet.server()
    running = fleet.worker()
    with server.client(server.guest()) as client:
        path = upload(client, image("PNG"), "a.png")
        assert client.post(f"{path}/preview").status_code == 200
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 0


def test_a_worker_without_postgresql_says_what_it_needs(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", "worker"],
        cwd=ROOT,
        env={"MEDIA_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "MEDIA_DATABASE_URL=postgres://" in told.stderr


def test_a_scan_that_takes_too_long_is_given_up_and_the_worker_goes_on(fleet: Fleet) -> None:
    server = fleet.server(workers=1, processing_timeout_seconds=5)
    fleet.worker()

    def code(path: str, *, retry: bool = False) -> str:
        answer = client.post(f"{path}/extract-text", json={"language": "en", "retry": retry})
        return str(answer.json().get("code", "made"))

    with server.client(server.guest()) as client:
        client.timeout = httpx.Timeout(90)
        first, long, last = (upload(client, scan(n), "a.pdf") for n in (1, 100, 2))
        eventually(lambda: code(first, retry=True) == "made", "the worker has started")
        eventually(lambda: code(long) == "PROCESSING_TIMED_OUT", "it is given up")
        eventually(lambda: code(last, retry=True) == "made", "the worker is free")


def test_a_server_waits_no_longer_than_it_may(fleet: Fleet) -> None:
    server = fleet.server(processing_timeout_seconds=1)
    with server.client(server.guest()) as client:
        path = upload(client, image("PNG"), "a.png")
        late = client.post(f"{path}/preview")
        assert (late.status_code, late.json()["code"]) == (503, "BUSY")
        fleet.worker()
        eventually(lambda: client.post(f"{path}/preview").is_success, "it is made meanwhile")
