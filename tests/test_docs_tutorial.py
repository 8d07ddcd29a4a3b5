"""The README's and the tutorial's commands run, in the order in which a reader types them."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.serving import Server

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow  # servers of its own

COMMANDS = re.compile(r"^```sh\n(.+?)^```$", re.MULTILINE | re.DOTALL)
LOCALHOST = "http://localhost:8000"


def commands_of(document: str, url: str) -> str:
    blocks = COMMANDS.findall((ROOT / document).read_text())
    assert blocks
    return "\n".join(blocks).replace("curl -s", "curl --fail-with-body -s").replace(LOCALHOST, url)


@pytest.mark.parametrize("document", ["README.md", "docs/tutorial.md"])
def test_the_commands_of_a_first_visit_succeed(
    document: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("reader")
    Image.new("RGB", (640, 480), "orange").save(folder / "photo.jpg")
    server = Server(folder / "data")
    try:
        done = subprocess.run(  # noqa: S603 - our own documentation
            ["/bin/bash", "-euo", "pipefail", "-c", commands_of(document, server.url)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        assert server.stop() == 0
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"errors"' not in done.stdout
    uploaded, _ = json.JSONDecoder().raw_decode(done.stdout)
    assert uploaded["data"]["mime_type"] == "image/jpeg"
    if document != "README.md":
        assert (folder / "copy.jpg").read_bytes() == (folder / "photo.jpg").read_bytes()
