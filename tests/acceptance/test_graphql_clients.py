"""GraphQL clients on Node against a running server, and the audits of GraphQL over HTTP."""

import subprocess
from typing import Any, Final

import httpx
import orjson
import pytest

from tests.acceptance.serving import PATIENCE_SECONDS, ROOT, Server, eventually

CLIENTS: Final = ROOT / "tests" / "clients"


def run(script: str, *arguments: str) -> Any:
    """Run a script of the clients' and return the JSON that it prints."""
    done = subprocess.run(  # noqa: S603 - our own program
        ["/usr/bin/env", "node", str(CLIENTS / script), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{script} failed (`make test` installs what it needs): {done.stderr}")
    return orjson.loads(done.stdout)


def test_every_audit_of_graphql_over_http_passes(server: Server) -> None:
    audits = run("audits.mjs", f"{server.url}/graphql")
    assert len(audits) > 60
    assert [one for one in audits if one["status"] != "ok"] == []


def test_one_file_object_in_three_variables_makes_three_files(
    server: Server, client: httpx.Client, token: str
) -> None:
    before = len(server.traces()["objects"])
    answer = run("one_file_twice.mjs", f"{server.url}/graphql", token)
    assert "errors" not in answer, answer
    files = [answer["data"]["upload"], *answer["data"]["uploadMany"]]
    assert len({file["id"] for file in files}) == 3
    for file in files:
        assert (file["filename"], file["size"]) == ("a.txt", 14)
        stored = client.get(f"/v1/media/files/{file['id']}/download")
        assert stored.content == b"the same bytes"
    eventually(server.is_settled, "nothing is left of the upload")
    assert len(server.traces()["objects"]) == before + 1
