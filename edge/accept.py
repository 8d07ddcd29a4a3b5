"""The Accept header and its like: what of the server's offers a client wants."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_QUOTED: Final = re.compile(r'"(?:\\.|[^"\\])*"?')
_WEIGHT: Final = re.compile(r";\s*q\s*=\s*(\d+(?:\.\d*)?|\.\d+)\s*(?:;|$)")


def best_match(fields: Iterable[str], offers: Sequence[str]) -> str | None:
    """Return the offer that a client wants most; None if it takes none of them.

    ``fields`` are the values of Accept or Accept-Encoding; ``offers`` are in lower case. The most
    specific range that names an offer decides about it, so that ``image/webp;q=0, */*`` refuses
    WebP alone. Of equal weight, the one that is named more exactly wins, then the one offered
    first. Parameters other than ``q`` do not count.

    Source: RFC 9110, sections 12.4.2, 12.5.1 and 12.5.3.
    """
    weights = _weights(fields)
    best = max(offers, key=lambda offer: _rank(weights, offer))
    return best if _rank(weights, best)[0] else None


def _weights(fields: Iterable[str]) -> dict[str, float]:
    """Return the weight of each range; the highest where it is named more than once."""
    weights: dict[str, float] = {}
    for item in _QUOTED.sub("", ",".join(fields)).lower().split(","):
        name = item.partition(";")[0].strip()
        found = _WEIGHT.search(item)
        weight = min(1.0, float(found[1])) if found else 1.0
        weights[name] = max(weight, weights.get(name, 0.0))
    return weights


def _rank(weights: Mapping[str, float], offer: str) -> tuple[float, int]:
    kind = offer.partition("/")[0]
    ranges = (offer, f"{kind}/*", "*/*", "*")
    return next(((weights[one], -at) for at, one in enumerate(ranges) if one in weights), (0.0, 0))
