"""Servers and commands that cannot start: one line says what to change, and no trace."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tests.acceptance.serving import ROOT
from tests.mounting import small_disk
from tests.ports import free_port


def ended(folder: Path, command: str, **settings: str) -> tuple[int, str]:
    """Run a command that cannot do its work; return its status and what it has said."""
    given = {f"MEDIA_{name.upper()}": value for name, value in settings.items()}
    port = str(free_port())
    environment = {"PATH": os.environ["PATH"], "MEDIA_DATA_DIR": str(folder), "MEDIA_PORT": port}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "cli.main", command],
        cwd=ROOT,
        env={**environment, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def assert_told(folder: Path, sentence: str, **settings: str) -> None:
    """Hold that a server ends, says ``sentence`` and shows nothing of the code's inside."""
    status, said = ended(folder, "serve", **settings)
    assert status != 0
    assert sentence in said
    assert "Traceback" not in said


def test_a_database_that_is_down(tmp_path: Path) -> None:
    url = f"postgres://media@127.0.0.1:{free_port()}/media"
    assert_told(tmp_path, "The database does not answer; try again soon. (", database_url=url)


def test_a_database_that_is_not_there(tmp_path: Path, postgres_database: str) -> None:
    url = f"{postgres_database}-elsewhere"
    assert_told(tmp_path, 'elsewhere" does not exist', database_url=url)


def test_an_account_that_the_database_does_not_know(tmp_path: Path, postgres_database: str) -> None:
    url = postgres_database.replace("media@", "somebody@")
    assert_told(tmp_path, 'role "somebody" does not exist', database_url=url)


async def test_an_account_that_may_not_make_tables(tmp_path: Path, postgres_database: str) -> None:
    name = f"reader_{uuid4().hex}"
    administrator = await asyncpg.connect(postgres_database)
    await administrator.execute(f"CREATE ROLE {name} LOGIN")
    url = postgres_database.replace("media@", f"{name}@")
    await asyncio.to_thread(
        assert_told, tmp_path, "the account must be able to make tables", database_url=url
    )
    await administrator.execute(f"DROP ROLE {name}")
    await administrator.close()


def test_a_parameter_of_the_database_that_cannot_be_used(tmp_path: Path) -> None:
    url = "postgres://media@127.0.0.1/media?maxsize=many"
    assert_told(tmp_path, "maxsize='many' must be a whole number", database_url=url)


@pytest.mark.parametrize("name", ["database_url", "redis_url"])
def test_a_password_that_is_not_quoted(tmp_path: Path, name: str) -> None:
    scheme = "postgres" if name == "database_url" else "redis"
    status, said = ended(tmp_path, "serve", **{name: f"{scheme}://media:S3cr/et@127.0.0.1/0"})
    assert status == 2
    assert "its port is not a number" in said
    assert "S3cr" not in said


def test_a_secret_file_that_is_empty(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("\n")
    given = {"database_url_file": str(tmp_path / "url")}
    assert_told(tmp_path, "the file is empty", **given)


async def test_a_role_without_connections_left(tmp_path: Path, postgres_database: str) -> None:
    name = f"few_{uuid4().hex}"
    administrator = await asyncpg.connect(postgres_database)
    await administrator.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 1")
    await administrator.execute(f"GRANT ALL ON SCHEMA public TO {name}")
    url = postgres_database.replace("media@", f"{name}@")
    await asyncio.to_thread(
        assert_told, tmp_path, f'too many connections for role "{name}"', database_url=url
    )
    await administrator.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
    await administrator.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "media.db").write_text("These are the notes of a holiday, not a database." * 100)
    assert_told(tmp_path, "file is not a database")


def test_a_disk_without_room_for_the_tables(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 1) as folder:
        (folder / "of somebody else").write_bytes(bytes(960 * 1024))
        assert_told(folder, "The database has no room left.")


def test_a_storage_without_credentials(tmp_path: Path) -> None:
    assert_told(tmp_path, "set AWS_ACCESS_KEY_ID", storage_url="s3://bucket")


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "objects").write_text("")
    assert_told(tmp_path, f"MEDIA_STORAGE_URL=file://{tmp_path}: ")


@pytest.mark.parametrize("command", ["migrate", "worker"])
def test_other_commands_say_it_as_well(tmp_path: Path, command: str) -> None:
    url = f"postgres://media@127.0.0.1:{free_port()}/media"
    (tmp_path / "objects").mkdir()
    status, said = ended(tmp_path, command, database_url=url)
    assert status == 1
    assert said.splitlines()[-1].startswith("media: The database does not answer;")
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("data_dir", "~nosuchuser/x", "MEDIA_DATA_DIR='~nosuchuser/x': ~ must be followed by"),
        ("data_dir", "/etc/passwd", "MEDIA_DATA_DIR='/etc/passwd': the folder cannot be made"),
        ("data_dir", "/etc/passwd/x", "MEDIA_DATA_DIR='/etc/passwd/x': the folder cannot be made"),
        ("host", "192.0.2.1", "cannot listen on 192.0.2.1 port"),
        ("host", "a..b", "MEDIA_HOST='a..b': "),
        ("metrics_address", "192.0.2.1:9100", "choose another address with MEDIA_METRICS_ADDRESS"),
        ("redis_url", "redis://127.0.0.1?socket_timeout=x", "MEDIA_REDIS_URL: "),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_start_in_one_line(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    status, said = ended(tmp_path, "serve", **{name: value})
    assert status != 0
    assert sentence in said.splitlines()[-1] or "Application startup failed" in said
    assert sentence in said
    assert "Traceback" not in said


def test_a_database_that_a_newer_version_migrated(tmp_path: Path, migrated_file: Path) -> None:
    shutil.copy(migrated_file, tmp_path / "media.db")
    with closing(sqlite3.connect(tmp_path / "media.db")) as database, database:
        database.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at)"
            " VALUES ('models', '9999_later', '2100-01-01')"
        )
    assert_told(tmp_path, "has migration 9999_later, which this version does not know")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_an_isolation_that_cannot_be_had(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")  # no bubblewrap, no unshare
    (tmp_path / "objects").mkdir()
    given = {"require_isolation": "bubblewrap"}
    if command == "worker":
        given["database_url"] = f"postgres://media@127.0.0.1:{free_port()}/media"
    status, said = ended(tmp_path, command, **given)
    assert status != 0
    assert "MEDIA_REQUIRE_ISOLATION=bubblewrap: workers run with isolation 'none' here" in said
    assert "Traceback" not in said


def test_a_worker_migrates_nothing(tmp_path: Path, postgres_database: str) -> None:
    (tmp_path / "objects").mkdir()
    status, said = ended(tmp_path, "worker", database_url=postgres_database)
    assert status == 1
    assert "The database lacks migration 0001_initial and " in said.splitlines()[-1]


def test_a_worker_makes_no_queue(tmp_path: Path, migrated_postgres_database: str) -> None:
    (tmp_path / "objects").mkdir()
    given = {"database_url": migrated_postgres_database, "secret_key": "x" * 32}
    status, said = ended(tmp_path, "worker", **given)
    assert status == 1
    assert "The database lacks the queue of jobs" in said.splitlines()[-1]
