"""A server that ends itself by SIGKILL at a chosen step of an upload, as a power cut would.

``python -m tests.acceptance.killing_server STEP ARMED`` serves like ``media serve``; the step kills
from the moment that the file ARMED exists. Each step wraps the real function of its place.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import services.uploads.idempotency
import storage.filesystem
from cli.serve import serve
from core.settings import load_settings
from services.uploads.body import Body
from services.uploads.reservations import Reservations
from services.uploads.uploads import Uploads
from storage.filesystem import _StagedFile

Function = Callable[..., Any]


class Killer:
    """Wraps functions so that this process dies before or after them."""

    def __init__(self, armed: Path) -> None:
        self._armed = armed

    def before(self, function: Function) -> Function:
        """Die instead of calling."""

        def dying(*arguments: Any, **named: Any) -> Any:
            self._kill()
            return function(*arguments, **named)

        return dying

    def after(self, function: Function) -> Function:
        """Die when the call has ended."""

        def dying(*arguments: Any, **named: Any) -> Any:
            result = function(*arguments, **named)
            self._kill()
            return result

        return dying

    def after_awaiting(self, function: Function) -> Function:
        """Die when the awaited call has ended."""

        async def dying(*arguments: Any, **named: Any) -> Any:
            result = await function(*arguments, **named)
            self._kill()
            return result

        return dying

    def after_flushing_a_shard(self, function: Function) -> Function:
        """Die when the folder that a new object is in has been flushed."""

        def dying(folder: Path) -> None:
            function(folder)
            if folder.parent.name == "objects":
                self._kill()

        return dying

    def _kill(self) -> None:
        if self._armed.exists():
            os.kill(os.getpid(), signal.SIGKILL)


def prepare(step: str, killer: Killer) -> None:
    """Wrap the function at ``step``."""
    owner, name, wrap = {
        "reservation committed": (Reservations, "record", killer.after_awaiting),
        "first bytes staged": (_StagedFile, "write", killer.after_awaiting),
        "all bytes staged": (Body, "take", killer.after_awaiting),
        "before the file is flushed": (_StagedFile, "_publish", killer.before),
        "before the file is linked": (os, "link", killer.before),
        "after the file is linked": (os, "link", killer.after),
        "folder flushed": (storage.filesystem, "_flush_folder", killer.after_flushing_a_shard),
        "before the record is committed": (Uploads, "_insert", killer.after_awaiting),
        "record committed": (Uploads, "_record", killer.after_awaiting),
    }[step]
    setattr(owner, name, wrap(getattr(owner, name)))


if __name__ == "__main__":
    services.uploads.idempotency.HELD_SECONDS = 3  # type: ignore[misc] # a retry need not wait for long
    prepare(sys.argv[1], Killer(Path(sys.argv[2])))
    sys.exit(serve(load_settings(os.environ)))
