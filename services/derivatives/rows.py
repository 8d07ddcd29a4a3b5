"""The rows of derivatives: claimed, recorded or let go, and read."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import orjson

from core.ids import IdPrefix, new_id
from models.columns import as_utc
from models.database import Transaction
from models.derivative import DerivativeKind, DerivativeState
from processing.task import ProcessingError

CLAIM_SECONDS: Final = 15
"""How long a claim holds unless it is renewed."""

MAX_KEPT: Final = 32
"""How many results of one blob are kept; asked for again, a dropped one is made again."""

COLUMNS: Final = "blob_id, parameters, key, sha256, mime_type, size, width, height, created_at"
"""The columns of ``StoredDerivative``, in the order that ``stored_derivative`` reads them."""

_VERSION: Final = 1
"""Counted up when the same specification shall give another result."""


@dataclass(frozen=True)
class Specification:
    """What is to be made: ``parameters`` hold all that the result depends on besides the bytes."""

    kind: DerivativeKind
    parameters: Mapping[str, Any]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the specification in its canonical form, in hexadecimal."""
        whole = [_VERSION, self.kind.value, dict(self.parameters)]
        return hashlib.sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is recorded of a result whose bytes are in the storage."""

    key: str
    checksum: str
    mime_type: str
    size: int
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class StoredDerivative:
    """A result as readers get it. Size in bytes, width and height in pixels where it has them."""

    blob_id: str
    parameters: Mapping[str, Any]
    key: str
    checksum: str
    mime_type: str
    size: int
    width: int | None
    height: int | None
    created_at: datetime


def stored_derivative(row: Sequence[Any]) -> StoredDerivative:
    """Return the derivative that a row of ``COLUMNS`` holds; what follows them is ignored."""
    blob_id, parameters, key, checksum, mime_type, size, width, height, created_at = row[:9]
    return StoredDerivative(
        blob_id,
        orjson.loads(parameters),
        key,
        checksum,
        mime_type,
        size,
        width,
        height,
        as_utc(created_at),
    )


async def claim_derivative(
    transaction: Transaction, blob_id: str, wanted: Specification, claim: str, *, retry: bool
) -> bool:
    """Take the work on ``wanted`` for ``claim``; False if it is done or somebody else's.

    A claim that ran out is taken over, and with ``retry`` a failure is taken up again.
    """
    now = datetime.now(UTC)
    rows = await transaction.rows(
        "INSERT INTO derivative"
        " (id, blob_id, spec, kind, parameters, state, claim, claimed_until, created_at)"
        " SELECT ?, key, ?, ?, ?, ?, ?, ?, ? FROM blob WHERE key = ? AND refs > 0"
        " ON CONFLICT (blob_id, spec) DO UPDATE SET state = excluded.state,"
        " claim = excluded.claim, claimed_until = excluded.claimed_until,"
        " failure = NULL, message = NULL"
        " WHERE (derivative.state = ? AND derivative.claimed_until < ?)"
        " OR derivative.state = ? RETURNING id",
        new_id(IdPrefix.DERIVATIVE),
        wanted.digest,
        wanted.kind.value,
        orjson.dumps(dict(wanted.parameters)).decode(),
        DerivativeState.PENDING.value,
        claim,
        now + timedelta(seconds=CLAIM_SECONDS),
        now,
        blob_id,
        DerivativeState.PENDING.value,
        now,
        DerivativeState.FAILED.value if retry else "",
    )
    return bool(rows)


async def renew_claim(transaction: Transaction, claim: str) -> None:
    """Let a claim hold from now on anew."""
    until = datetime.now(UTC) + timedelta(seconds=CLAIM_SECONDS)
    await transaction.execute(
        "UPDATE derivative SET claimed_until = ? WHERE claim = ?", until, claim
    )


async def record_result(
    transaction: Transaction, blob_id: str, claim: str, kept: Kept
) -> StoredDerivative | None:
    """Record a result; None if the claim was lost or no file shows the blob any more."""
    shown = await transaction.rows(
        "SELECT key FROM blob WHERE key = ? AND refs > 0" + transaction.for_update, blob_id
    )
    rows = await transaction.rows(
        "UPDATE derivative SET state = ?, key = ?, sha256 = ?, mime_type = ?, size = ?, width = ?,"
        f" height = ? WHERE claim = ? AND state = ? RETURNING {COLUMNS}",
        DerivativeState.READY.value,
        kept.key,
        kept.checksum,
        kept.mime_type,
        kept.size,
        kept.width,
        kept.height,
        claim,
        DerivativeState.PENDING.value,
    )
    return stored_derivative(tuple(rows[0].values())) if shown and rows else None


async def drop_surplus(transaction: Transaction, blob_id: str) -> list[str]:
    """Remove the rows of a blob's oldest results beyond ``MAX_KEPT``; return their objects' keys.

    Without a bound, renaming a file again and again would fill the disk past any quota.
    """
    rows = await transaction.rows(
        "DELETE FROM derivative WHERE id IN (SELECT id FROM derivative WHERE blob_id = ?"
        f" AND state = ? ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET {MAX_KEPT})"
        " RETURNING key",
        blob_id,
        DerivativeState.READY.value,
    )
    return [row["key"] for row in rows]


async def record_failure(transaction: Transaction, claim: str, error: ProcessingError) -> None:
    """Record why there is no result."""
    await transaction.execute(
        "UPDATE derivative SET state = ?, failure = ?, message = ? WHERE claim = ?",
        DerivativeState.FAILED.value,
        error.failure.value,
        error.message,
        claim,
    )


async def drop_claim(transaction: Transaction, claim: str) -> None:
    """Leave the work to whoever asks next."""
    await transaction.execute(
        "DELETE FROM derivative WHERE claim = ? AND state = ?", claim, DerivativeState.PENDING.value
    )
