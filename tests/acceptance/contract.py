"""The examples of the contract document, ready to run: only host, token, ids and folders change."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.serving import PATIENCE_SECONDS, ROOT

DOCUMENT: Final = ROOT / "docs" / "contract" / "media-api-examples.md"
SHIM: Final = Path(__file__).with_name("browser_shim.mjs")

_PIECE: Final = re.compile(
    r"^#{2,3} (?P<heading>.+?)$|^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
_PYTHON_PREAMBLE: Final = """\
import os, requests
from requests_toolbelt.multipart.encoder import MultipartEncoderMonitor
token = {token!r}
headers = {{"Authorization": f"Bearer {{token}}"}}
"""
_JAVASCRIPT_PREAMBLE: Final = """\
import {shim};
globalThis.token = {token};
globalThis.headers = {{ "Authorization": `Bearer ${{globalThis.token}}` }};
globalThis.fileId = {file_id};
"""


@dataclass(frozen=True)
class Example:
    """A piece of code under a heading."""

    heading: str
    language: str
    code: str


def examples() -> list[Example]:
    """Return every example of the document, in its order."""
    found, heading = [], ""
    for piece in _PIECE.finditer(DOCUMENT.read_text()):
        heading = piece["heading"] or heading
        if piece["code"]:
            found.append(Example(heading, piece["language"], piece["code"]))
    return found


@dataclass
class Runner:
    """Runs examples against the server at ``url`` as the caller with ``token``, in ``folder``."""

    url: str
    token: str
    folder: Path

    def run(
        self, heading: str, language: str, file_ids: tuple[str, ...] = (), then: str = ""
    ) -> list[str]:
        """Run one example, and ``then`` a line of use where it has none; return what it prints."""
        (example,) = [
            one for one in examples() if (one.heading, one.language) == (heading, language)
        ]
        code = self._placed(example.code, file_ids) + then
        if language == "python":
            return self._output("-c", _PYTHON_PREAMBLE.format(token=self.token) + code)
        preamble = _JAVASCRIPT_PREAMBLE.format(
            shim=json.dumps(SHIM.as_uri()),
            token=json.dumps(self.token),
            file_id=json.dumps(file_ids[0] if file_ids else ""),
        )
        script = self.folder / "example.mjs"
        script.write_text(preamble + code)
        return self._output(str(script), program="node")

    def _placed(self, code: str, file_ids: tuple[str, ...]) -> str:
        named = ("file_abc123",) if len(file_ids) == 1 else ("file_old1", "file_old2", "file_old3")
        changes = {
            "http://localhost:8000": self.url,
            '"your-token"': json.dumps(self.token),
            '"/documents/*.pdf"': json.dumps(f"{self.folder}/*.pdf"),
            '"/path/to/photos"': json.dumps(str(self.folder)),
            **dict(zip(named, file_ids, strict=False)),
        }
        for old, new in changes.items():
            code = code.replace(old, new)
        return code

    def _output(self, *arguments: str, program: str = sys.executable) -> list[str]:
        done = subprocess.run(  # noqa: S603 - the document's own examples
            [program, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS * 3,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return done.stdout.splitlines()
