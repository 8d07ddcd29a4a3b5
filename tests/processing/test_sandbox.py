"""What a task can reach from within each sandbox, tried by a task in it."""

import logging
import os
import socket
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Self

import pytest

from processing.sandbox import PACKAGES, Sandbox, candidates, find_sandbox, first_working
from processing.task import TaskName
from processing.workers import Input, Workers
from tests.processing import hostile_tasks

ALL = candidates((*PACKAGES, hostile_tasks.FOLDER))
BUBBLES = [each for each in ALL if each.name == "bubblewrap"]
NETWORKS = [each for each in ALL if each.name == "network namespace"]

WRITABLE = Path("/tmp")  # noqa: S108 - the sandbox's own
READ_ONLY = ["/x", "/usr/x", "/dev/x", "/dev/shm/x", "/proc/sys/kernel/core_pattern"]  # noqa: S108


class Prisoner:
    """A task in ``sandbox`` that tries things and tells what came of them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._workers = Workers(size=1, queue=1, sandbox=sandbox, tasks=hostile_tasks.TASKS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._workers.close()

    async def attempt(self, what: str, argument: Any) -> Any:
        """Return the result of ``what``, or the system's word for why it failed."""
        told = await self.told(do="attempt", what=what, argument=argument)
        return told.get("error", told.get("got"))

    async def told(self, **spec: Any) -> dict[str, Any]:
        with tempfile.TemporaryFile() as file:
            given = nullcontext(Input(file.fileno(), "text/plain", "empty.txt", 0))
            with await self._workers.run(TaskName.PROBE, lambda: given, spec) as outcome:
                return outcome.result


@pytest.fixture(params=BUBBLES, ids=["no nested namespaces", "plain"])
def bubble(request: pytest.FixtureRequest) -> Sandbox:
    sandbox: Sandbox = request.param
    return sandbox


def test_this_machine_has_bubblewrap() -> None:
    assert find_sandbox().name == "bubblewrap"


def test_the_first_that_works_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    failing = [
        Sandbox("missing", ("/nonexistent",)),
        Sandbox("refusing", ("/bin/false",)),
        Sandbox("complaining", ("/bin/cat", "--nonsense")),
    ]
    works, too = Sandbox("works"), Sandbox("works too")
    with caplog.at_level(logging.INFO, "media.workers"):
        assert first_working([*failing, works, too]) == works
    assert [record.getMessage().split()[0] for record in caplog.records] == [
        "missing",
        "refusing",
        "complaining",
    ]


def test_without_any_that_works_nothing_is_shut_in() -> None:
    assert first_working([Sandbox("refusing", ("/bin/false",))]) == Sandbox("none")


def test_without_the_tools_there_are_no_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert not candidates(PACKAGES)
    assert find_sandbox().name == "none"


def test_bubblewrap_comes_before_namespaces_of_the_network() -> None:
    assert BUBBLES
    assert [*BUBBLES, *NETWORKS] == ALL


async def test_in_a_bubble_no_file_outside_can_be_read(bubble: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    neighbour = PACKAGES[0].parent / "pyproject.toml"
    async with Prisoner(bubble) as prisoner:
        for path in (secret, neighbour, Path("/etc/passwd"), Path("/etc/hostname")):
            assert await prisoner.attempt("read", str(path)) == "No such file or directory"
        assert "def find_sandbox" in await prisoner.attempt("read", str(PACKAGES[1] / "sandbox.py"))


async def test_in_a_bubble_nothing_can_be_written_but_a_bounded_temporary_folder(
    bubble: Sandbox,
) -> None:
    read_only = {"Read-only file system", "Permission denied"}
    async with Prisoner(bubble) as prisoner:
        for path in READ_ONLY:
            assert await prisoner.attempt("write", path) in read_only
        assert await prisoner.attempt("write", str(WRITABLE / "x")) == len("overwritten")
        assert await prisoner.attempt("fill", str(WRITABLE)) == "No space left on device"
    assert "filler0" not in _names_in(WRITABLE)


async def test_in_a_bubble_no_other_process_is_seen(bubble: Sandbox) -> None:
    async with Prisoner(bubble) as prisoner:
        told = await prisoner.told(do="describe_surroundings")
        assert os.getpid() not in told["processes"]
        assert len(told["processes"]) <= 3
        assert await prisoner.attempt("signal", os.getpid()) == "No such process"


async def test_no_packet_leaves_a_bubble(bubble: Sandbox) -> None:
    await assert_no_packet_leaves(bubble)


async def test_no_packet_leaves_a_network_namespace_that_this_user_may_make() -> None:
    allowed = [each for each in NETWORKS if first_working([each]) == each]
    assert allowed  # where bubblewrap works, one of them does
    for sandbox in allowed:
        await assert_no_packet_leaves(sandbox)


async def assert_no_packet_leaves(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, _datagrams() as receiver:
        listener.setblocking(False)
        async with Prisoner(sandbox) as prisoner:
            # A loopback of the sandbox's own may swallow the datagram, or be down.
            assert await prisoner.attempt("connect", listener.getsockname()[1]) is not None
            assert await prisoner.attempt("send", receiver.getsockname()[1]) is not None
        with pytest.raises(BlockingIOError):
            listener.accept()
        with pytest.raises(BlockingIOError):
            receiver.recv(1)


async def test_the_same_packet_arrives_from_one_that_is_not_shut_in() -> None:
    with _datagrams() as receiver:
        async with Prisoner(Sandbox("none")) as prisoner:
            assert await prisoner.attempt("send", receiver.getsockname()[1]) == 1
        assert receiver.recv(1) == b"!"


def _names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _datagrams() -> socket.socket:
    receiver = socket.socket(type=socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.setblocking(False)
    return receiver
