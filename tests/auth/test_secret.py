"""The server's own secret."""

import subprocess
import sys
from pathlib import Path

import pytest

from auth.secret import load_or_create_secret
from core.setting_values import MIN_SECRET_BYTES
from core.settings import SettingsError

ROOT = Path(__file__).parents[2]
STARTING = """
import sys
from pathlib import Path
from auth.secret import load_or_create_secret
print("ready", flush=True)
sys.stdin.readline()
print(load_or_create_secret(Path(sys.argv[1])))
"""


def test_the_first_start_makes_a_secret_that_only_its_user_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    secret = load_or_create_secret(folder)
    assert len(secret) >= MIN_SECRET_BYTES
    assert (folder / "secret.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


def test_the_secret_stays(tmp_path: Path) -> None:
    assert load_or_create_secret(tmp_path) == load_or_create_secret(tmp_path)


def test_no_two_servers_have_the_same(tmp_path: Path) -> None:
    assert load_or_create_secret(tmp_path / "one") != load_or_create_secret(tmp_path / "two")


def test_starts_at_the_same_time_agree(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    starts = [
        subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-c", STARTING, folder],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    secrets = {start.communicate("go\n")[0] for start in starts}
    assert secrets == {load_or_create_secret(folder) + "\n"}
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


def test_a_start_that_comes_second_takes_the_first_ones_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both see no file; then one is faster.
    first = load_or_create_secret(tmp_path)
    seen = iter([False])
    monkeypatch.setattr(Path, "exists", lambda _path: next(seen, True))
    assert load_or_create_secret(tmp_path) == first


@pytest.mark.parametrize("content", ["", "short", " " * 100])
def test_what_is_too_short_to_be_a_secret_stops_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(SettingsError, match="too short") as refusal:
        load_or_create_secret(tmp_path)
    assert "\n" not in str(refusal.value)
