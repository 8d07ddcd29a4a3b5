"""The server with its bytes on an S3 server: what clients do and see is the same as ever."""

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image

from tests.acceptance.conftest import MIB
from tests.acceptance.gql import Gql
from tests.acceptance.samples import image, noise
from tests.acceptance.serving import Server, eventually
from tests.acceptance.test_job_workers import Fleet
from tests.acceptance.test_transfers import begin_download
from tests.acceptance.wire import part, upload_head
from tests.swift import Bucket, new_bucket

LARGE = noise(20 * MIB)  # three parts
FIRST = 100_000
TRIED_AGAIN = "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'derive' AND attempts > 0"
UPLOAD = "mutation ($file: Upload!) { upload(file: $file) { id } }"


@contextmanager
def serving(bucket: Bucket, data_dir: Path, **settings: str) -> Iterator[Server]:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in bucket.environment.items():
            environment.setenv(name, value)
        running = Server(data_dir, storage_url=bucket.url, **settings)
        try:
            yield running
            running.assert_library_is_sound(after_sweeping=True)
        finally:
            running.stop()
    assert "Traceback" not in running.log


@pytest.fixture(scope="module")
def bucket(s3_endpoint: str) -> Bucket:
    return new_bucket(s3_endpoint)


@pytest.fixture(scope="module")
def server(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(bucket, tmp_path_factory.mktemp("s3") / "data") as running:
        yield running


def upload(client: httpx.Client, content: bytes, name: str = "a.bin") -> str:
    answer = client.post("/v1/media/upload", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    file_id: str = answer.json()["data"]["id"]
    return file_id


@pytest.mark.parametrize("content", [b"", b"small", LARGE], ids=["empty", "small", "large"])
def test_a_file_comes_back_whole_is_listed_and_deleted(
    client: httpx.Client, bucket: Bucket, content: bytes
) -> None:
    before = set(bucket.keys())
    path = f"/v1/media/files/{upload(client, content)}"
    assert client.get(f"{path}/download").content == content
    assert client.head(f"{path}/download").headers["content-length"] == str(len(content))
    (listed,) = client.get("/v1/media/files").json()["data"]
    assert listed["checksum"] == hashlib.sha256(content).hexdigest()
    assert len(set(bucket.keys()) - before) == 1
    assert client.delete(path).status_code == 204
    assert client.get(f"{path}/download").status_code == 404
    eventually(lambda: set(bucket.keys()) == before, "the bytes are removed")


def test_ranges_are_those_bytes(client: httpx.Client) -> None:
    path = f"/v1/media/files/{upload(client, LARGE)}/stream"
    for wanted, start, stop in (
        ("0-9", 0, 10),
        (f"{8 * MIB - 5}-{8 * MIB + 4}", 8 * MIB - 5, 8 * MIB + 5),  # in two parts
        ("-1000", len(LARGE) - 1000, len(LARGE)),
        (f"{FIRST}-", FIRST, len(LARGE)),
    ):
        answer = client.get(path, headers={"range": f"bytes={wanted}"})
        assert answer.status_code == 206
        assert answer.content == LARGE[start:stop]
    several = client.get(path, headers={"range": "bytes=5-14,9000000-9000009"})
    assert LARGE[5:15] in several.content
    assert LARGE[9_000_000:9_000_010] in several.content
    assert client.get(path, headers={"range": f"bytes={len(LARGE)}-"}).status_code == 416


def test_graphql_uploads_and_lists(gql: Gql) -> None:
    files = {"file": ("note.txt", b"by GraphQL")}
    made = gql.upload(UPLOAD, {"file": None}, files)["upload"]
    (edge,) = gql.data("{ files { edges { node { id size } } } }")["files"]["edges"]
    assert edge["node"] == {"id": made["id"], "size": 10}


def test_workers_make_previews_and_texts(client: httpx.Client) -> None:
    made = client.post(
        f"/v1/media/files/{upload(client, image('PNG'), 'a.png')}/preview",
        json={"format": "thumbnail", "size": "small"},
    ).json()["data"]
    shown = client.get(made["preview_url"]).content
    assert Image.open(io.BytesIO(shown)).size == (made["width"], made["height"])


def test_workers_of_their_own_find_and_leave_everything_there(
    bucket: Bucket, postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    with ExitStack() as started:
        fleet = Fleet(tmp_path, postgres_database, started)
        server = fleet.server(storage_url=f"s3://{bucket.name}/of-a-fleet")
        fleet.worker()
        with server.client(server.guest()) as client:
            path = f"/v1/media/files/{upload(client, image('PNG'), 'a.png')}"
            made = client.post(f"{path}/preview", json={"size": "small"}).json()["data"]
            shown = client.get(made["preview_url"]).content
    assert Image.open(io.BytesIO(shown)).size == (made["width"], made["height"])


def test_workers_of_their_own_try_again_after_a_want_of_temporary_room(
    bucket: Bucket, postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    for name, value in bucket.environment.items() | {("TMPDIR", str(room))}:
        monkeypatch.setenv(name, value)
    with ExitStack() as started, ThreadPoolExecutor() as pool:
        fleet = Fleet(tmp_path, postgres_database, started)
        server = fleet.server(storage_url=f"s3://{bucket.name}/of-another-fleet")
        fleet.worker()
        with server.client(server.guest()) as client:
            client.timeout = httpx.Timeout(90)
            path = f"/v1/media/files/{upload(client, image('PNG'), 'a.png')}"
            assert client.post(f"{path}/preview", json={"size": "small"}).is_success
            room.rename(tmp_path / "away")
            asked = pool.submit(client.post, f"{path}/preview", json={"size": "large"})
            eventually(lambda: fleet.rows(TRIED_AGAIN) or asked.done(), "it could not be made")
            (tmp_path / "away").rename(room)
            assert asked.result().status_code == 200


def test_a_running_download_outlives_the_deletion_of_its_file(
    server: Server, client: httpx.Client, token: str, bucket: Bucket
) -> None:
    before, file_id = set(bucket.keys()), upload(client, LARGE)
    connection, response = begin_download(server, token, file_id)
    with connection:
        start = response.read(FIRST)
        assert client.delete(f"/v1/media/files/{file_id}").status_code == 204
        assert client.get(f"/v1/media/files/{file_id}/download").status_code == 404
        assert start + response.read() == LARGE
    eventually(lambda: set(bucket.keys()) == before, "the bytes are removed")


def test_an_upload_that_breaks_off_leaves_no_parts(
    server: Server, token: str, bucket: Bucket
) -> None:
    before = set(bucket.keys())
    with server.connect() as connection:
        length = f"Content-Length: {2 * len(LARGE)}"
        connection.sendall(upload_head(token, length) + part("file", "a.bin", LARGE))
        eventually(bucket.unfinished, "parts are on their way")
    eventually(lambda: not bucket.unfinished(), "the parts are dropped")
    eventually(lambda: set(bucket.keys()) == before, "nothing else is there")


@pytest.fixture(scope="module")
def redirecting(s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data_dir = tmp_path_factory.mktemp("redirecting") / "data"
    with serving(new_bucket(s3_endpoint), data_dir, downloads="redirect") as running:
        yield running


def test_downloads_are_redirected_to_short_lived_addresses(
    redirecting: Server, s3_endpoint: str
) -> None:
    with redirecting.client(redirecting.guest()) as client:
        path = f"/v1/media/files/{upload(client, LARGE, 'Größe <1>.html')}"
        sent_on = client.get(f"{path}/download")
        assert (sent_on.status_code, sent_on.content) == (307, b"")
        assert sent_on.headers["cache-control"] == "no-store"
        address = sent_on.headers["location"]
        assert address.startswith(s3_endpoint)
        assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["300"]
        signed = client.post(f"{path}/signed-url", json={"expires_in": 60}).json()["data"]["url"]
        etag = client.head(f"{path}/download").headers["etag"]
        assert client.get(f"{path}/stream", headers={"if-none-match": etag}).status_code == 304
        assert client.get(f"{path}/stream", headers={"if-match": '"x"'}).status_code == 412
    plain = httpx.get(address)
    assert plain.content == LARGE
    assert plain.headers["content-disposition"].startswith("attachment; filename=")
    assert "UTF-8''Gr%C3%B6%C3%9Fe" in plain.headers["content-disposition"]
    assert httpx.get(address, headers={"range": "bytes=5-14"}).content == LARGE[5:15]
    assert httpx.get(address + "0").status_code == 403
    by_link = httpx.get(signed)
    assert by_link.status_code == 307
    (lifetime,) = parse_qs(urlsplit(by_link.headers["location"]).query)["X-Amz-Expires"]
    assert int(lifetime) <= 120


def test_nobody_is_redirected_who_is_not_let_in(redirecting: Server) -> None:
    with redirecting.client(redirecting.guest()) as owner:
        path = f"/v1/media/files/{upload(owner, b'mine')}/download"
    with redirecting.client() as anonymous, redirecting.client(redirecting.guest()) as other:
        for answer, status in (
            (anonymous.get(path), 401),
            (other.get(path), 404),
            (anonymous.get(f"{path}?expires=9999999999&signature=x&disposition=inline"), 403),
        ):
            assert answer.status_code == status
            assert "location" not in answer.headers
