"""What is checked after each fault: files, numbers, leftovers, and what the process holds."""

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server, eventually

MIB: Final = 1024 * 1024
_SLACK_DESCRIPTORS: Final = 4  # SQLite's readers and an idle connection come and go


@dataclass(slots=True)
class Ledger:
    """What a client was told is stored: each file's checksum by its id."""

    token: str
    kept: dict[str, str] = field(default_factory=dict)
    refused: list[httpx.Response] = field(default_factory=list)

    def upload(self, client: httpx.Client, content: bytes, name: str = "a.bin") -> httpx.Response:
        """Upload, and note what the answer promises."""
        answer = client.post("/v1/media/upload", files={"file": (name, content)})
        self.note(answer, content)
        return answer

    def note(self, answer: httpx.Response, content: bytes) -> None:
        """Write down an answer to the upload of ``content``."""
        if answer.is_success:
            self.kept[answer.json()["data"]["id"]] = hashlib.sha256(content).hexdigest()
        else:
            self.refused.append(answer)

    def assert_kept(self, server: Server) -> None:
        """Fail unless every promised file is there, whole, and all sums agree."""
        with server.client(self.token) as client, ThreadPoolExecutor(4) as pool:
            for file_id, right in pool.map(lambda one: _checksum(client, one), self.kept):
                assert right == self.kept[file_id]
            listed = _everything(client)
            viewer = Gql(client).data("{ viewer { filesCount bytesUsed } }")["viewer"]
        assert self.kept.keys() <= listed.keys()
        assert viewer == {"filesCount": len(listed), "bytesUsed": sum(listed.values())}

    def assert_refused_with(self, *codes: str) -> None:
        """Fail unless every refusal says one of ``codes``."""
        told = {answer.json().get("code", answer.text) for answer in self.refused}
        assert told <= set(codes), told


def _checksum(client: httpx.Client, file_id: str) -> tuple[str, str]:
    got = client.get(f"/v1/media/files/{file_id}/download")
    assert got.is_success, got.text
    return file_id, hashlib.sha256(got.content).hexdigest()


def _everything(client: httpx.Client) -> dict[str, int]:
    sizes: dict[str, int] = {}
    while True:
        page = client.get("/v1/media/files", params={"limit": 100, "offset": len(sizes)}).json()
        sizes |= {file["id"]: file["size"] for file in page["data"]}
        if len(sizes) >= page["meta"]["total"]:
            return sizes


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a process holds: open descriptors, bytes of memory, and tasks of its event loop."""

    descriptors: int
    memory: int
    tasks: int

    @classmethod
    def of(cls, server: Server) -> "Holdings":
        """Look at the server's process."""
        process = Path(f"/proc/{server.process.pid}")
        pages = int((process / "statm").read_text().split()[1])
        return cls(
            descriptors=len(list((process / "fd").iterdir())),
            memory=pages * 4096,
            tasks=figure(server, "media_asyncio_tasks"),
        )


def figure(server: Server, name: str) -> int:
    """Return what the server tells Prometheus under ``name``."""
    address = server.environment["MEDIA_METRICS_ADDRESS"]
    told = httpx.get(f"http://{address}/metrics", trust_env=False).text
    (line,) = [line for line in told.splitlines() if line.startswith(f"{name} ")]
    return int(float(line.split()[1]))


def assert_returns_to(server: Server, before: Holdings, *, slack: int) -> None:
    """Wait until the server holds what it held ``before``, and ``slack`` bytes of malloc's."""

    def returned() -> bool:
        now = Holdings.of(server)
        return (
            now.descriptors <= before.descriptors + _SLACK_DESCRIPTORS
            and now.memory <= before.memory + slack
            and now.tasks <= before.tasks
        )

    eventually(returned, f"the server holds what it held before: {before}, {Holdings.of(server)}")


def noise(size: int) -> bytes:
    """Return ``size`` bytes that nothing else has."""
    return random.randbytes(size)  # noqa: S311 - test data


def all_at_once(work: Callable[[int], object], count: int, threads: int) -> None:
    """Do ``work`` for each number up to ``count``, ``threads`` at a time."""
    with ThreadPoolExecutor(threads) as pool:
        for done in pool.map(work, range(count)):
            assert done is None
