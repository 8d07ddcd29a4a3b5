"""A killed server: what was acknowledged is there and whole, what was not leaves nothing."""

import hashlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.samples import noise, writing
from tests.acceptance.serving import Server, eventually

SIZE = 3 * 1024 * 1024
BEFORE_THE_RECORD = [
    "reservation committed",
    "first bytes staged",
    "all bytes staged",
    "before the file is flushed",
    "before the file is linked",
    "after the file is linked",
    "folder flushed",
    "before the record is committed",
]
UPLOAD = "mutation ($file: Upload!) { upload(file: $file) { id } }"

Upload = Callable[[httpx.Client, bytes], str]


def over_rest(client: httpx.Client, content: bytes) -> str:
    answer = client.post("/v1/media/upload", files={"file": ("a.bin", content)})
    file_id: str = answer.json()["data"]["id"]
    return file_id


def over_graphql(client: httpx.Client, content: bytes) -> str:
    data = Gql(client).upload(UPLOAD, {"file": None}, {"file": ("a.bin", content)})
    file_id: str = data["upload"]["id"]
    return file_id


TRANSPORTS = pytest.mark.parametrize("upload", [over_rest, over_graphql])


def assert_sound(
    server: Server, token: str, kept: dict[str, bytes], *, unacknowledged: int
) -> None:
    """Hold that every file in ``kept`` is whole, and that all numbers and folders agree."""
    server.assert_library_is_sound(after_sweeping=True)
    traces = server.traces()
    assert traces["staging"] == traces["upload"] == []
    assert traces["objects"] == traces["blob"]
    with server.client(token) as client:
        for file_id, content in kept.items():
            got = client.get(f"/v1/media/files/{file_id}/download").content
            assert hashlib.sha256(got).digest() == hashlib.sha256(content).digest()
        listed = client.get("/v1/media/files").json()
        viewer = Gql(client).data("{ viewer { filesCount bytesUsed } }")["viewer"]
        assert listed["meta"]["total"] == len(kept) + unacknowledged
        assert viewer["filesCount"] == listed["meta"]["total"]
        assert viewer["bytesUsed"] == sum(file["size"] for file in listed["data"])
        for file in listed["data"]:
            got = client.get(f"/v1/media/files/{file['id']}/download").content
            assert hashlib.sha256(got).hexdigest() == file["checksum"]
        # Nothing blocks a retry.
        again = over_rest(client, noise(SIZE, 9))
        assert client.get(f"/v1/media/files/{again}").is_success


@TRANSPORTS
@pytest.mark.parametrize("step", [*BEFORE_THE_RECORD, "record committed"])
def test_a_server_killed_in_the_middle_of_an_upload_loses_nothing_it_acknowledged(
    start: Callable[..., Server], tmp_path: Path, step: str, upload: Upload
) -> None:
    armed = tmp_path / "armed"
    dying = start(["-m", "tests.acceptance.killing_server", step, str(armed)])
    token = dying.guest()
    with dying.client(token) as client:
        kept = {upload(client, content): content for content in (b"", b"x", noise(SIZE, 1))}
        armed.touch()
        with pytest.raises(httpx.TransportError):
            upload(client, noise(SIZE, 9))
    assert dying.process.wait(20) == -signal.SIGKILL
    survivor = start()
    recorded = step not in BEFORE_THE_RECORD
    assert_sound(survivor, token, kept, unacknowledged=int(recorded))
    assert survivor.stop() == 0


@TRANSPORTS
def test_a_server_killed_right_after_its_answer_has_the_file(
    start: Callable[..., Server], upload: Upload
) -> None:
    dying = start()
    token = dying.guest()
    with dying.client(token) as client:
        kept = {}
        for seed in range(5):
            content = noise(SIZE // 3, seed)
            kept[upload(client, content)] = content
        dying.kill()
    survivor = start()
    assert_sound(survivor, token, kept, unacknowledged=0)
    assert survivor.stop() == 0


def test_work_that_was_under_way_is_done_anew_at_once(start: Callable[..., Server]) -> None:
    server = start()
    token = server.guest()
    with server.client(token) as client, ThreadPoolExecutor() as pool:
        answer = client.post("/v1/media/upload", files={"file": ("scan.png", writing("A line."))})
        path = f"/v1/media/files/{answer.json()['data']['id']}/extract-text"
        asked = pool.submit(client.post, path)
        eventually(server.is_deriving, "the work has begun")
        server.kill()
        assert isinstance(asked.exception(), httpx.TransportError)
    server = start()
    with server.client(token) as client:
        assert client.post(path).json()["data"]["text"] == "A line."
    server.assert_library_is_sound(after_sweeping=True)
