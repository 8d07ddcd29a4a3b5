"""The process that does one task after another: ``python -m processing.worker NAME=MODULE …``.

Standard input is a socket of the kind SOCK_SEQPACKET. The first message of ours reports the layers
that isolate the process (``processing/isolation.py``), the next says that it waits for a task. Then
one comes, with two descriptors: the file to work on, and the file that takes a large result. The
answer is ``{"result": …}``, ``{"failure": …, "message": …}`` or ``{"full": true}``, all with
``spent``: this process is to do no more. And so on, until the other end closes.

With ``--report`` it only prints the report, to try a sandbox.
"""

import errno
import gc
import io
import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, Final

from processing.confinement import (
    ADDRESS_SPACE_BYTES,
    allow_processor_time,
    confine,
    give_memory_back,
    memory_bytes,
)
from processing.isolation import report
from processing.task import Failure, ProcessingError, Source

MAX_ANSWER_BYTES: Final = 16 * 1024
MAX_REQUEST_BYTES: Final = 64 * 1024
READY: Final = b"ready"
REPORT: Final = "--report"
_MAX_TRACEBACK: Final = 4000
_MAX_RESIDENT_BYTES: Final = 300 * 1024 * 1024
_MAX_ADDRESS_SPACE_BYTES: Final = ADDRESS_SPACE_BYTES * 11 // 20
"""What leaves enough of the limit to the next task. Any one kind of file alone stays below."""

_NO_ROOM_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_TOO_LARGE_ERRORS: Final = frozenset({errno.EFBIG, errno.ENOMEM})

Answer = dict[str, Any]


def main(arguments: list[str]) -> None:
    """Do tasks until the other end of the socket closes."""
    if arguments == [REPORT]:
        print(json.dumps(report(confine())))  # noqa: T201 - what was asked for
        return
    modules = dict(argument.split("=", 1) for argument in arguments)
    channel = _take_channel()
    channel.send(json.dumps(report(confine())).encode())
    while True:
        channel.send(READY)
        message, descriptors, _, _ = socket.recv_fds(channel, MAX_REQUEST_BYTES, 2)
        if not message:
            return
        answer = _encoded(_perform(modules, json.loads(message), *descriptors))
        channel.send(answer)
        gc.collect()
        give_memory_back()


def _take_channel() -> socket.socket:
    """Return the socket at standard input, and leave nothing there that a library could read."""
    channel = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return channel


class _Output(io.FileIO):
    """The file that takes a large result; ``is_full`` once there was no room for it.

    Libraries make errors of their own of what a write raises, so that it is noted here. They get
    no descriptor that they could write to past this.
    """

    is_full = False

    def write(self, data: Any) -> int:
        """Write, and note a lack of room."""
        try:
            return super().write(data)
        except OSError as error:
            self.is_full = self.is_full or error.errno in _NO_ROOM_ERRORS
            raise

    def fileno(self) -> int:
        """Refuse: see above."""
        raise io.UnsupportedOperation


def _perform(modules: Mapping[str, str], request: Any, given: int, output: int) -> Answer:
    raw = _Output(output, "wb")
    answer = _attempt(modules, request, given, raw)
    # The lack of room is the machine's, whatever the task has made of it: no file is to blame.
    return {"full": True, "spent": True} if raw.is_full else answer


def _attempt(modules: Mapping[str, str], request: Any, given: int, raw: _Output) -> Answer:
    try:
        with io.BufferedWriter(raw) as file:
            allow_processor_time(request["processor_seconds"])
            source = Source(f"/proc/self/fd/{given}", **request["source"])
            run = import_module(modules[request["task"]]).run
            result = run(source, request["spec"], file)
        return {"result": result, "spent": _is_bloated()}
    except ProcessingError as error:
        return {"failure": error.failure, "message": error.message, "spent": _is_bloated()}
    except MemoryError:
        return _failed(Failure.TOO_LARGE, "The file takes more memory than there is for it.")
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises is this file's failure
        return _unexpected(error)
    finally:
        with suppress(OSError):  # the task may have closed it
            os.close(given)


def _unexpected(error: Exception) -> Answer:
    if isinstance(error, OSError) and error.errno in _TOO_LARGE_ERRORS:
        return _failed(Failure.TOO_LARGE, "The result takes more room than there is for it.")
    _report(error)
    return _failed(Failure.FAILED, "The file could not be processed.")


def _failed(failure: Failure, message: str) -> Answer:
    return {"failure": failure, "message": message, "spent": True}


def _report(error: Exception) -> None:
    import traceback  # noqa: PLC0415 - seldom needed, and a start is to be short

    text = "".join(traceback.format_exception(error))[-_MAX_TRACEBACK:]
    with suppress(OSError):  # it goes to a file, for which there may be no room
        os.write(sys.stderr.fileno(), text.encode(errors="backslashreplace"))


def _encoded(answer: Answer) -> bytes:
    try:
        encoded = json.dumps(answer, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return _encoded(_unexpected(error))
    if len(encoded) > MAX_ANSWER_BYTES:
        return _encoded(_unexpected(ValueError(f"the result takes {len(encoded)} bytes")))
    return encoded


def _is_bloated() -> bool:
    if not _takes_much():
        return False
    gc.collect()
    give_memory_back()
    return _takes_much()


def _takes_much() -> bool:
    # Libraries take little memory but much address space, which is what the limit counts.
    address_space, resident = memory_bytes()
    return address_space > _MAX_ADDRESS_SPACE_BYTES or resident > _MAX_RESIDENT_BYTES


if __name__ == "__main__":
    main(sys.argv[1:])
