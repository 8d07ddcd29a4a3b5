"""One worker as the server sees it: a process that may do anything, at the end of a socket."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson

from processing.isolation import Layer, layers_of
from processing.sandbox import environment
from processing.task import Failure
from processing.worker import MAX_ANSWER_BYTES, READY

logger = logging.getLogger("media.workers")

_START_SECONDS: Final = 20
_CLEARING_SECONDS: Final = 5
_LAST_WORDS_SECONDS: Final = 1
_MAX_LOGGED_BYTES: Final = 4096
_MAX_MESSAGE: Final = 500
# Alone, and as bubblewrap tells it.
_OUT_OF_TIME: Final = frozenset({-signal.SIGXCPU, 128 + signal.SIGXCPU})


class WorkerLostError(Exception):
    """Raised when a worker ended, or said what no worker says."""


class WorkerNotStartedError(Exception):
    """Raised when a worker did not come up: the machine's fault, and no file's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker said: a ``result``, or else a ``failure`` with its message.

    Or ``is_full``: there was no room for the result, which says nothing of the file.
    """

    spent: bool
    result: dict[str, Any]
    failure: Failure | None = None
    message: str = ""
    is_full: bool = False


class WorkerProcess:
    """A process group that does one task at a time. Make it in a running event loop; ``end`` it.

    ``layers`` are those that isolate it, once it waits for its first task.

    Raises:
        WorkerNotStartedError: The process cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.done = 0
        self.layers: Mapping[Layer, bool] = {}
        self._is_fit = True
        self._is_waiting = False
        self._errors = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by end
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.setblocking(False)
        loop = asyncio.get_running_loop()
        self._exited: asyncio.Future[None] = loop.create_future()
        self._ending: asyncio.Task[None] | None = None
        try:
            with theirs:
                self._process = self._start(command, theirs)
            self._life = os.pidfd_open(self._process.pid)
        except OSError as error:
            self._channel.close()
            self._errors.close()
            raise WorkerNotStartedError(str(error)) from error
        loop.add_reader(self._life, self._note_exit)

    def _start(self, command: Sequence[str], theirs: socket.socket) -> subprocess.Popen[bytes]:
        # Popen, not asyncio's: nothing is awaited, so that no cancellation can come between, and
        # the process is reaped when this class says, so that its id is nobody else's until then.
        return subprocess.Popen(  # noqa: S603 - a command of our own making
            command,
            env=environment(),
            cwd="/",
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=self._errors.fileno(),  # a file: no one has to attend to what is written
            start_new_session=True,
        )

    @property
    def is_waiting(self) -> bool:
        """Whether the worker still waits for a task: alive, and silent."""
        return self._is_waiting and not self._exited.done() and not self._has_spoken()

    async def wait_until_waiting(self) -> bool:
        """Return true as soon as the worker waits for a task, false if it does not come to that."""
        if self._is_waiting or not self._is_fit:
            return self.is_waiting
        try:
            async with asyncio.timeout(_CLEARING_SECONDS if self.done else _START_SECONDS):
                if not self.layers:  # its first message, sent before it has seen any file
                    self.layers = _reported(await self._receive())
                # Anything else, such as a second answer, would be taken for that to the next task.
                self._is_waiting = await self._receive() == READY
        except (TimeoutError, WorkerLostError):
            return False
        finally:
            self._log_errors()
        return self._is_waiting

    async def perform(self, request: bytes, descriptors: Sequence[int], seconds: float) -> Answer:
        """Hand over a task and return the answer.

        Raises:
            TimeoutError: There is none after ``seconds``, or the processor time is used up.
            WorkerLostError: The worker is lost.
        """
        self._is_fit = self._is_waiting = False
        self.done += 1
        try:
            with suppress(OSError):  # what is lost shows when the answer is read
                socket.send_fds(self._channel, [request], descriptors)
            async with asyncio.timeout(seconds):
                answer = _parsed(await self._receive())
            self._is_fit = not answer.spent
            return answer  # noqa: TRY300 - reads in order
        except WorkerLostError:
            await self._wait_for_last_words()
            if self._process.returncode in _OUT_OF_TIME:
                raise TimeoutError from None
            raise
        finally:
            self._log_errors()

    def kill(self) -> None:
        """Kill the worker and all that it started."""
        if self._process.returncode is None:  # not reaped, so the id is still its own
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Kill the worker, wait until it is gone, give back what it held. May be called again."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        self.kill()
        await self._exited
        self._process.wait()
        self._log_errors()
        os.close(self._life)
        self._channel.close()
        self._errors.close()

    async def _receive(self) -> bytes:
        await self._wait_for_message()
        try:
            # Without room for descriptors the kernel drops those that a worker might send.
            message, _, flags, _ = self._channel.recvmsg(MAX_ANSWER_BYTES)
        except OSError:
            raise WorkerLostError from None
        if not message or flags & socket.MSG_TRUNC:
            raise WorkerLostError
        return message

    def _has_spoken(self) -> bool:
        try:
            self._channel.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    async def _wait_for_message(self) -> None:
        loop = asyncio.get_running_loop()
        message: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._channel.fileno(), _settle, message)
        try:
            await asyncio.wait((message, self._exited), return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(self._channel.fileno())

    async def _wait_for_last_words(self) -> None:
        """Let the worker's end tell why, which takes a moment to come through the sandbox."""
        await asyncio.wait((self._exited,), timeout=_LAST_WORDS_SECONDS)
        if self._exited.done():
            self.kill()  # what it started, as long as its id is its own
            self._process.wait()

    def _note_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._life)
        _settle(self._exited)

    def _log_errors(self) -> None:
        number = self._errors.fileno()
        size = os.fstat(number).st_size
        if size:
            written = os.pread(number, _MAX_LOGGED_BYTES, max(0, size - _MAX_LOGGED_BYTES))
            os.ftruncate(number, 0)
            os.lseek(number, 0, os.SEEK_SET)  # the worker shares this position
            logger.warning("worker %d: %s", self._process.pid, _escaped(written))


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _reported(raw: bytes) -> dict[Layer, bool]:
    try:
        return layers_of(orjson.loads(raw))
    except ValueError:
        raise WorkerLostError from None


def _parsed(raw: bytes) -> Answer:
    """Return what ``raw`` says; believe nothing but the exact shape."""
    try:
        said = orjson.loads(raw)
        orjson.dumps(said)  # refuses depths that it would read
        match said:
            case {"result": dict() as result, "spent": bool() as spent, **rest} if not rest:
                return Answer(spent, _without_nul(result))
            case {"full": True, "spent": bool() as spent, **rest} if not rest:
                return Answer(spent, {}, is_full=True)
            case {
                "failure": str() as failure,
                "message": str() as message,
                "spent": bool() as spent,
                **rest,
            } if not rest:
                return Answer(spent, {}, Failure(failure), _shown(message))
    except (ValueError, RecursionError, TypeError):
        pass
    raise WorkerLostError


def _without_nul(value: Any) -> Any:
    """Return ``value`` with no NUL in its strings, which no column of PostgreSQL holds."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, list):
        return [_without_nul(each) for each in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(each) for key, each in value.items()}
    return value


def _shown(message: str) -> str:
    """Return a message that may be shown, whoever wrote it: one line, bounded."""
    return "".join(each if each.isprintable() else " " for each in message[:_MAX_MESSAGE])


def _escaped(raw: bytes) -> str:
    text = raw.decode(errors="backslashreplace")
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
