"""Time that goes on when a test says so."""

import time


class Clock:
    """Stands in for the module ``time`` of one service: give it to ``monkeypatch``."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        """Return the seconds since some time."""
        return self.now
