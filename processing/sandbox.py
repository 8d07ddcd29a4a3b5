"""What a worker is shut into: the best of the isolations that this machine allows."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from processing.isolation import Layer, layers_of

logger = logging.getLogger("media.workers")

_ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = (_ROOT / "core", _ROOT / "processing")
"""All of the project that a worker sees."""

_SYSTEM_LINKS: Final = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES: Final = ("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache")
_FONT_CACHE: Final = "/var/cache/fontconfig"
_TEMPORARY_BYTES: Final = 64 * 1024 * 1024
_PROBE_SECONDS: Final = 20
_TOP: Final = Path("/")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How to start a Python that is shut in.

    ``name`` is ``bubblewrap`` (no network, no other process, a read-only file system of system,
    Python and our packages), ``network namespace`` (no network) or ``none``; ``prefix`` is the
    command that goes before Python's. ``layers`` are those that a worker in it has reported.
    """

    name: str
    prefix: tuple[str, ...] = ()
    layers: Mapping[Layer, bool] = field(default_factory=dict, compare=False)

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of Python with ``arguments``, to be run with ENVIRONMENT."""
        # The interpreter behind the links of a virtual environment, and without the site module:
        # the libraries are on the path already, and a start takes 11 ms less.
        return [*self.prefix, str(_interpreter()), "-S", "-s", "-P", "-B", *arguments]


def environment() -> dict[str, str]:
    """Return all that a worker has for an environment; nothing of the server's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(map(str, dict.fromkeys((_ROOT, *_libraries())))),
        "PYTHONFAULTHANDLER": "1",
        "MALLOC_ARENA_MAX": "2",  # each arena takes 64 MiB of the address space a worker may use
        "OMP_THREAD_LIMIT": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "VIPS_CONCURRENCY": "1",
    }


def find_sandbox(visible: Sequence[Path] = PACKAGES) -> Sandbox:
    """Return the best sandbox that works here; ``visible`` are the folders of the tasks' code.

    Blocks for the tenth of a second that it takes to try.
    """
    return first_working(candidates(visible))


def first_working(sandboxes: Iterable[Sandbox]) -> Sandbox:
    """Return the first in which a worker starts, or one that shuts nothing in."""
    nothing = Sandbox("none")
    tried = (tried_out(sandbox) for sandbox in (*sandboxes, nothing))
    return next(filter(None, tried), nothing)


def candidates(visible: Sequence[Path]) -> list[Sandbox]:
    """Return what may work on some machine, best first."""
    found = []
    if bwrap := shutil.which("bwrap"):
        arguments = tuple(_bubble(visible))
        found += [
            Sandbox("bubblewrap", (bwrap, "--disable-userns", *arguments)),
            Sandbox("bubblewrap", (bwrap, *arguments)),  # before 0.8, or without the right
        ]
    if unshare := shutil.which("unshare"):
        found += [
            Sandbox("network namespace", (unshare, *rights, "--net", "--"))
            for rights in (("--map-current-user",), ("--map-root-user",), ())
        ]
    return found


def tried_out(sandbox: Sandbox) -> Sandbox | None:
    """Return ``sandbox`` with the layers that a worker in it reports; None if none starts."""
    try:
        done = subprocess.run(  # noqa: S603 - a command of our own making
            sandbox.command("-m", "processing.worker", "--report"),
            env=environment(),
            cwd=_TOP,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
            start_new_session=True,  # a worker takes priority from all that share its session
        )
        if not done.returncode:
            return replace(sandbox, layers=layers_of(json.loads(done.stdout)))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        logger.info("%s does not work here: %s", sandbox.name, error)
        return None
    reason = done.stderr.decode(errors="backslashreplace").strip()[-300:]
    logger.info("%s does not work here: %r", sandbox.name, reason)
    return None


def _bubble(visible: Sequence[Path]) -> Iterator[str]:
    yield from ("--unshare-all", "--unshare-user", "--die-with-parent", "--cap-drop", "ALL")
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", str(_TEMPORARY_BYTES), "--tmpfs", "/tmp")  # noqa: S108 - the worker's own
    # By this the worker knows that it has a temporary folder that no one else sees.
    yield from ("--setenv", "TMPDIR", "/tmp")  # noqa: S108
    yield from ("--ro-bind", "/usr", "/usr")
    for link in map(Path, _SYSTEM_LINKS):
        if link.is_symlink():
            yield from ("--symlink", str(link.readlink()), str(link))
        else:
            yield from ("--ro-bind-try", str(link), str(link))
    for path in (*_SYSTEM_FILES, _FONT_CACHE):
        yield from ("--ro-bind-try", path, path)
    for folder in _outside_of_the_system(*_python(), *visible):
        yield from ("--ro-bind", str(folder), str(folder))
    # What bubblewrap made itself could be written to, in memory that nothing bounds.
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--")


def _outside_of_the_system(*folders: Path) -> list[Path]:
    """Return the folders that are not part of another; never the whole file system."""
    found: list[Path] = [Path("/usr")]
    for folder in sorted(set(folders), key=lambda each: len(each.parts)):
        if folder != _TOP and folder.is_dir() and not any(map(folder.is_relative_to, found)):
            found.append(folder)
    return found[1:]


def _python() -> Iterator[Path]:
    yield from map(Path, (sys.prefix, sys.base_prefix, sys.base_exec_prefix))
    yield _interpreter().parent.parent
    yield from _libraries()


def _interpreter() -> Path:
    return Path(sys.executable).resolve()


def _libraries() -> list[Path]:
    """Return the folders of installed packages; not those of code that is being worked on."""
    endings = ("site-packages", "dist-packages")
    return [path for path in map(Path, sys.path) if path.name in endings and path.is_absolute()]
