"""The documentation against the code: every error code stands there, and every example runs."""

import json
import re
import runpy
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import uvicorn

from core.errors import ErrorCode
from core.settings import PREFIX, Settings
from edge.errors import STATUS
from processing.content_types import CONTENT_TYPES
from processing.kinds import PREVIEWED, Kind
from server.app import create_app

ROOT = Path(__file__).parent.parent
ERROR_CODES = (ROOT / "docs" / "error-codes.md").read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \| (\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^```bash\n(.+?)^```\n\n```json\n(.+?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = EXAMPLE.findall(ERROR_CODES)
LOCALHOST = "http://localhost:8000"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app = create_app(Settings(data_dir=tmp_path_factory.mktemp("data")))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="on", log_config=None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_every_error_code_is_documented_once_and_no_other() -> None:
    documented = [code for code, *_ in ROW.findall(ERROR_CODES)]
    assert sorted(documented) == sorted(ErrorCode)


@pytest.mark.parametrize(("code", "status", "when", "remedy"), ROW.findall(ERROR_CODES))
def test_an_error_code_is_documented_with_its_status_reason_and_remedy(
    code: str, status: str, when: str, remedy: str
) -> None:
    assert int(status) == STATUS[ErrorCode(code)]
    assert when.endswith(".")
    assert remedy.endswith(".")


def test_the_settings_that_error_codes_mention_exist() -> None:
    known = {PREFIX + field.name.upper() for field in fields(Settings)}
    mentioned = set(re.findall(rf"\b{PREFIX}\w+", ERROR_CODES))
    assert mentioned
    assert mentioned <= known


def test_every_block_of_shell_is_an_example_with_its_answer() -> None:
    assert EXAMPLES
    assert len(EXAMPLES) == ERROR_CODES.count("```bash")


@pytest.mark.parametrize(("commands", "answer"), EXAMPLES)
def test_an_example_answers_what_stands_below_it(url: str, commands: str, answer: str) -> None:
    script = commands.replace(LOCALHOST, url)
    assert url in script
    done = subprocess.run(  # noqa: S603 - our own documentation
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout) == json.loads(answer)


DOCUMENTS = ["README.md", *(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_points_at_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    here = (ROOT / document).parent
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    paths = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.[a-z]+)`", text)
    missing = [link for link in links if not (here / link).exists()]
    assert not missing + [path for path in paths if not (ROOT / path).exists()]


def test_the_tables_of_types_are_those_of_the_program() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "formats.py"))
    page = (ROOT / "docs" / "formats.md").read_text()
    assert script["written"](page) == page, "run scripts/formats.py"
    assert all(f"| {content_type} |" in page for content_type in CONTENT_TYPES)


def test_every_kind_of_file_is_described() -> None:
    page = (ROOT / "docs" / "formats.md").read_text()
    described = dict(re.findall(r"^\| (\w+) \| [^|]+ \| ([^|]+) \|", page, re.MULTILINE))
    assert described.keys() - {"kind"} == set(Kind) - {Kind.UNKNOWN}
    assert {kind for kind in PREVIEWED if described[kind] == "–"} == set()
    assert {kind for kind in described if described[kind] != "–"} == {*PREVIEWED, "kind"}
