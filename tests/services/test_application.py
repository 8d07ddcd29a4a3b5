"""The application as a whole: it starts, says whether it can serve, and stops."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import UnavailableError
from core.settings import Settings, SettingsError
from models.database import Database
from processing.workers import Workers
from services.application import Application
from services.derivatives.derivatives import Derivatives
from services.lifecycle import running
from services.limits.counters import Counters
from services.uploads.uploads import Uploads
from storage.base import StorageError
from storage.filesystem import FilesystemStorage
from storage.memory import MemoryStorage
from tests.ports import free_port
from tests.services.conftest import account, content_of, received, staged_count, uploaded
from tests.swift import Bucket


async def test_it_can_serve_as_soon_as_it_runs(application: Application) -> None:
    await application.check()


async def test_files_and_tokens_outlive_a_restart(settings: Settings) -> None:
    settings = replace(settings, secret_key="")
    async with running(settings) as first:
        session = await first.accounts.sign_in_guest()
        viewer = await first.accounts.viewer(f"Bearer {session.access_token}")
        file = await uploaded(first, viewer, b"kept")
    async with running(settings) as second:
        assert await second.accounts.viewer(f"Bearer {session.access_token}") == viewer
        assert await content_of(second, viewer, file.id) == b"kept"


async def test_without_an_address_everything_lies_in_the_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    async with running(Settings(data_dir=folder)) as application:
        await uploaded(application, await account(application))
    names = {path.name for path in folder.iterdir()}
    assert {"media.db", "objects", "staging", "secret.key"} <= names


async def test_a_storage_can_lie_elsewhere(settings: Settings, tmp_path: Path) -> None:
    elsewhere = f"file://{tmp_path}/with%20space"
    async with running(replace(settings, storage_url=elsewhere)) as application:
        assert isinstance(application.storage, FilesystemStorage)
    assert (tmp_path / "with space" / "objects").is_dir()
    async with running(replace(settings, storage_url="memory:")) as application:
        assert isinstance(application.storage, MemoryStorage)


async def test_a_storage_that_is_gone_fails_the_check(application: Application) -> None:
    staging = application.settings.data_dir / "staging"
    away = staging.rename(staging.with_name("away"))
    with pytest.raises(StorageError):
        await application.check()
    away.rename(staging)
    await application.check()


async def test_a_database_that_is_gone_stops_the_start_and_the_next_one_may_work(
    settings: Settings,
) -> None:
    nowhere = replace(settings, database_url="postgres://media@127.0.0.1:1/media")
    with pytest.raises(UnavailableError):
        async with running(nowhere):
            pytest.fail("it started")
    async with running(settings) as application:
        await application.check()


async def test_a_secret_that_cannot_be_used_stops_the_start(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "secret.key").write_text("short")
    with pytest.raises(SettingsError):
        async with running(replace(settings, secret_key="")):
            pytest.fail("it started")


async def test_while_it_runs_it_sweeps_if_it_should(settings: Settings) -> None:
    settings = replace(settings, upload_grace_seconds=0)
    async with running(settings) as application:
        await received(application, await account(application), b"x")
        assert staged_count(application) == 1
    async with running(settings, background=True) as application:
        while staged_count(application):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("failing", [None, FilesystemStorage, Workers])
async def test_everything_is_closed_whatever_the_block_or_another_close_raises(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, failing: type | None
) -> None:
    owners = [Derivatives, Uploads, Counters, Workers, FilesystemStorage, Database]
    closed: list[type] = []

    def watch(owner: Any) -> None:
        real = owner.close

        async def close(self: Any) -> None:
            closed.append(owner)
            await real(self)
            if owner is failing:
                raise LookupError

        monkeypatch.setattr(owner, "close", close)

    for owner in owners:
        watch(owner)
    with pytest.raises(ZeroDivisionError):
        async with running(settings):
            raise ZeroDivisionError
    assert closed == owners


async def test_a_start_that_fails_closes_what_it_has_opened(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    really_close = Database.close

    async def close(database: Database) -> None:
        await really_close(database)
        closed.append("database")

    monkeypatch.setattr(Database, "close", close)
    with pytest.raises(UnavailableError):
        async with running(replace(settings, database_url="postgres://media@127.0.0.1:1/media")):
            pytest.fail("it started")
    assert closed == ["database"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_storage_that_refuses_its_configuration_stops_the_start(
    settings: Settings, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    wrong = replace(settings, storage_url="s3://no-such-bucket")
    with pytest.raises(SettingsError) as refused:
        async with running(wrong, background=True):
            pytest.fail("it started")
    assert str(refused.value) == (
        "MEDIA_STORAGE_URL=s3://no-such-bucket cannot be used: the S3 server answers"
        " 404 NoSuchBucket: The specified bucket does not exist."
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_storage_that_is_away_lets_the_server_start_and_not_be_ready(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Bucket("any", f"http://127.0.0.1:{free_port()}")
    for name, value in away.environment.items():
        monkeypatch.setenv(name, value)
    async with running(replace(settings, storage_url="s3://any"), background=True) as application:
        with pytest.raises(StorageError):
            await application.storage.check()
