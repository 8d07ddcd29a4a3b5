"""Sliding windows: what is counted of the last two windows, and what that leaves."""

import math
from dataclasses import dataclass

from core.rates import Rate


@dataclass(frozen=True, slots=True)
class Count:
    """Whether operations were let in, how many more may come now, and the seconds to wait.

    Of what was refused, ``wait`` tells when it would be let in; else when there will be more room.
    """

    allowed: bool
    remaining: int
    wait: int


@dataclass(frozen=True, slots=True)
class Window:
    """What is counted; the previous window has no weight left after ``previous_left`` seconds."""

    rate: Rate
    previous: int
    previous_left: float
    current: int
    current_left: float

    @property
    def weighted(self) -> float:
        """What counts now."""
        return self.previous * self.previous_left / self.rate.seconds + self.current

    def told(self, cost: int, *, allowed: bool) -> Count:
        """Return this as a caller is told, whose ``cost`` operations were let in or not."""
        remaining = max(0, self.rate.count - math.floor(self.weighted))
        return Count(allowed, remaining, self.wait(1 if allowed else cost))

    def wait(self, cost: int) -> int:
        """Return after how many seconds, at least one, ``cost`` operations fit."""
        seconds, room = self.rate.seconds, self.rate.count - cost
        if room < 0:
            return seconds
        if self.current <= room:
            share = (room - self.current) / self.previous if self.previous else 1
            return max(1, math.ceil(self.previous_left - share * seconds))
        until_next = self.current_left - seconds
        return max(1, math.ceil(until_next + seconds * (1 - room / self.current)))
