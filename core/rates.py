"""Rates: so many operations in so long a time."""

import re
from dataclasses import dataclass
from typing import Final

_UNITS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_SHAPE: Final = re.compile(r"([1-9][0-9]{0,8}) ?/ ?(second|minute|hour|day)")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``count`` operations in any ``seconds``."""

    count: int
    seconds: int


def parse_rate(value: str) -> Rate | None:
    """Return the rate in words such as ``600/minute``, None for ``off``; else ``ValueError``."""
    word = value.strip().lower()
    if word == "off":
        return None
    found = _SHAPE.fullmatch(word)
    if found is None:
        raise ValueError("must be a rate such as 600/minute (second, minute, hour, day), or off")
    return Rate(int(found[1]), _UNITS[found[2]])
