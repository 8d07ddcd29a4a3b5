"""What a worker takes from itself before it sees a file, in every sandbox and in none."""

import ctypes
import os
import resource
import signal
import struct
from contextlib import suppress
from math import ceil
from pathlib import Path
from typing import Any, Final

from processing.isolation import Layer
from processing.task import MAX_OUTPUT_BYTES

ADDRESS_SPACE_BYTES: Final = 600_000_000
_DESCRIPTORS: Final = 64

# prctl(2), capabilities(7) and landlock(7); the numbers are the same on every architecture.
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
_CAPABILITY_VERSION: Final = 0x20080522
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_WRITE_FILE: Final = 1 << 1
_REMOVE_AND_MAKE: Final = sum(1 << bit for bit in range(4, 13))
_REFER: Final = 1 << 13
_TRUNCATE: Final = 1 << 14
_CONNECT_AND_BIND_TCP: Final = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11

_libc: Final = ctypes.CDLL(None, use_errno=True)


def confine() -> dict[Layer, bool]:
    """Bound this process: memory, output, priority, privileges, and the files it may write.

    Return which layers hold. A limit of the process that cannot be set raises ``OSError``.
    """
    _bound(resource.RLIMIT_AS, ADDRESS_SPACE_BYTES)
    _bound(resource.RLIMIT_FSIZE, MAX_OUTPUT_BYTES)
    _bound(resource.RLIMIT_NOFILE, _DESCRIPTORS)
    _bound(resource.RLIMIT_CORE, 0)
    _step_back()
    return drop_rights(_libc)


def drop_rights(libc: Any) -> dict[Layer, bool]:
    """Give up what this process may do beyond its task; return which layers hold.

    ``libc`` has the functions ``prctl``, ``capset`` and ``syscall``, which return 0 for success.
    """
    return {
        Layer.DIES_WITH_SERVER: _prctl(libc, _PR_SET_PDEATHSIG, signal.SIGKILL),
        Layer.NO_NEW_PRIVILEGES: _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1),
        Layer.NO_CAPABILITIES: _drop_capabilities(libc),
        **_forbid_writing(libc),
    }


def allow_processor_time(seconds: float) -> None:
    """Let this process use ``seconds`` more of processor time; SIGXCPU ends it after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = ceil(used.ru_utime + used.ru_stime + seconds)
    # The hard limit could not be raised again for the next task.
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def give_memory_back() -> None:
    """Return to the system what the allocator keeps of freed memory."""
    trim = getattr(_libc, "malloc_trim", None)  # glibc only
    if trim is not None:
        trim(0)


def memory_bytes() -> tuple[int, int]:
    """Return the size of this process's address space, and how much memory it occupies."""
    pages = Path("/proc/self/statm").read_text().split()
    return int(pages[0]) * resource.getpagesize(), int(pages[1]) * resource.getpagesize()


def _bound(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _step_back() -> None:
    """Take processor time only where the server leaves some."""
    os.nice(10)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    # Where the kernel groups processes by session, niceness counts within the group only; the
    # group has its own.
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("10")


def _prctl(libc: Any, option: int, value: int) -> bool:
    return bool(libc.prctl(option, value, 0, 0, 0) == 0)


def _drop_capabilities(libc: Any) -> bool:
    return bool(libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24)) == 0)


def _forbid_writing(libc: Any) -> dict[Layer, bool]:
    """Let no file be opened for writing, but for those in the worker's own temporary folder.

    A descriptor that is open for reading can otherwise be opened anew for writing through /proc,
    and the file that a task reads is the stored one. Newer kernels take away TCP and signals to
    processes outside as well. Without Landlock (Linux 5.13) nothing happens.
    """
    version = libc.syscall(_CREATE_RULESET, None, 0, _ASK_VERSION)
    files = _WRITE_FILE | _REMOVE_AND_MAKE
    files |= (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)  # noqa: PLR2004
    network = _CONNECT_AND_BIND_TCP if version >= 4 else 0  # noqa: PLR2004 - Landlock's versions
    scope = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= 6 else 0  # noqa: PLR2004
    handled = struct.pack("=QQQ", files, network, scope)
    restricted = version >= 1 and _restrict(libc, handled, files)
    return {
        Layer.READ_ONLY_FILES: restricted,
        Layer.NO_TCP: restricted and bool(network),
        Layer.NO_SIGNALS: restricted and bool(scope),
    }


def _restrict(libc: Any, handled: bytes, files: int) -> bool:
    ruleset = libc.syscall(_CREATE_RULESET, handled, len(handled), 0)
    if ruleset < 0:
        return False
    # A rule that is not taken leaves the worker with less, not with more.
    _except_for(libc, ruleset, "/dev/null", files & (_WRITE_FILE | _TRUNCATE))
    if temporary := os.environ.get("TMPDIR"):
        _except_for(libc, ruleset, temporary, files)
    restricted = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(restricted)


def _except_for(libc: Any, ruleset: int, path: str, rights: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    rule = struct.pack("=Qi", rights, beneath)
    libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    os.close(beneath)
