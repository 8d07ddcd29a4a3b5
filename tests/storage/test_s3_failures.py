"""What an S3 server answers is read from both libraries; each failure here is one of theirs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storage.base import OutOfSpaceError, StorageError, StorageRefusedError
from storage.object_store import ObjectStorage
from storage.s3_connection import Connection
from storage.s3_failures import s3_errors
from tests.swift import Bucket

Reply = tuple[int, str]

NO_ROOM: list[Reply] = [
    (507, ""),
    (403, "<Error><Code>QuotaExceeded</Code><Message>no more</Message></Error>"),
]
REFUSALS: list[Reply] = [
    (301, ""),
    (401, ""),
    (403, "<Error><Code>AccessDenied</Code></Error>"),
    (404, "<Error><Code>NoSuchBucket</Code></Error>"),
    (404, "<html>This is a web site.</html>"),
    (405, ""),
    (400, "<Error><Code>ExpiredToken</Code></Error>"),
]
PASSING: list[Reply] = [
    (400, "<Error><Code>RequestTimeout</Code></Error>"),
    (409, "<Error><Code>OperationAborted</Code></Error>"),
]


@contextmanager
def answering(reply: Reply) -> Iterator[str]:
    """Serve ``reply`` to every request; yield the URL."""
    status, body = reply[0], reply[1].encode()

    class Answering(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["content-length"] or 0))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT  # noqa: N815 - the same

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in Bucket("any", "http://127.0.0.1:1").environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        *((reply, OutOfSpaceError) for reply in NO_ROOM),
        *((reply, StorageRefusedError) for reply in REFUSALS),
        *((reply, StorageError) for reply in PASSING),
    ],
    ids=str,
)
async def test_an_answer_to_a_write_means_what_its_status_and_code_say(
    environment: pytest.MonkeyPatch, reply: Reply, meaning: type[StorageError]
) -> None:
    with answering(reply) as url:
        environment.setenv("AWS_ENDPOINT_URL", url)
        storage = ObjectStorage("s3://any")
        with pytest.raises(StorageError) as raised:
            await storage.check()
        await storage.close()
    assert type(raised.value) is meaning


@pytest.mark.parametrize(
    ("reply", "meaning"),
    [
        (NO_ROOM[1], OutOfSpaceError),
        (REFUSALS[2], StorageRefusedError),
        (PASSING[1], StorageError),
    ],
    ids=str,
)
def test_the_other_client_is_understood_as_well(
    environment: pytest.MonkeyPatch, reply: Reply, meaning: type[StorageError]
) -> None:
    with answering(reply) as url:
        environment.setenv("AWS_ENDPOINT_URL", url)
        connection = Connection("s3://any")
        with pytest.raises(StorageError) as raised, s3_errors():
            connection.client.list_objects_v2(Bucket="any")
        connection.close()
    assert type(raised.value) is meaning
