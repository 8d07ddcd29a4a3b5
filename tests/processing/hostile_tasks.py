"""A task that does what its specification asks: what a worker does once a file has taken it over.

Runs in a worker; ``TASKS`` makes it the work of a pool under test.
"""

import ctypes
import gc
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from processing.task import Failure, ProcessingError, Source, TaskName

TASKS: Final = {TaskName.PROBE: __name__}
FOLDER: Final = Path(__file__).resolve().parent.parent

Result = dict[str, Any]


def run(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> Result:
    """Do what ``spec["do"]`` names."""
    _DEEDS[spec["do"]](source, spec, output)
    return dict(_told)


_told: Result = {}


def _copy(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    content = Path(source.path).read_bytes()
    output.write(content.upper())
    _told.clear()
    _told.update(
        length=len(content),
        content_type=source.content_type,
        filename=source.filename,
        size=source.size,
        pid=os.getpid(),
    )


def _wait(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    time.sleep(spec["seconds"])


def _spin(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    while True:
        pass


def _swallow_memory(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    bytearray(4_000_000_000)


def _hold_memory(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    _held.append(b"x" * 350 * 1024 * 1024)


def _hold_address_space(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    _mapped.append(mmap.mmap(-1, 340_000_000))


def _need_a_fresh_worker(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    """Fail, in the way the test asks, in a process that has copied something."""
    if not _told:
        _told["fresh"] = True
    elif spec["by"] == "dying":
        os.kill(os.getpid(), signal.SIGKILL)
    elif spec["by"] == "raising":
        raise ImportError("failed to map segment from shared object")
    else:
        raise ProcessingError(Failure(spec["by"]), "There was no room.")


_held: list[bytes] = []
_mapped: list[mmap.mmap] = []


def _exit(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    os._exit(0)


def _segfault(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    ctypes.string_at(0)


def _raise(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    raise RuntimeError(spec["message"])


def _refuse(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    raise ProcessingError(Failure(spec["failure"]), spec["message"])


def _leave_children(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    """Start children that hold the file open, then die or wait."""
    held = os.open(source.path, os.O_RDONLY)
    for detached in spec["detached"]:
        subprocess.Popen(["/bin/sleep", "600"], pass_fds=[held], start_new_session=detached)
    if spec["then"] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600)


def _fork_without_end(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    for _ in range(6):
        os.fork()
    time.sleep(600)


def _write(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    output.write(bytes(spec["size"]))


def _write_too_much(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    output.writelines(bytes(1024 * 1024) for _ in range(1024))


def _say(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    _channel().send(spec["words"].encode())
    time.sleep(600)


def _say_much(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    words = json.dumps({"result": {"filler": "x" * 60_000}, "spent": False})
    _channel().send(words.encode())
    time.sleep(600)


def _send_descriptors(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    channel = _channel()
    socket.send_fds(channel, [b'{"result":{},"spent":false}'], [channel.fileno()] * 20)
    time.sleep(600)


def _speak_twice(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    _channel().send(b'{"result":{"lie":1},"spent":false}')
    _channel().send(b'{"result":{"lie":2},"spent":false}')
    time.sleep(600)


def _hang_up(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    _channel().shutdown(socket.SHUT_RDWR)
    time.sleep(600)


def _return(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    _told.clear()
    _told.update(eval(spec["expression"]))  # noqa: S307 - a result that JSON does not have


def _scream(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    for _ in range(30):
        os.write(2, b"\x1b[2J\r\nmedia: all is well " * 40_000)


def _describe_surroundings(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    _told.clear()
    _told.update(
        environment=dict(os.environ),
        processes=sorted(int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()),
        top=sorted(each.name for each in Path("/").iterdir()),
        open=len(list(Path("/proc/self/fd").iterdir())),
        capabilities=_status("CapEff"),
        niceness=os.nice(0),
    )


def _status(name: str) -> str:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(name))


def _attempt(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> None:
    """Try what the specification names, and tell what came of it."""
    given: Any = spec["argument"] or source.path
    tried: dict[str, Callable[[], Any]] = {
        "connect": lambda: socket.create_connection(("127.0.0.1", given), timeout=2).close(),
        "send": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"!", ("127.0.0.1", given)),
        "read": lambda: Path(given).read_text(),
        "write": lambda: Path(given).write_text("overwritten"),
        "reopen for writing": lambda: os.close(os.open(given, os.O_RDWR)),
        "truncate": lambda: os.truncate(given, 0),
        "fill": lambda: _fill(Path(given)),
        "signal": lambda: os.kill(given, 0),
    }
    _told.clear()
    try:
        _told["got"] = tried[spec["what"]]()
    except OSError as error:
        _told["error"] = error.strerror


def _fill(folder: Path) -> None:
    for number in range(40):
        (folder / f"filler{number}").write_bytes(bytes(10 * 1024 * 1024))


def _channel() -> socket.socket:
    """Return the worker's own socket, as native code in its place would find it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return next(each for each in gc.get_objects() if type(each) is socket.socket)


_DEEDS: Final[Mapping[str, Callable[[Source, Mapping[str, Any], BinaryIO], None]]] = {
    name.removeprefix("_"): deed
    for name, deed in list(vars(sys.modules[__name__]).items())
    if callable(deed) and name.startswith("_") and not name.startswith("__")
}
