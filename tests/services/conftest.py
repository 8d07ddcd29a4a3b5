"""The whole application on both engines, and what must be true of it after every test."""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auth.viewer import Viewer
from core.settings import MIB, Settings
from models.file import StoredFile
from models.user import UserKind
from services.application import Application
from services.files.metadata import draft
from services.lifecycle import running
from services.uploads.types import Received
from storage.memory import MemoryStorage
from tests.database import database, database_url

__all__ = ["database", "database_url"]

LIMIT = 6 * MIB


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of a server whose files may have 6 MiB."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        secret_key="a secret for tests that nobody else has",  # noqa: S106 - it guards nothing
        max_upload_bytes=LIMIT,
    )


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[Application]:
    """The application on a folder of its own; its invariants are checked at the end."""
    async with checked(settings) as started:
        yield started


@pytest.fixture
async def in_memory(settings: Settings) -> AsyncIterator[Application]:
    """The application with its bytes in memory."""
    async with checked(replace(settings, storage_url="memory:")) as started:
        yield started


@asynccontextmanager
async def checked(settings: Settings, **changed: Any) -> AsyncIterator[Application]:
    """Run the application, and check its invariants at the end of a block that succeeds."""
    async with running(replace(settings, **changed)) as started:
        yield started
        await assert_invariants(started)


async def account(application: Application, kind: UserKind = UserKind.USER) -> Viewer:
    """Return the viewer of a new account."""
    session = await application.accounts.create(kind)
    return Viewer(session.account_id, kind)


@pytest.fixture
async def owner(application: Application) -> Viewer:
    """An account of the application."""
    return await account(application)


async def body(*chunks: bytes) -> AsyncIterator[bytes]:
    """Yield the chunks of a request body, one a step of the event loop."""
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


async def received(
    application: Application, viewer: Viewer, *chunks: bytes, filename: str | None = "a.txt"
) -> Received:
    """Receive a body and claim nothing."""
    return await application.uploads.receive(viewer, body(*chunks), filename)


async def uploaded(
    application: Application, viewer: Viewer, content: bytes = b"content", **given: Any
) -> StoredFile:
    """Upload a file with the metadata given."""
    staged = await received(application, viewer, content, filename=given.pop("name", "a.txt"))
    return await application.uploads.claim(staged, draft(given))


async def content_of(application: Application, viewer: Viewer, file_id: str) -> bytes:
    """Return the bytes that a reader gets."""
    _, stored = await application.files.open(viewer, file_id)
    async with stored:
        return b"".join([chunk async for chunk in stored.read()])


def staged_count(application: Application) -> int:
    """Return how many bodies lie in the staging area."""
    if isinstance(application.storage, MemoryStorage):
        return len(application.storage.staged)
    return len(list((application.settings.data_dir / "staging").iterdir()))


def object_digests(application: Application) -> dict[str, tuple[str, int]]:
    """Return digest and size of every object, looked up past the storage's own methods."""
    if isinstance(application.storage, MemoryStorage):
        contents = {key: each._content for key, each in application.storage.objects.items()}
    else:
        found = (application.settings.data_dir / "objects").glob("*/*")
        contents = {path.name: path.read_bytes() for path in found}
    return {key: (hashlib.sha256(each).hexdigest(), len(each)) for key, each in contents.items()}


async def assert_invariants(application: Application) -> None:
    """Assert that nothing is under way, and that rows and bytes agree to the last one."""
    await application.uploads.close()
    read = application.database.read
    files = [
        tuple(row) for row in await read("SELECT id, owner_id, blob_id, sha256, size FROM file")
    ]
    blobs = {
        row[0]: tuple(row[1:])
        for row in await read("SELECT key, owner_id, sha256, size, refs FROM blob")
    }
    references = Counter(blob_id for _, _, blob_id, _, _ in files)
    assert {key: blob[3] for key, blob in blobs.items()} == references
    for _, owner_id, blob_id, sha256, size in files:
        assert blobs[blob_id][:3] == (owner_id, sha256, size)
    live = Counter((owner_id, sha256) for owner_id, sha256, _, _ in blobs.values())
    assert set(live.values()) <= {1}
    digests = {key: (sha256, size) for key, (_, sha256, size, _) in blobs.items()}
    derived = await read("SELECT key, sha256, size, blob_id FROM derivative WHERE key IS NOT NULL")
    assert {blob_id for *_, blob_id in derived} <= blobs.keys()
    digests |= {key: (sha256, size) for key, sha256, size, _ in derived}
    assert object_digests(application) == digests
    assert [tuple(row) for row in await read("SELECT id, key FROM upload")] == []
    assert staged_count(application) == 0
    await assert_totals(application, files)
    await assert_tags(application)


async def assert_totals(application: Application, files: list[tuple[Any, ...]]) -> None:
    """Assert that every account's totals are the sums over its files."""
    sums: dict[str, tuple[int, int]] = {}
    for _, owner_id, _, _, size in files:
        number, total = sums.get(owner_id, (0, 0))
        sums[owner_id] = (number + 1, total + size)
    accounts = await application.database.read(
        "SELECT id, files_count, bytes_used FROM user_account"
    )
    totals = {row[0]: (row[1], row[2]) for row in accounts}
    assert totals == {owner_id: sums.get(owner_id, (0, 0)) for owner_id in totals}


async def assert_tags(application: Application) -> None:
    """Assert that files are found by the tags they show, and by no others."""
    shown = await application.database.read("SELECT id, owner_id, tags FROM file")
    found = await application.database.read("SELECT file_id, owner_id, name FROM file_tag")
    expected = {(row[0], row[1], tag) for row in shown for tag in json.loads(row[2])}
    assert sorted(tuple(row) for row in found) == sorted(expected)
