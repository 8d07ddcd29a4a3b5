"""What isolates a worker is checked, reported layer by layer, and required where a setting asks."""

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, BinaryIO

import pytest

from core.errors import UnavailableError
from core.setting_values import PARSERS
from core.settings import SettingsError
from processing.confinement import drop_rights
from processing.isolation import NAMESPACES, REQUIRED, Layer, layers_of, missing, own_namespaces
from processing.sandbox import PACKAGES, Sandbox, tried_out
from processing.workers import Workers
from tests.processing.pool import copied, opened

RIGHTS = set(Layer) - NAMESPACES.keys()
LANDLOCK = {Layer.READ_ONLY_FILES, Layer.NO_TCP, Layer.NO_SIGNALS}
FAILURES = {
    "prctl 1": {Layer.DIES_WITH_SERVER},
    "prctl 38": {Layer.NO_NEW_PRIVILEGES},
    "capset": {Layer.NO_CAPABILITIES},
    "create": LANDLOCK,
    "restrict": LANDLOCK,
}

TRYING = """
from pathlib import Path
from processing.sandbox import Sandbox, tried_out

group = Path("/proc/self/autogroup")
print(group.read_text().strip())
assert tried_out(Sandbox("none"))
print(group.read_text().strip())
"""


class Kernel:
    """The calls of libc that confine a worker: they do nothing, and fail where they are told to."""

    def __init__(self, *, landlock: int = 7, failing: str = "") -> None:
        self._landlock = landlock
        self._failing = failing

    def prctl(self, option: int, *_: int) -> int:
        return self._answer(f"prctl {option}")

    def capset(self, *_: bytes) -> int:
        return self._answer("capset")

    def syscall(self, number: int, *arguments: Any) -> int:
        names = {444: "create", 445: "rule", 446: "restrict"}
        if names[number] == "create" and arguments[0] is None:
            return self._landlock
        answer = self._answer(names[number])
        return os.open("/", os.O_PATH) if number == 444 and not answer else answer

    def _answer(self, call: str) -> int:
        return -1 if call == self._failing else 0


@dataclass(frozen=True)
class Failing(Sandbox):
    """No sandbox, on a kernel that refuses one call."""

    call: str = ""

    def command(self, *arguments: str) -> list[str]:
        start = super().command(*arguments)
        place = start.index("processing.worker")
        start[place : place + 1] = ["tests.processing.failing_kernel", self.call]
        return start


@pytest.mark.parametrize("call", FAILURES)
def test_a_call_that_fails_is_a_layer_that_does_not_hold(call: str) -> None:
    layers = drop_rights(Kernel(failing=call))
    assert {layer for layer, holds in layers.items() if not holds} == FAILURES[call]
    assert layers.keys() == RIGHTS


@pytest.mark.parametrize(
    ("version", "lacking"),
    [
        (-1, LANDLOCK),
        (1, {Layer.NO_TCP, Layer.NO_SIGNALS}),
        (4, {Layer.NO_SIGNALS}),
        (6, set()),
    ],
)
def test_what_the_kernel_is_too_old_for_is_not_claimed(version: int, lacking: set[Layer]) -> None:
    layers = drop_rights(Kernel(landlock=version))
    assert {layer for layer, holds in layers.items() if not holds} == lacking


@pytest.mark.parametrize("call", ["prctl 1", "prctl 38", "capset", "landlock"])
async def test_a_worker_reports_a_call_that_failed(call: str, file: BinaryIO) -> None:
    async with opened(Failing("none", call=call), size=1) as workers:
        await copied(workers, file)
        lacking = {layer for layer, holds in workers.layers.items() if not holds}
    expected = LANDLOCK if call == "landlock" else FAILURES[call]
    # Landlock takes a process that may not gain privileges.
    also = LANDLOCK if call == "prctl 38" else set()
    assert lacking - NAMESPACES.keys() == expected | also


@pytest.mark.parametrize("call", ["prctl 38", "capset", "landlock"])
async def test_a_worker_without_a_required_layer_runs_no_task(
    call: str, file: BinaryIO, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = REQUIRED["namespaces"] - NAMESPACES.keys()
    monkeypatch.setitem(REQUIRED, "namespaces", own)  # type: ignore[arg-type]  # a dict in truth
    async with opened(Failing("none", call=call), size=1, required="namespaces") as workers:
        for _ in range(2):  # also when it waits already
            with pytest.raises(UnavailableError):
                await copied(workers, file)
    lacking = missing(
        "namespaces",
        dict.fromkeys(Layer, True) | dict.fromkeys(FAILURES.get(call, LANDLOCK), False),
    )
    assert f"its isolation lacks {', '.join(lacking)}" in caplog.text
    async with opened(Sandbox("none"), size=1, required="namespaces") as workers:
        await copied(workers, file)


async def test_a_worker_in_the_best_sandbox_has_every_layer(best: Sandbox, file: BinaryIO) -> None:
    async with opened(best, size=1, required="bubblewrap") as workers:
        workers.require_isolation()
        before = workers.layers
        await copied(workers, file)
    assert workers.layers == before == dict.fromkeys(Layer, True)


def test_without_a_sandbox_no_namespace_is_reported() -> None:
    found = tried_out(Sandbox("none"))
    assert found is not None
    assert not any(found.layers[layer] for layer in NAMESPACES)


def test_trying_a_sandbox_takes_no_priority_from_the_server() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", TRYING],
        cwd=PACKAGES[0].parent,
        start_new_session=True,  # whose processes share their priority, see sched(7), "autogroup"
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = done.stdout.splitlines()
    assert before == after


@pytest.mark.parametrize("level", ["namespaces", "bubblewrap"])
def test_what_cannot_be_had_is_named_in_one_line(level: str) -> None:
    found = tried_out(Sandbox("none"))
    workers = Workers(size=1, queue=1, required=level, sandbox=found)
    with pytest.raises(SettingsError, match=rf"\AMEDIA_REQUIRE_ISOLATION={level}: .*\Z") as refusal:
        workers.require_isolation()
    assert "'none'" in str(refusal.value)
    assert "network_namespace" in str(refusal.value)
    assert "no_capabilities" not in str(refusal.value)


def test_nothing_is_required_unless_it_is_set() -> None:
    Workers(size=1, queue=1, sandbox=Sandbox("none")).require_isolation()


def test_every_level_of_the_setting_says_what_it_requires() -> None:
    parse = PARSERS["require_isolation"]
    assert [parse(level) for level in REQUIRED] == list(REQUIRED)
    with pytest.raises(ValueError, match=", ".join(REQUIRED)):
        parse("some")


@pytest.mark.parametrize(
    "told", [None, [], {}, {"layers": {"no_tcp": "yes"}, "namespaces": own_namespaces()}]
)
def test_a_layer_that_is_not_reported_does_not_hold(told: Any) -> None:
    assert layers_of(told) == dict.fromkeys(Layer, False)
