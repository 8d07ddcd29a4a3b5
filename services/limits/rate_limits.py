"""Rate limits: how many operations of a class one caller may do in a time.

Callers are accounts, or addresses where nobody is signed in. What counts is the operation, however
it comes: the transports say what each request does, and how often.
"""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from auth.viewer import Viewer
from core.errors import RateLimitedError
from core.rates import Rate
from core.settings import Settings
from services.limits.counters import Counters

_IPV6_NETWORK: Final = 64
"""The bits of an IPv6 address that one customer usually has to share out."""


class OperationClass(StrEnum):
    """What operations are counted together."""

    READ = "read"
    WRITE = "write"
    UPLOAD = "upload"
    PROCESSING = "processing"
    DOWNLOAD = "download"
    SIGN_IN = "sign-in"
    LOOKUP = "lookup"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands with a class of operations: whether the last ones were let in.

    ``remaining`` more may come now; ``wait`` seconds bring more room, or the room that was lacking.
    """

    allowed: bool
    rate: Rate
    remaining: int
    wait: int


class RateLimits:
    """Counts the operations of all callers."""

    def __init__(self, settings: Settings, counters: Counters) -> None:
        self._counters = counters
        self._rates: dict[OperationClass, Rate | None] = {
            OperationClass.READ: settings.rate_read,
            OperationClass.WRITE: settings.rate_write,
            OperationClass.UPLOAD: settings.rate_upload,
            OperationClass.PROCESSING: settings.rate_processing,
            OperationClass.DOWNLOAD: settings.rate_download,
            OperationClass.SIGN_IN: settings.rate_sign_in,
            OperationClass.LOOKUP: settings.rate_lookup,
        }
        self.enabled = settings.rate_limits

    def meter(self, viewer: Viewer, address: str) -> "Meter":
        """Return what counts the operations of one request."""
        return Meter(self, viewer.id, f"address {network_of(address)}")

    async def spend(self, caller: str, kind: OperationClass, cost: int) -> Standing | None:
        """Count ``cost`` operations of a caller, all or none; None for a class without a limit."""
        rate = self._rates[kind] if self.enabled else None
        if rate is None:
            return None
        count = await self._counters.spend(f"{kind} {caller}", rate, cost)
        return Standing(count.allowed, rate, count.remaining, count.wait)


@dataclass(slots=True)
class Meter:
    """Counts one request's operations; ``standings`` tell of the classes that it has used."""

    limits: RateLimits
    account_id: str | None
    address: str
    standings: dict[OperationClass, Standing] = field(default_factory=dict)

    async def spend(self, kind: OperationClass, cost: int = 1) -> None:
        """Count ``cost`` operations, signing in by address; ``RateLimitedError`` if too many."""
        by_address = self.account_id is None or kind is OperationClass.SIGN_IN
        caller = self.address if by_address else self.account_id
        standing = await self.limits.spend(str(caller), kind, cost)
        if standing is None:
            return
        self.standings[kind] = standing
        if not standing.allowed:
            raise _refusal(kind, standing, cost)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return what addresses are counted by: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))


def _refusal(kind: OperationClass, standing: Standing, cost: int) -> RateLimitedError:
    rate = standing.rate
    sentence = (
        f"At most {rate.count} {kind} operations are allowed in {rate.seconds} s;"
        f" try again in {standing.wait} s."
    )
    if cost > rate.count:
        sentence = f"One request may do at most {rate.count} {kind} operations, not {cost}."
    return RateLimitedError(
        sentence,
        operation=kind.value,
        limit=rate.count,
        window_seconds=rate.seconds,
        cost=cost,
        retry_after_seconds=standing.wait,
    )
