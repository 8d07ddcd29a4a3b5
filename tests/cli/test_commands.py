"""The commands: what each imports, and that only two of them make or migrate a library."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cli.main import COMMANDS, GROUPS, main
from models.versions import known_migrations

ROOT = Path(__file__).parents[2]
HEAVY = {
    "PIL",
    "asyncpg",
    "authlib",
    "av",
    "botocore",
    "graphql",
    "joserfc",
    "limits",
    "lingua",
    "obstore",
    "procrastinate",
    "prometheus_client",
    "pypdfium2",
    "redis",
    "starlette",
    "strawberry",
    "tesserocr",
    "tortoise",
    "uvicorn",
    "uvloop",
}
IMPORTED = """
import sys
from cli.main import main
status = main(["accounts", "list"])
print(*sorted({name.partition(".")[0] for name in sys.modules}))
sys.exit(status)
"""
ON_A_LIBRARY = [
    "fsck",
    "sweep",
    "reprocess",
    "audit",
    "create-account user",
    "accounts list",
    "accounts disable somebody",
    "accounts quota somebody",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder that the commands are given, which is not there."""
    monkeypatch.setenv("MEDIA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("cli.main.configure_logging", lambda *_: None)
    monkeypatch.setattr(os, "umask", lambda _: 0)
    return tmp_path / "data"


@pytest.fixture
def library(folder: Path, migrated_file: Path) -> Path:
    """A library without files."""
    (folder / "objects").mkdir(parents=True)
    (folder / "secret.key").write_text("a secret for tests that nobody else has")
    shutil.copy(migrated_file, folder / "media.db")
    return folder


def rows(library: Path, sql: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(library / "media.db")) as database, database:
        return database.execute(sql).fetchall()


def refused(capsys: pytest.CaptureFixture[str], command: str) -> tuple[int, str]:
    """Run a command that cannot do its work; return its status and the one line it says."""
    status = main(command.split())
    said = capsys.readouterr()
    assert not said.out
    (line,) = said.err.splitlines()
    return status, line


def test_listing_accounts_imports_no_orm_framework_or_decoder(library: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", IMPORTED],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.splitlines()[-1].split())
    assert {"argparse", "aiosqlite", "cli"} <= imported
    assert not imported & HEAVY


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_says_how_it_is_used(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words.split(), "--help"])
    assert ended.value.code == 0
    assert COMMANDS[words][1].rstrip(".") in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("words", [[], *([group] for group in GROUPS)])
def test_help_names_every_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    printed = capsys.readouterr().out
    for command in COMMANDS:
        group, _, name = command.rpartition(" ")
        assert name in printed or words != [group]


@pytest.mark.parametrize("command", ON_A_LIBRARY)
def test_a_command_makes_no_library_where_there_is_none(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, line = refused(capsys, command)
    assert status == 2
    assert line == (
        f"media: there is no library at {folder}: start `media serve` there, or set MEDIA_DATA_DIR"
    )
    assert not folder.exists()


@pytest.mark.parametrize("command", ON_A_LIBRARY)
def test_a_command_makes_no_database_where_there_is_none(
    command: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MEDIA_DATABASE_URL", f"sqlite://{folder}/other.db")
    status, line = refused(capsys, command)
    assert status == 2
    assert line.startswith(f"media: there is no database at {folder}/other.db: ")
    assert not folder.exists()


@pytest.mark.parametrize("command", ON_A_LIBRARY)
def test_a_command_migrates_nothing(
    command: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    *before, last = known_migrations()
    rows(library, f"DELETE FROM tortoise_migrations WHERE name = '{last}'")
    status, line = refused(capsys, command)
    assert status == 1
    assert line == f"media: The database lacks migration {last}: run `media migrate`."
    assert rows(library, "SELECT name FROM tortoise_migrations ORDER BY name") == [
        (name,) for name in before
    ]


@pytest.mark.parametrize("command", [*ON_A_LIBRARY, "migrate"])
def test_a_database_that_a_newer_version_migrated_is_left_alone(
    command: str, library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(
        library,
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " VALUES ('models', '9999_later', '2100-01-01')",
    )
    status, line = refused(capsys, command)
    assert status == 1
    assert "has migration 9999_later, which this version does not know" in line


@pytest.mark.parametrize("command", ["fsck", "sweep"])
def test_a_command_makes_no_folder_of_files(
    command: str,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere = library.with_name("mistyped")
    monkeypatch.setenv("MEDIA_STORAGE_URL", f"file://{elsewhere}")
    status, line = refused(capsys, command)
    assert status == 2
    assert line.startswith(f"media: there are no files at {elsewhere}: ")
    assert not elsewhere.exists()


def test_an_account_gets_no_token_of_a_secret_made_on_the_spot(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "secret.key").unlink()
    status, line = refused(capsys, "create-account user")
    assert status == 2
    assert line.startswith(f"media: there is no secret at {library}/secret.key: ")
    assert not (library / "secret.key").exists()


def test_a_file_that_is_no_database_is_named(
    library: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "media.db").write_text("the notes of a holiday" * 100)
    status, line = refused(capsys, "accounts list")
    assert status == 1
    assert (
        line == f"media: The database {library}/media.db cannot be read. (file is not a database)"
    )


def test_migrate_makes_the_library_that_the_others_work_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["migrate"]) == 0
    assert main(["create-account", "administrator"]) == 0
    capsys.readouterr()
    assert main(["accounts", "list"]) == 0
    (_, account) = capsys.readouterr().out.splitlines()
    assert account.split("\t")[1:3] == ["administrator", "enabled"]


def test_a_folder_with_a_percent_sign_is_not_another_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = folder.with_name("50%25 of ?it#")
    monkeypatch.setenv("MEDIA_DATA_DIR", str(odd))
    assert main(["migrate"]) == 0
    assert main(["accounts", "list"]) == 0
    assert (odd / "media.db").is_file()
    assert [path.name for path in odd.parent.iterdir()] == [odd.name]
