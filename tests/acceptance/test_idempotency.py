"""Idempotency keys over the wire, through both transports and a killed server."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.serving import PATIENCE_SECONDS, Server

UPLOAD = "mutation ($file: Upload!) { upload(file: $file) { id } }"
TWO = (
    "mutation ($f: Upload!, $g: Upload!) { a: upload(file: $f) { id } b: upload(file: $g) { id } }"
)


def over_rest(client: httpx.Client, content: bytes, key: str) -> tuple[int, str]:
    """Return the status, and the file's id or the code of the refusal."""
    answer = client.post(
        "/v1/media/upload",
        files={"file": ("a.bin", content)},
        headers={"idempotency-key": key},
    )
    told = answer.json()
    return answer.status_code, told["data"]["id"] if answer.is_success else told["code"]


def over_graphql(client: httpx.Client, content: bytes, key: str) -> tuple[int, str]:
    answer = _graphql(client, UPLOAD, {"file": content}, key)
    told = answer.json()
    if "errors" in told:
        (error,) = told["errors"]
        return answer.status_code, error["extensions"]["code"]
    return answer.status_code, told["data"]["upload"]["id"]


def _graphql(client: httpx.Client, query: str, files: dict[str, bytes], key: str) -> httpx.Response:
    with_key = httpx.Client(
        base_url=client.base_url,
        headers={**client.headers, "idempotency-key": key},
        transport=client._transport,
    )
    operations = {"query": query, "variables": dict.fromkeys(files)}
    mapping = {name: [f"variables.{name}"] for name in files}
    parts = {name: ("a.bin", content) for name, content in files.items()}
    return Gql(with_key).multipart(operations, mapping, parts)


Upload = Callable[[httpx.Client, bytes, str], tuple[int, str]]
TRANSPORTS = pytest.mark.parametrize("upload", [over_rest, over_graphql])


def total(client: httpx.Client) -> int:
    found: int = client.get("/v1/media/files").json()["meta"]["total"]
    return found


@TRANSPORTS
def test_a_retry_answers_the_first_file(client: httpx.Client, upload: Upload) -> None:
    key = str(uuid4())
    first = upload(client, b"content", key)
    assert first[0] == 200
    # The draft's own spelling is a quoted string; over either transport it is the same key.
    assert over_rest(client, b"content", f'"{key}"') == first
    assert over_graphql(client, b"content", key) == first
    assert over_rest(client, b"other", key) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert over_graphql(client, b"other", key)[1] == "IDEMPOTENCY_KEY_REUSED"
    assert total(client) == 1
    client.delete(f"/v1/media/files/{first[1]}")
    assert over_rest(client, b"content", key) == (404, "NOT_FOUND")


@TRANSPORTS
@pytest.mark.parametrize("key", ["", '""', '"a', "a b", "é", "x" * 256, "a,b", '"a"b"'])
def test_a_key_that_is_none_is_refused(client: httpx.Client, upload: Upload, key: str) -> None:
    encoded: Any = key.encode()
    assert upload(client, b"content", encoded) == (400, "VALIDATION_FAILED")
    assert total(client) == 0


def test_a_key_is_for_one_upload(client: httpx.Client) -> None:
    told = _graphql(client, TWO, {"f": b"1", "g": b"2"}, "k").json()
    (error,) = told["errors"]
    assert error["extensions"]["code"] == "VALIDATION_FAILED"
    assert total(client) == 1


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.parametrize("step", ["before the record is committed", "record committed"])
@TRANSPORTS
def test_an_upload_killed_at_its_commit_and_retried_makes_one_file(  # noqa: PLR0917 - fixtures and cases
    request: pytest.FixtureRequest,
    start: Callable[..., Server],
    tmp_path: Path,
    upload: Upload,
    step: str,
    engine: str,
) -> None:
    settings = {}
    if engine == "postgres":
        settings = {"database_url": request.getfixturevalue("postgres_database")}
    armed = tmp_path / "armed"
    dying = start(["-m", "tests.acceptance.killing_server", step, str(armed)], **settings)
    token, key = dying.guest(), str(uuid4())
    armed.touch()
    with dying.client(token) as client, pytest.raises(httpx.TransportError):
        upload(client, b"content", key)
    assert dying.process.wait(20) == -signal.SIGKILL
    survivor = start(**settings)
    with survivor.client(token) as client:
        status, file_id = _retried(client, upload, key)
        assert status == 200
        assert upload(client, b"content", key) == (200, file_id)
        assert total(client) == 1
        assert client.get(f"/v1/media/files/{file_id}/download").content == b"content"
    assert survivor.stop() == 0


def _retried(client: httpx.Client, upload: Upload, key: str) -> tuple[int, str]:
    """Retry as a client does that is told that the key is in use."""
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while True:
        told = upload(client, b"content", key)
        if told[1] != "IDEMPOTENCY_KEY_IN_USE" or time.monotonic() > deadline:
            return told
        time.sleep(1)
