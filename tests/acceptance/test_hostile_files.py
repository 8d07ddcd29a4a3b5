"""Hostile files through the whole server: an answer for each, and the server goes on as before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.corpus import corpus
from tests.acceptance.samples import image
from tests.acceptance.serving import Server

MIB = 1024 * 1024
PATIENT = httpx.Timeout(120)
OPERATIONS: dict[str, dict[str, Any]] = {
    "preview": {"size": "small"},
    "extract-text": {"language": "en"},
    "analyze": {},
}
CODES = {
    415: {"UNSUPPORTED_FILE_TYPE"},
    422: {
        "FILE_TOO_COMPLEX",
        "FILE_ENCRYPTED",
        "PROCESSING_FAILED",
        "PROCESSING_TIMED_OUT",
    },
}
FILES = corpus()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A caller of a server of its own, with every file of the corpus uploaded."""
    server = Server(tmp_path_factory.mktemp("hostile") / "data")
    with server.client(server.guest()) as client:
        client.timeout = PATIENT
        yield client
    assert server.stop() == 0


def resident(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def upload(client: httpx.Client, name: str, content: bytes) -> str:
    answer = client.post("/v1/media/upload", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    file_id: str = answer.json()["data"]["id"]
    return file_id


def check(answer: httpx.Response) -> None:
    if answer.status_code != 200:
        assert answer.json()["code"] in CODES[answer.status_code], answer.text
    assert b"root:" not in answer.content  # of /etc/passwd, which several of the files name


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_gives_a_result_or_a_code_and_the_same_again(
    hostile: httpx.Client, name: str
) -> None:
    file_id = upload(hostile, name, FILES[name])
    for operation, given in OPERATIONS.items():
        path = f"/v1/media/files/{file_id}/{operation}"
        first = hostile.post(path, json=given)
        check(first)
        again = hostile.post(path, json=given)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
    whole = hostile.get(f"/v1/media/files/{file_id}/download")
    assert whole.content == FILES[name]


def test_twenty_hostile_files_at_once_cost_the_server_little_and_its_neighbours_nothing(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path / "data", worker_queue=100)
    try:
        with server.client(server.guest()) as client, ThreadPoolExecutor(20) as pool:
            client.timeout = PATIENT
            heavy = sorted(FILES, key=lambda name: "percent" in name)[:20]
            ids = [upload(client, name, FILES[name]) for name in heavy]
            neighbour = upload(client, "fine.png", image("PNG"))
            before = resident(server)
            paths = [f"/v1/media/files/{one}/preview" for one in [*ids, neighbour]]
            answers = list(pool.map(lambda path: client.post(path, json={}), paths))
            for answer in answers:
                check(answer)
            assert answers[-1].status_code == 200
            assert resident(server) - before < 100 * MIB
    finally:
        assert server.stop() == 0
