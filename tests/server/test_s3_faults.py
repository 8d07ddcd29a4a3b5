"""What clients hear of a storage that fails: a code and a time to wait, or the right bytes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.settings import Settings
from storage import s3_connection
from storage.base import READ_CHUNK_BYTES
from tests.fault_proxy import STORM, Fault, FaultProxy, fault_proxy
from tests.rest.described import Api, served
from tests.storage.conformance import some_bytes
from tests.swift import Bucket

CONTENT = some_bytes(3 * READ_CHUNK_BYTES)
LATE = {"range": f"bytes={2 * READ_CHUNK_BYTES}-"}
UPLOAD = "mutation ($file: Upload!) { upload(file: $file) { id } }"


@pytest.fixture
def proxy(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(s3_connection, "RETRY_SECONDS", 1)
    with fault_proxy(bucket.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        yield proxy


@pytest.fixture
async def api(proxy: FaultProxy, bucket: Bucket, tmp_path: Path) -> AsyncIterator[Api]:
    async with served(Settings(data_dir=tmp_path, storage_url=bucket.url)) as api:
        await api.sign_in()
        yield api


async def assert_nothing_is_left(api: Api, bucket: Bucket) -> None:
    """Sweep, and hold rows, objects and parts to what the files say."""
    application = api.app.state.application
    await application.uploads.close()
    await application.sweeper.sweep()
    listed = (await api.ask("GET", "/v1/media/files", 200)).json()["meta"]["total"]
    objects = [name for name in bucket.keys() if "/objects/" in name]  # noqa: SIM118 - no dictionary
    assert len(objects) == listed
    assert bucket.unfinished() == []


async def test_while_the_storage_is_down_answers_are_503_and_afterwards_all_is_well(
    api: Api, proxy: FaultProxy, bucket: Bucket
) -> None:
    path = f"/v1/media/files/{(await api.upload(content=CONTENT))['id']}/download"
    proxy.odds = {Fault.ERROR: 1}
    answers = await asyncio.gather(
        api.ask("GET", path, 503),
        api.ask("GET", path, 503, headers=LATE),
        api.ask("POST", "/v1/media/upload", 503, files={"file": ("b.bin", b"new")}),
    )
    assert [answer.json()["code"] for answer in answers] == ["UNAVAILABLE"] * 3
    assert all(int(answer.headers["retry-after"]) for answer in answers)
    assert (await graphql_upload(api))["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    proxy.odds = {}
    assert (await api.ask("GET", path, 200)).content == CONTENT
    assert "errors" not in await graphql_upload(api)
    await assert_nothing_is_left(api, bucket)


async def graphql_upload(api: Api) -> Any:
    form: dict[str, Any] = {
        "operations": (None, orjson.dumps({"query": UPLOAD, "variables": {"file": None}})),
        "map": (None, '{"0": ["variables.file"]}'),
        "0": ("c.txt", b"by GraphQL"),
    }
    return (await api.client.post("/graphql", files=form)).json()


async def come_and_go(api: Api, content: bytes) -> list[int]:
    """Upload, download and delete, as far as it goes; return the statuses."""
    posted = await api.client.post("/v1/media/upload", files={"file": ("a.bin", content)})
    if posted.status_code != 200:
        return [posted.status_code]
    path = f"/v1/media/files/{posted.json()['data']['id']}"
    got = await api.client.get(f"{path}/download")
    assert got.status_code != 200 or got.content == content
    return [200, got.status_code, (await api.client.delete(path)).status_code]


async def test_in_a_storm_every_answer_is_right_or_503(
    api: Api, proxy: FaultProxy, bucket: Bucket
) -> None:
    proxy.odds = STORM
    contents = [some_bytes(100_000 + number) for number in range(12)]
    outcomes = await asyncio.gather(*(come_and_go(api, content) for content in contents))
    proxy.odds = {}
    assert proxy.injected[Fault.ERROR]
    assert {status for statuses in outcomes for status in statuses} <= {200, 204, 503}
    assert [200, 200, 204] in outcomes
    await assert_nothing_is_left(api, bucket)
