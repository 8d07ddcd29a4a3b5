"""Workers as their callers see them: places, waiting, cancelling, ending."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import uvloop

from core.errors import BusyError, UnavailableError
from processing.sandbox import Sandbox
from processing.task import Failure, TaskName
from processing.workers import TASKS, Outcome, Workers
from tests.processing import hostile_tasks
from tests.processing.pool import (
    CONTENT,
    children,
    copied,
    descendants,
    descriptors,
    failure,
    is_alive,
    opened,
    perform,
    until,
)


async def test_a_task_sees_the_file_and_returns_a_result_and_an_output(
    workers: Workers, file: BinaryIO
) -> None:
    result = await copied(workers, file)
    assert result.pop("pid") != os.getpid()
    assert result == {
        "length": len(CONTENT),
        "content_type": "text/plain",
        "filename": "fox.txt",
        "size": len(CONTENT),
    }


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_every_event_loop_will_do(loop: Any, sandbox: Sandbox, file: BinaryIO) -> None:
    async def scenario() -> None:
        async with opened(sandbox) as workers:
            await asyncio.gather(*(copied(workers, file) for _ in range(6)))
            assert (await failure(workers, file, do="exit")).failure is Failure.FAILED
            late = await failure(workers, file, do="wait", seconds=600, deadline=0.5)
            assert late.failure is Failure.TIMED_OUT
            await copied(workers, file)
        assert not children()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scenario())


async def test_a_full_line_refuses(sandbox: Sandbox, file: BinaryIO) -> None:
    async with opened(sandbox, size=2, queue=3) as workers:
        outcomes = await asyncio.gather(
            *(perform(workers, file, do="wait", seconds=0.3) for _ in range(20)),
            return_exceptions=True,
        )
        done = [each for each in outcomes if isinstance(each, Outcome)]
        assert len(done) == 5
        assert sum(isinstance(each, BusyError) for each in outcomes) == 15
        for each in done:
            each.output.close()
        await copied(workers, file)


async def test_the_patient_wait_behind_all_others_and_are_never_refused(
    best: Sandbox, file: BinaryIO
) -> None:
    order: list[str] = []

    async def one(name: str, *, patient: bool) -> None:
        (await perform(workers, file, do="wait", seconds=0, patient=patient)).output.close()
        order.append(name)

    async with opened(best, size=1, queue=1) as workers, asyncio.TaskGroup() as group:
        group.create_task(one("first", patient=False))
        await asyncio.sleep(0)
        for name in ("patient 1", "patient 2"):
            group.create_task(one(name, patient=True))
        await asyncio.sleep(0)
        group.create_task(one("second", patient=False))
    assert order == ["first", "second", "patient 1", "patient 2"]


async def test_cancelling_frees_place_process_and_descriptors(
    sandbox: Sandbox, file: BinaryIO
) -> None:
    async with opened(sandbox, size=2, queue=40) as workers:
        await asyncio.gather(*(copied(workers, file) for _ in range(4)))
        held, before = descriptors(), len(children())
        for delay in (0, 0, 0.001, 0.01, 0.05, 0.2):
            tasks = [
                asyncio.create_task(perform(workers, file, do="wait", seconds=600))
                for _ in range(5)
            ]
            await asyncio.sleep(delay)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(each, asyncio.CancelledError) for each in ended)
        await asyncio.gather(*(copied(workers, file) for _ in range(4)))
        await until(lambda: len(children()) <= before and descriptors() <= held)
    assert not children()


async def test_fifty_tasks_leak_no_descriptor(workers: Workers, file: BinaryIO) -> None:
    await asyncio.gather(copied(workers, file), copied(workers, file))
    held = descriptors()
    for _ in range(5):
        await asyncio.gather(*(copied(workers, file) for _ in range(10)))
    await until(lambda: descriptors() <= held)


async def test_one_worker_serves_many_tasks_but_not_for_ever(best: Sandbox, file: BinaryIO) -> None:
    async with opened(best, size=1, tasks_per_worker=3) as workers:
        seen = []
        for _ in range(7):
            await copied(workers, file)
            seen.append(frozenset(children()))
            await asyncio.sleep(0)
        assert len({pid for each in seen for pid in each}) == 3


@pytest.mark.parametrize("deed", ["hold_memory", "hold_address_space"])
async def test_a_worker_that_keeps_much_memory_is_replaced(
    best: Sandbox, file: BinaryIO, deed: str
) -> None:
    async with opened(best, size=1) as workers:
        await copied(workers, file)
        before = children()
        (await perform(workers, file, do=deed)).output.close()
        await copied(workers, file)
        assert not before & children()


@pytest.mark.parametrize("by", ["dying", "raising", "failed", "too_large"])
async def test_what_fails_in_a_used_worker_is_tried_in_a_fresh_one(
    best: Sandbox, file: BinaryIO, by: str
) -> None:
    async with opened(best, size=1) as workers:
        await copied(workers, file)
        with await perform(workers, file, do="need_a_fresh_worker", by=by) as outcome:
            assert outcome.result == {"fresh": True}
        await copied(workers, file)


@pytest.mark.parametrize("by", ["unsupported", "encrypted", "timed_out"])
async def test_what_no_worker_can_do_is_not_tried_again(
    best: Sandbox, file: BinaryIO, by: str
) -> None:
    async with opened(best, size=1) as workers:
        await copied(workers, file)
        error = await failure(workers, file, do="need_a_fresh_worker", by=by)
        assert error.failure == by


async def test_idle_workers_end(sandbox: Sandbox, file: BinaryIO) -> None:
    async with opened(sandbox, idle_seconds=0.05) as workers:
        assert not children()
        await copied(workers, file)
        await until(lambda: not children())
        await copied(workers, file)


async def test_a_worker_killed_while_idle_costs_nothing(workers: Workers, file: BinaryIO) -> None:
    await copied(workers, file)
    for pid in children():
        os.kill(pid, signal.SIGKILL)
    await copied(workers, file)


async def test_closing_sends_away_who_runs_and_who_waits(sandbox: Sandbox, file: BinaryIO) -> None:
    async with opened(sandbox, size=1) as workers:
        tasks = [
            asyncio.create_task(perform(workers, file, do="wait", seconds=600)) for _ in range(3)
        ]
        await until(lambda: bool(children()))
        await workers.close()
        for task in tasks:
            with pytest.raises(BusyError):
                await task
        with pytest.raises(BusyError):
            await copied(workers, file)
    assert not children()


@pytest.mark.parametrize("prefix", ["/bin/false", "/nonexistent"])
async def test_a_worker_that_does_not_start_is_no_fault_of_the_file(
    file: BinaryIO, prefix: str
) -> None:
    async with opened(Sandbox("broken", (prefix,)), size=1) as workers:
        for _ in range(3):
            with pytest.raises(UnavailableError):
                await copied(workers, file)
    assert not children()


async def test_a_killed_server_leaves_no_worker(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "held"
    path.write_bytes(CONTENT)
    server = serving(sandbox, path)
    assert server.stdout is not None
    assert server.stdout.readline() == b"one is idle, one works\n"
    started = descendants(server.pid)
    assert len(started) >= 2
    server.kill()
    server.wait()
    server.stdout.close()
    await until(lambda: not any(map(is_alive, started)))


def serving(sandbox: Sandbox, path: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - a command of our own making
        [sys.executable, "-c", SERVER, sandbox.name, *sandbox.prefix, str(path)],
        cwd=hostile_tasks.FOLDER.parent,
        stdout=subprocess.PIPE,
    )


def test_the_production_table_names_a_module_for_every_task() -> None:
    assert set(TASKS) == set(TaskName)
    assert all(module.startswith("processing.") for module in TASKS.values())


SERVER = """
import asyncio, sys
from contextlib import nullcontext
from processing.sandbox import Sandbox
from processing.workers import Input, Workers
from tests.processing.hostile_tasks import TASKS

async def main(name, *prefix):
    *prefix, path = prefix
    workers = Workers(size=2, queue=2, sandbox=Sandbox(name, tuple(prefix)), tasks=TASKS)
    file = open(path, "rb")
    given = nullcontext(Input(file.fileno(), "text/plain", "fox.txt", 19))
    run = lambda **spec: workers.run("probe", lambda: given, spec)
    working = asyncio.create_task(run(do="wait", seconds=600))
    await run(do="copy")
    print("one is idle, one works", flush=True)
    await working

asyncio.run(main(*sys.argv[1:]))
"""
