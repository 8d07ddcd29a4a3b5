"""How many SQL statements a GraphQL document takes: as many for 50 files as for 5."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.settings import Settings
from server.app import create_app
from tests.acceptance.samples import image
from tests.services.clock import Clock

LIST = """
query ($first: Int!) {
  files(first: $first) {
    totalCount
    edges { cursor node { id filename tags size url streamUrl checksum owner { id kind } width
      blurhash signedUrl { url expiresAt } previewUrl
      previews { previewUrl } text { pages } analysis { fileType }
      shares { accountId kind createdAt } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

WITH_ME = """
query ($first: Int!) {
  files(first: $first, filter: {scope: SHARED_WITH_ME}) {
    totalCount
    nodes { id filename size owner { id kind } previewUrl previews { previewUrl } text { pages }
      analysis { fileType } shares { accountId } }
  }
}
"""


# Of the prober, of reprocessing, and of the look whether another process has committed.
BACKGROUND = ("NOT blob.probed", "reprocessing", "data_version")


class Statements:
    """Every statement that SQLite runs on either of the application's connections."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def watch(self, database: Any) -> None:
        """See every statement from now on."""
        client = database._client
        for connection in (client._connection, client._reader):
            await connection.set_trace_callback(self.seen.append)

    def taken(self) -> list[str]:
        """Return the statements since the last call."""
        taken, self.seen[:] = list(self.seen), []
        return [one for one in taken if not any(part in one for part in BACKGROUND)]


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Statements]]:
    app = create_app(Settings(data_dir=data_dir))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "services.accounts.lookup_cache.time", Clock()
        )  # callers stay known, however slow it is
        async with _served(app) as (client, statements):
            yield client, statements


@asynccontextmanager
async def _served(app: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Statements]]:
    transport = httpx.ASGITransport(app)
    statements = Statements()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://media.example") as client,
    ):
        token = (await client.post("/llm/auth/guest-login")).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        await statements.watch(app.state.application.database)
        yield client, statements


async def upload(client: httpx.AsyncClient, count: int) -> list[str]:
    ids = []
    for number in range(count):
        answer = await client.post(
            "/v1/media/upload",
            files={"file": (f"{number}.txt", b"%d" % number)},
            data={"tags": ["a", "b", str(number)]},
        )
        ids.append(answer.json()["data"]["id"])
    return ids


async def ask(client: httpx.AsyncClient, query: str, **variables: object) -> Any:
    answer = await client.post("/graphql", json={"query": query, "variables": variables})
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]


async def test_a_list_takes_as_many_statements_for_50_files_as_for_5(tmp_path: Path) -> None:
    async with running(tmp_path) as (client, statements):
        await upload(client, 60)
        taken = {}
        for first in (5, 50):
            await ask(client, LIST, first=first)  # so that the caller is known in both measurements
            statements.taken()
            data = await ask(client, LIST, first=first)
            taken[first] = statements.taken()
            assert len(data["files"]["edges"]) == first
            assert data["files"]["totalCount"] == 60
    # The page, the total, the owners, the previews, the texts, the analyses, the shares.
    assert len(taken[5]) == len(taken[50]) == 7, taken


async def test_what_is_shared_with_me_takes_as_many_statements_as_any_list(tmp_path: Path) -> None:
    async with running(tmp_path) as (client, statements):
        owner = client.headers["authorization"]
        reader = (await client.post("/llm/auth/guest-login")).json()
        for file_id in await upload(client, 30):
            named = {"account_ids": [reader["user_id"]]}
            await client.post(f"/v1/media/files/{file_id}/shares", json=named)
        assert client.headers["authorization"] == owner
        client.headers["authorization"] = f"Bearer {reader['access_token']}"
        taken = {}
        for first in (5, 30):
            await ask(client, WITH_ME, first=first)
            statements.taken()
            data = await ask(client, WITH_ME, first=first)
            taken[first] = statements.taken()
            assert [node["shares"] for node in data["files"]["nodes"]] == [None] * first
            assert data["files"]["totalCount"] == 30
    # The page, the total, the owners, the previews, the texts, the analyses; no shares.
    assert len(taken[5]) == len(taken[30]) == 6, taken


@pytest.mark.parametrize("field", ["file", "node"])
async def test_twenty_files_by_id_take_one_statement(tmp_path: Path, field: str) -> None:
    async with running(tmp_path) as (client, statements):
        ids = await upload(client, 20)
        fields = " ".join(f'f{n}: {field}(id: "{one}") {{ id }}' for n, one in enumerate(ids))
        statements.taken()
        data = await ask(client, f"{{ {fields} }}")
        assert [file["id"] for file in data.values()] == ids
        assert len(statements.taken()) == 1


async def test_an_upload_takes_the_same_few_statements_however_much_there_is(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as (client, statements):
        taken = []
        for number in range(3):
            await upload(client, 10)
            statements.taken()
            files = {"file": ("a.bin", b"new %d" % number)}
            assert (await client.post("/v1/media/upload", files=files)).is_success
            taken.append([one for one in statements.taken() if "last_insert_rowid" not in one])
    # The first transaction locks the account, adds up what is held, and reserves (5); then the
    # content is looked for (1); the second charges, looks again, ends the reservation, and makes
    # blob and file (7).
    assert [len(one) for one in taken] == [13, 13, 13], taken
    held = [one for one in taken[0] if "reserved_until >" in one]
    assert len(held) == 1


async def test_a_list_of_placeholders_reads_no_stored_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "query ($first: Int!) { files(first: $first) { nodes { id width blurhash } } }"
    async with running(tmp_path) as (client, statements):
        application = client._transport.app.state.application  # type: ignore[attr-defined]
        for number in range(3):
            files = {"file": ("a.png", image("PNG", (32 + number, 32)))}
            stored = (await client.post("/v1/media/upload", files=files)).json()["data"]
            await client.post(f"/v1/media/files/{stored['id']}/analyze", json={})
        await application.prober.probe_all()
        await upload(client, 97)
        opened: list[str] = []
        storage, real = application.storage, application.storage.open

        async def open_object(key: str) -> Any:
            opened.append(key)
            return await real(key)

        monkeypatch.setattr(storage, "open", open_object)
        statements.taken()
        nodes = (await ask(client, query, first=100))["files"]["nodes"]
        assert len(nodes) == 100
        assert sum(node["blurhash"] is not None for node in nodes) == 3
        assert len(statements.taken()) == 1
        listed = (await client.get("/v1/media/files?limit=100")).json()["data"]
        shown = {one["id"]: one["blurhash"] for one in listed if "blurhash" in one}
        assert shown == {one["id"]: one["blurhash"] for one in nodes if one["blurhash"]}
        assert opened == []
