"""What a file can do that has taken its worker over, and what it cannot."""

import asyncio
import gc
import logging
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from processing.sandbox import Sandbox
from processing.task import MAX_OUTPUT_BYTES, Failure
from processing.workers import Workers
from tests.processing.pool import (
    CONTENT,
    copied,
    descriptors,
    failure,
    holders_of,
    opened,
    perform,
    until,
)


def _named(value: Any) -> str:
    return str(value.get("words", value["do"]))[:30] if isinstance(value, dict) else ""


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"do": "wait", "seconds": 600, "deadline": 0.5}, Failure.TIMED_OUT),
        ({"do": "spin", "deadline": 4}, Failure.TIMED_OUT),
        ({"do": "swallow_memory"}, Failure.TOO_LARGE),
        ({"do": "exit"}, Failure.FAILED),
        ({"do": "segfault"}, Failure.FAILED),
        ({"do": "raise", "message": "secret"}, Failure.FAILED),
        ({"do": "write_too_much"}, Failure.TOO_LARGE),
        ({"do": "fork_without_end", "deadline": 2}, Failure.TIMED_OUT),
        ({"do": "leave_children", "then": "die", "detached": [False]}, Failure.FAILED),
        ({"do": "hang_up"}, Failure.FAILED),
        ({"do": "say_much"}, Failure.FAILED),
        ({"do": "say", "words": "no json"}, Failure.FAILED),
        ({"do": "say", "words": "[" * 16_000}, Failure.FAILED),
        ({"do": "say", "words": '{"result":' + '{"a":' * 500 + "1" + "}" * 501}, Failure.FAILED),
        ({"do": "say", "words": "[]"}, Failure.FAILED),
        ({"do": "say", "words": '{"result": []}'}, Failure.FAILED),
        ({"do": "say", "words": '{"result": {}, "spent": 1}'}, Failure.FAILED),
        ({"do": "say", "words": '{"result": {}, "spent": false, "more": 1}'}, Failure.FAILED),
        ({"do": "say", "words": '{"result": {"a": NaN}, "spent": false}'}, Failure.FAILED),
        ({"do": "say", "words": r'{"result": {"a": "\ud800"}, "spent": false}'}, Failure.FAILED),
        (
            {"do": "say", "words": '{"failure": "odd", "message": "", "spent": false}'},
            Failure.FAILED,
        ),
        (
            {"do": "say", "words": '{"failure": "failed", "message": 7, "spent": false}'},
            Failure.FAILED,
        ),
        ({"do": "return", "expression": "{'set': {1}}"}, Failure.FAILED),
        ({"do": "return", "expression": "{'number': float('nan')}"}, Failure.FAILED),
        ({"do": "return", "expression": "{'text': 'x' * 20_000}"}, Failure.FAILED),
        ({"do": "scream"}, Failure.TOO_LARGE),
    ],
    ids=_named,
)
async def test_a_hostile_file_costs_itself_and_no_other(
    best: Sandbox, file: BinaryIO, spec: dict[str, Any], expected: Failure
) -> None:
    async with opened(best) as workers:
        neighbour = asyncio.create_task(perform(workers, file, do="wait", seconds=0.8))
        error = await failure(workers, file, **spec)
        assert error.failure is expected
        assert "secret" not in error.message
        await asyncio.gather(copied(workers, file), copied(workers, file))
        (await neighbour).output.close()


@pytest.mark.parametrize("deed", ["send_descriptors", "speak_twice"])
async def test_a_worker_that_answers_out_of_turn_does_no_more(
    best: Sandbox, file: BinaryIO, deed: str
) -> None:
    async with opened(best, size=1) as workers:
        before = await copied(workers, file)
        gc.collect()  # what other tests have left open is closed at any time
        held = descriptors()
        (await perform(workers, file, do=deed)).output.close()
        after = await copied(workers, file)
        assert descriptors() <= held
        assert after["length"] == before["length"]


async def test_a_task_tells_why_the_file_fails(workers: Workers, file: BinaryIO) -> None:
    message = "It is\nlocked.\x1b[2J" + "!" * 9000
    error = await failure(workers, file, do="refuse", failure="encrypted", message=message)
    assert error.failure is Failure.ENCRYPTED
    assert error.message.startswith("It is locked. [2J!!")
    assert len(error.message) == 500


async def test_a_result_holds_no_nul(workers: Workers, file: BinaryIO) -> None:
    expression = "{'a\\0': ['b\\0', 1, None, {'c': '\\0'}]}"
    with await perform(workers, file, do="return", expression=expression) as outcome:
        assert outcome.result == {"a\ufffd": ["b\ufffd", 1, None, {"c": "\ufffd"}]}


async def test_a_crash_is_logged_on_one_bounded_line(
    workers: Workers, file: BinaryIO, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "media.workers"):
        await failure(workers, file, do="raise", message="\x1b[2J\r\nall is well" + "!" * 9000)
        await failure(workers, file, do="scream")
    raised, screamed = (record.getMessage() for record in caplog.records)
    assert "RuntimeError" in raised or "!!!" in raised
    assert "all is well" in screamed
    for line in (raised, screamed):
        assert line.isprintable()
        assert len(line) < 20_000


async def test_an_output_is_bounded(workers: Workers, file: BinaryIO) -> None:
    size = MAX_OUTPUT_BYTES
    with await perform(workers, file, do="write", size=size) as outcome:
        assert len(outcome.output.read()) == size
    error = await failure(workers, file, do="write", size=size + 1)
    assert error.failure is Failure.TOO_LARGE


@pytest.mark.parametrize("then", ["die", "wait"])
async def test_what_a_worker_starts_dies_with_it(
    sandbox: Sandbox, file: BinaryIO, tmp_path: Path, then: str
) -> None:
    # A session of its own escapes the process group, but no namespace of processes.
    detached = [False, True] if sandbox.name == "bubblewrap" else [False]
    path = tmp_path / "held"
    path.write_bytes(CONTENT)
    async with opened(sandbox) as workers:
        with path.open("rb") as held:
            spec = {"do": "leave_children", "then": then, "detached": detached}
            task = asyncio.create_task(failure(workers, held, deadline=3, **spec))
            await until(lambda: len(holders_of(path)) > len(detached) or task.done())
            await task
        await copied(workers, file)
        await until(lambda: not holders_of(path))


async def test_the_stored_file_cannot_be_changed(
    sandbox: Sandbox, tmp_path: Path, workers: Workers
) -> None:
    path = tmp_path / "stored"
    path.write_bytes(CONTENT)
    with path.open("rb") as file:
        for what in ("write", "reopen for writing", "truncate"):
            with await perform(workers, file, do="attempt", what=what, argument=None) as outcome:
                assert outcome.result == {"error": "Permission denied"}
    assert path.read_bytes() == CONTENT


async def test_nothing_of_the_servers_environment_reaches_a_worker(
    sandbox: Sandbox, file: BinaryIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIA_SECRET_KEY", "x" * 32)
    async with opened(sandbox) as workers:
        outcome = await perform(workers, file, do="describe_surroundings")
    outcome.output.close()
    told = outcome.result
    assert not [name for name in told["environment"] if name.startswith("MEDIA")]
    assert "PATH" in told["environment"]
    assert told["open"] < 10
    assert int(told["capabilities"], 16) == 0
    assert told["niceness"] == 10
