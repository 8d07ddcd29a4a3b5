"""The workers: killable processes in which everything that reads a file's content runs."""

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import orjson

from core.errors import StorageFullError, UnavailableError
from core.settings import SettingsError
from processing.counting import counted
from processing.effort import at_work, in_line
from processing.isolation import Layer, missing
from processing.sandbox import Sandbox, find_sandbox
from processing.task import MAX_OUTPUT_BYTES, Failure, ProcessingError, TaskName
from processing.waiting_line import WaitingLine, stopping
from processing.worker import MAX_REQUEST_BYTES
from processing.worker_process import Answer, WorkerLostError, WorkerNotStartedError, WorkerProcess

logger = logging.getLogger("media.workers")

TASKS: Final[Mapping[TaskName, str]] = {
    TaskName.PROBE: "processing.analyses.probe",
    TaskName.PREVIEW: "processing.previews",
    TaskName.EXTRACT_TEXT: "processing.texts",
    TaskName.RECOGNIZE_PAGE: "processing.texts.page",
    TaskName.ANALYZE: "processing.analyses",
}
"""The module whose ``run(source, spec, output)`` does the task; only workers import it."""

DEADLINE_SECONDS: Final = 20.0
_OF_USED_WORKERS: Final = frozenset({Failure.FAILED, Failure.TOO_LARGE})
"""Failures that may come of what earlier tasks left in a worker's memory: worth a fresh one."""

_PROCESSOR_SHARE: Final = 0.5
_IDLE_SECONDS: Final = 300.0
_TASKS_PER_WORKER: Final = 100


class _UsedWorkerError(Exception):
    """A task failed, and the worker that it was given may be why."""


@dataclass(frozen=True, slots=True)
class Input:
    """The file to work on: an open descriptor, which stays the caller's, and ``size`` in bytes.

    The worker reads it from its beginning, wherever the descriptor stands.
    """

    descriptor: int
    content_type: str
    filename: str
    size: int


Opener = Callable[[], AbstractAsyncContextManager[Input]]
"""Opens the file to work on for a block. Nobody who waits for a worker holds what that takes."""


@dataclass(frozen=True, slots=True)
class _Work:
    task: TaskName
    opened: Opener
    spec: Mapping[str, Any]
    deadline: float


