"""docs/rate-limiting.md against the code: classes, limits and codes, and every example runs."""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import pytest
import uvicorn

from core.errors import ErrorCode
from core.settings import PREFIX, Settings, load_settings
from edge.errors import STATUS
from schema.rate_limits import MUTATIONS
from server.app import create_app
from services.limits.counters import Counters
from services.limits.rate_limits import OperationClass, RateLimits

PAGE = (Path(__file__).parent.parent / "docs" / "rate-limiting.md").read_text()
ROW = re.compile(r"^\| `([a-z-]+)` \| `(.+?)` \| `(\w+)` \| (.+) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^```bash\n(.+?)^```\n\n```(json|http)\n(.+?)^```$", re.MULTILINE | re.DOTALL)
WITH = re.compile(r"With\s`(MEDIA_\w+)=(\S+)`:\n\n\Z")
LOCALHOST = "http://localhost:8000"
ABOUT = {
    ErrorCode.QUOTA_EXCEEDED,
    ErrorCode.PAYLOAD_TOO_LARGE,
    ErrorCode.TOO_MANY_UPLOADS,
    ErrorCode.RATE_LIMITED,
    ErrorCode.IDEMPOTENCY_KEY_IN_USE,
    ErrorCode.IDEMPOTENCY_KEY_REUSED,
}


def examples() -> list[tuple[dict[str, str], str, str, str]]:
    """Return settings, commands, kind and text of the answer of each example."""
    found = []
    for match in EXAMPLE.finditer(PAGE):
        given = WITH.search(PAGE[: match.start()])
        settings = {given[1]: given[2]} if given else {}
        found.append((settings, *match.groups()))
    return found


@contextmanager
def served(data_dir: Path, environ: dict[str, str]) -> Iterator[str]:
    settings = load_settings({**environ, "MEDIA_DATA_DIR": str(data_dir)})
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), lifespan="on", log_config=None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def timeless(text: str) -> str:
    """Return ``text`` without the seconds that depend on when it was asked for."""
    text = re.sub(r"in \d+ s\.", "in … s.", text)
    text = re.sub(r'("retry_after_seconds": ?)[1-9]\d*', r"\1…", text)
    return re.sub(r";t=\d+", ";t=…", text)


@pytest.mark.parametrize(("settings", "commands", "kind", "answer"), examples())
def test_an_example_answers_what_stands_below_it(
    tmp_path: Path, settings: dict[str, str], commands: str, kind: str, answer: str
) -> None:
    with served(tmp_path / "data", settings) as url:
        script = commands.replace(LOCALHOST, url)
        assert url in script
        done = subprocess.run(  # noqa: S603 - our own documentation
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            capture_output=True,
            check=True,
            timeout=60,
            text=True,
        )
    if kind == "http":
        assert timeless(done.stdout) == timeless(answer)
    else:
        told, documented = json.loads(done.stdout), json.loads(answer)
        assert timeless(json.dumps(told)) == timeless(json.dumps(documented))


def test_every_block_of_shell_is_an_example_with_its_answer() -> None:
    assert len(examples()) == PAGE.count("```bash") > 5
    assert sum(bool(settings) for settings, *_ in examples()) == PAGE.count("With\n`MEDIA_") + (
        PAGE.count("With `MEDIA_")
    )


def test_every_class_is_documented_with_its_default_and_setting() -> None:
    rows = {kind: (default, setting) for kind, default, setting, _ in ROW.findall(PAGE)}
    rates = RateLimits(Settings(), Counters())._rates
    assert rows.keys() == set(OperationClass)
    for kind, (default, setting) in rows.items():
        assert setting == f"{PREFIX}RATE_{kind.replace('-', '_').upper()}"
        changed = load_settings({setting: "off"})
        assert RateLimits(changed, Counters())._rates == {**rates, OperationClass(kind): None}
        loaded = load_settings({setting: default})
        assert RateLimits(loaded, Counters())._rates == rates


def test_every_mutation_stands_with_its_class() -> None:
    by_class = {kind: text for kind, _, _, text in ROW.findall(PAGE)}
    for name, kind in MUTATIONS.items():
        assert f"`{name}`" in by_class[kind or OperationClass.UPLOAD]


def test_every_code_about_limits_is_explained_with_its_status() -> None:
    told = set(re.findall(r"\b(\d{3}) `([A-Z_]+)`", PAGE.replace("\n", " ")))
    assert {code for _, code in told} == ABOUT
    assert told == {(str(STATUS[code].value), code.value) for code in ABOUT}


def test_every_setting_that_the_page_mentions_exists_and_none_of_limits_is_missing() -> None:
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    mentioned = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", PAGE))
    assert mentioned <= known
    about = {name for name in known if name.startswith(f"{PREFIX}RATE_")}
    assert about <= mentioned
