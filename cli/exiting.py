"""The last resort of a process that was asked to end: it ends, whatever hangs."""

import logging
import os
import threading
from typing import Final

logger = logging.getLogger("media.server")

CLOSING_SECONDS: Final = 1.0
"""How long after the drain a process closes what it has opened, at the longest."""

_SAYING_SECONDS: Final = 0.3


def exit_within(drain_seconds: float) -> None:
    """End this process at the latest so long after the drain, which begins now.

    Threads that wait for an engine that hangs cannot be cancelled. What they leave undone is what
    a killed process leaves: reservations are swept, and claims run out.
    """
    limit = threading.Timer(drain_seconds + CLOSING_SECONDS, _exit)
    limit.daemon = True
    limit.start()


def _exit() -> None:
    """Say so and end; a log that nobody reads keeps nobody waiting for long either."""
    saying = threading.Thread(target=_say_so, daemon=True)
    saying.start()
    saying.join(_SAYING_SECONDS)
    os._exit(0)


def _say_so() -> None:
    logger.warning("an engine hangs; ending without waiting for it any longer")
    logging.shutdown()