@dataclass(slots=True)
class _Place:
    """A place at work, with the worker that was put there."""

    worker: WorkerProcess | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task made. ``output`` stands at its beginning and is the caller's to close.

    The content of both comes from a process that read a hostile file: take neither on trust.
    """

    result: dict[str, Any]
    output: BinaryIO

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.output.close()


class Workers:
    """At most ``size`` workers at once, started when needed, ended when idle for a while.

    Besides the tasks that run, ``queue`` more may wait, and any number of patient ones behind
    them. A worker without the layers of ``required`` (see ``processing/isolation.py``) is given no
    task. Belongs to one event loop.
    """

    def __init__(  # noqa: PLR0913 - the last four are for tests
        self,
        *,
        size: int,
        queue: int,
        required: str = "none",
        sandbox: Sandbox | None = None,
        tasks: Mapping[TaskName, str] = TASKS,
        idle_seconds: float = _IDLE_SECONDS,
        tasks_per_worker: int = _TASKS_PER_WORKER,
    ) -> None:
        self._given = sandbox
        self._modules = [f"{name}={module}" for name, module in tasks.items()]
        self._required = required
        self._reported: Mapping[Layer, bool] = {}
        self.size = size
        self._line = WaitingLine(size, queue)
        self._idle: dict[WorkerProcess, asyncio.TimerHandle] = {}
        self._busy: set[WorkerProcess] = set()
        self._background: set[asyncio.Task[None]] = set()
        self._idle_seconds = idle_seconds
        self._tasks_per_worker = tasks_per_worker

    @cached_property
    def _sandbox(self) -> Sandbox:
        return self._given or find_sandbox()

    @property
    def isolation(self) -> str:
        """What isolates the workers: the ``name`` of the sandbox."""
        return self._sandbox.name

    @property
    def layers(self) -> dict[str, bool]:
        """Which layers isolate the workers, as the one that was started last has reported."""
        reported = self._reported or self._sandbox.layers
        return {layer.value: reported.get(layer, False) for layer in Layer}

    def require_isolation(self) -> None:
        """Return if workers have what ``required`` names. Blocks for the start of a worker.

        Raises:
            SettingsError: They have not; one line that names what is missing.
        """
        lacking = missing(self._required, self._sandbox.layers)
        if lacking:
            raise SettingsError(
                f"MEDIA_REQUIRE_ISOLATION={self._required}: workers run with isolation"
                f" {self.isolation!r} here and lack {', '.join(lacking)};"
                " see docs/deployment.md, or require less"
            )

    async def run(
        self,
        task: TaskName,
        opened: Opener,
        spec: Mapping[str, Any],
        *,
        deadline: float = DEADLINE_SECONDS,
        patient: bool = False,
    ) -> Outcome:
        """Return what a worker makes of the file that is ``opened`` when its turn has come.

        It has ``deadline`` seconds from when it begins, and half of that as processor time.
        Cancelling kills it. A ``patient`` caller is not refused, and lets all others go first.
        What fails in a used worker is opened once more for a fresh one.

        Raises:
            ProcessingError: The failure lies in the file.
            BusyError: The line is full, or the workers are being closed.
            UnavailableError: No worker could be started.
            StorageFullError: There is no room for the result.
            And what ``opened`` raises.
        """
        work = _Work(task, opened, spec, deadline)
        with counted(task):
            try:
                return await self._attempt(work, patient=patient)
            except _UsedWorkerError:
                return await self._attempt(work, patient=True, fresh=True)

    async def _attempt(self, work: _Work, *, patient: bool, fresh: bool = False) -> Outcome:
        made: Outcome | None = None
        try:
            async with self._place(patient=patient) as place, work.opened() as given:
                made = await self._perform(work, given, place, fresh=fresh)
                return made  # noqa: RET504 - to be closed if the blocks' ends are cancelled
        except BaseException:
            if made:
                made.output.close()
            raise

    async def _perform(self, work: _Work, given: Input, place: _Place, *, fresh: bool) -> Outcome:
        request, used = _request(work, given), False
        try:
            worker = place.worker = self._lend(fresh=fresh)
            if not await worker.wait_until_waiting():
                raise WorkerNotStartedError("it did not come up")  # noqa: TRY301 - as if not lent
            self._require(worker)
            used = worker.done > 0
            with at_work(), _files(given) as (readable, writable, output):
                answer = await worker.perform(request, (readable, writable), work.deadline)
                return _outcome(answer, output)
        except (WorkerLostError, WorkerNotStartedError, OSError, ProcessingError) as error:
            told = self._told(error)
            if used and isinstance(told, ProcessingError) and told.failure in _OF_USED_WORKERS:
                raise _UsedWorkerError from error
            raise told from error

    def _require(self, worker: WorkerProcess) -> None:
        self._reported = worker.layers
        if lacking := missing(self._required, worker.layers):
            raise WorkerNotStartedError(f"its isolation lacks {', '.join(lacking)}")

    async def close(self) -> None:
        """End all workers; tasks that run or wait raise ``BusyError``, and so do later ones."""
        self._line.close()
        for worker in list(self._idle):
            self._expire(worker)
        for worker in self._busy:
            worker.kill()
        await self._line.emptied()
        await asyncio.gather(*self._background)

    def _told(self, error: Exception) -> Exception:
        """Return what a caller of ``run`` is told of ``error``."""
        if isinstance(error, ProcessingError):
            return error
        if self._line.is_closed:
            return stopping()
        if isinstance(error, TimeoutError):
            return ProcessingError(Failure.TIMED_OUT, "The file took too long to process.")
        if isinstance(error, WorkerLostError):
            return ProcessingError(Failure.FAILED, "The processing of the file crashed.")
        logger.error("a task could not be started: %s", error)
        return UnavailableError("Files cannot be processed now; try again later.")

    @asynccontextmanager
    async def _place(self, *, patient: bool) -> AsyncIterator[_Place]:
        """Wait for a place; it is given back when the worker put there is done or dead."""
        with in_line():
            await self._line.enter(patient=patient)
        place = _Place()
        try:
            yield place
        finally:
            if place.worker:
                self._in_background(self._take_back(place.worker))
            else:
                self._line.leave()

    def _lend(self, *, fresh: bool) -> WorkerProcess:
        """Return a worker that waits for a task, or is about to."""
        if self._line.is_closed:  # while the file was being opened
            raise stopping()
        idle = self._take_idle()
        if idle and fresh:
            self._in_background(idle.end())
            idle = None
        command = self._sandbox.command("-m", "processing.worker", *self._modules)
        worker = idle or WorkerProcess(command)
        self._busy.add(worker)
        return worker

    def _take_idle(self) -> WorkerProcess | None:
        while self._idle:
            worker, timer = self._idle.popitem()
            timer.cancel()
            if worker.is_waiting:
                return worker
            self._in_background(worker.end())
        return None

    async def _take_back(self, worker: WorkerProcess) -> None:
        """Keep the worker if it is fit, end it if not; its place is free after either."""
        fit = worker.done < self._tasks_per_worker and await worker.wait_until_waiting()
        self._busy.remove(worker)
        if fit and not self._line.is_closed:
            loop = asyncio.get_running_loop()
            self._idle[worker] = loop.call_later(self._idle_seconds, self._expire, worker)
        else:
            await worker.end()
        self._line.leave()

    def _expire(self, worker: WorkerProcess) -> None:
        self._idle.pop(worker).cancel()
        self._in_background(worker.end())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _request(work: _Work, given: Input) -> bytes:
    request = orjson.dumps(
        {
            "task": work.task,
            "source": {
                "content_type": given.content_type,
                "filename": given.filename,
                "size": given.size,
            },
            "spec": dict(work.spec),
            "processor_seconds": work.deadline * _PROCESSOR_SHARE,
        }
    )
    if len(request) > MAX_REQUEST_BYTES:
        raise ValueError(f"a task is told in {MAX_REQUEST_BYTES} bytes, not {len(request)}")
    return request


@contextmanager
def _files(given: Input) -> Iterator[tuple[int, int, BinaryIO]]:
    """Open, for the worker, the file for reading and its output for writing; ours is the third.

    Each is opened anew, so that the worker shares neither position nor rights with this process.
    """
    output = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's, if all goes well
    try:
        with (
            _reopened(given.descriptor, os.O_RDONLY) as readable,
            _reopened(output.fileno(), os.O_WRONLY) as writable,
        ):
            yield readable, writable, output
    except BaseException:
        output.close()
        raise


@contextmanager
def _reopened(descriptor: int, mode: int) -> Iterator[int]:
    number = os.open(f"/proc/self/fd/{descriptor}", mode | os.O_CLOEXEC)
    try:
        yield number
    finally:
        os.close(number)


def _outcome(answer: Answer, output: BinaryIO) -> Outcome:
    if answer.is_full:
        raise StorageFullError("There is no room to work on the file now.")
    if answer.failure is not None:
        raise ProcessingError(answer.failure, answer.message)
    if os.fstat(output.fileno()).st_size > MAX_OUTPUT_BYTES:
        raise ProcessingError(Failure.TOO_LARGE, "The result is too large.")
    return Outcome(answer.result, output)
