"""The rows of derivatives: claimed, recorded or let go, and read."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import orjson

from core.ids import IdPrefix, new_id
from models.columns import as_utc
from models.database import Transaction
from models.derivative import DerivativeKind, DerivativeState
from processing import analyses, previews, texts
from processing.task import ProcessingError

CLAIM_SECONDS: Final = 15
"""How long a claim holds unless it is renewed."""

MAX_KEPT: Final = 32
"""How many results of one blob are kept; asked for again, a dropped one is made again."""

COLUMNS: Final = (
    "blob_id, spec, parameters, version, key, sha256, mime_type, size, width, height, created_at"
)
"""The columns of ``StoredDerivative``, in the order that ``stored_derivative`` reads them."""

_VERSION: Final = 1
"""Part of each digest; what changes with the code is ``Specification.version``."""

_VERSION_OF: Final[Mapping[DerivativeKind, Callable[[str], int]]] = {
    DerivativeKind.PREVIEW: previews.version_of,
    DerivativeKind.TEXT: texts.version_of,
    DerivativeKind.ANALYSIS: analyses.version_of,
}
"""The version of what makes each kind from a file of a content type."""


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

    @property
    def content_type(self) -> str:
        """The type of the file that it is made of; empty where the parameters name none."""
        source = self.parameters.get("source", "")
        return str(source if isinstance(source, str) else source[0])

    @cached_property
    def version(self) -> int:
        """The version of what makes it today. Results and failures of earlier ones are outdated."""
        return _VERSION_OF[self.kind](self.content_type)

    @property
    def revision(self) -> str:
        """A short text that changes whenever the result may have other bytes."""
        return f"{self.digest[:10]}.{self.version}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is recorded of a result whose bytes are in the storage."""

    version: int
    key: str
    checksum: str
    mime_type: str
    size: int
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class StoredDerivative:
    """A result as readers get it. Size in bytes, width and height in pixels where it has them.

    ``spec`` is the digest of its specification, ``version`` that of what made it.
    """

    blob_id: str
    spec: str
    parameters: Mapping[str, Any]
    version: int
    key: str
    checksum: str
    mime_type: str
    size: int
    width: int | None
    height: int | None
    created_at: datetime


def stored_derivative(row: Sequence[Any]) -> StoredDerivative:
    """Return the derivative that a row of ``COLUMNS`` holds; what follows them is ignored."""
    blob_id, spec, parameters, version, key, checksum, mime_type, size, width, height = row[:10]
    return StoredDerivative(
        blob_id,
        spec,
        orjson.loads(parameters),
        version,
        key,
        checksum,
        mime_type,
        size,
        width,
        height,
        as_utc(row[10]),
    )


@dataclass(frozen=True, slots=True)
class Recorded:
    """A result that was recorded, and the object of the outdated one that it replaces."""

    derivative: StoredDerivative
    replaced: str | None


async def claim_derivative(
    transaction: Transaction, blob_id: str, wanted: Specification, claim: str, *, retry: bool
) -> bool:
    """Take the work on ``wanted`` for ``claim``; False if it is done or somebody else's.

    A claim that ran out is taken over. An outdated result stays while it is made anew; an outdated
    failure is taken up again, and with ``retry`` any failure.
    """
    now = datetime.now(UTC)
    ready, failed = DerivativeState.READY.value, DerivativeState.FAILED.value
    rows = await transaction.rows(
        "INSERT INTO derivative (id, blob_id, spec, kind, parameters, version, state, claim,"
        " claimed_until, created_at)"
        " SELECT ?, key, ?, ?, ?, 0, ?, ?, ?, ? FROM blob WHERE key = ? AND refs > 0"
        " ON CONFLICT (blob_id, spec) DO UPDATE SET"
        " state = CASE WHEN derivative.state = ? THEN derivative.state ELSE excluded.state END,"
        " claim = excluded.claim, claimed_until = excluded.claimed_until,"
        " failure = NULL, message = NULL"
        " WHERE CASE WHEN derivative.state = ? THEN derivative.version < ? OR ?"
        " ELSE derivative.claimed_until < ?"
        " AND (derivative.state <> ? OR derivative.version < ?) END RETURNING id",
        new_id(IdPrefix.DERIVATIVE),
        wanted.digest,
        wanted.kind.value,
        orjson.dumps(dict(wanted.parameters)).decode(),
        DerivativeState.PENDING.value,
        claim,
        now + timedelta(seconds=CLAIM_SECONDS),
        now,
        blob_id,
        ready,
        failed,
        wanted.version,
        retry,
        now,
        ready,
        wanted.version,
    )
    return bool(rows)


async def renew_claim(transaction: Transaction, blob_id: str, claim: str) -> None:
    """Let a claim hold from now on anew."""
    until = datetime.now(UTC) + timedelta(seconds=CLAIM_SECONDS)
    await transaction.execute(
        "UPDATE derivative SET claimed_until = ? WHERE blob_id = ? AND claim = ?",
        until,
        blob_id,
        claim,
    )


async def record_result(
    transaction: Transaction, blob_id: str, claim: str, kept: Kept
) -> Recorded | None:
    """Record a result; None if the claim was lost or no file shows the blob any more."""
    shown = await transaction.rows(
        "SELECT key FROM blob WHERE key = ? AND refs > 0" + transaction.for_update, blob_id
    )
    former = await transaction.rows(
        "SELECT key FROM derivative WHERE blob_id = ? AND claim = ?" + transaction.for_update,
        blob_id,
        claim,
    )
    if not shown or not former:
        return None
    rows = await transaction.rows(
        "UPDATE derivative SET state = ?, version = ?, key = ?, sha256 = ?, mime_type = ?,"
        " size = ?, width = ?, height = ?, created_at = ?, claimed_until = ?"
        f" WHERE blob_id = ? AND claim = ? RETURNING {COLUMNS}",
        DerivativeState.READY.value,
        kept.version,
        kept.key,
        kept.checksum,
        kept.mime_type,
        kept.size,
        kept.width,
        kept.height,
        *[datetime.now(UTC)] * 2,
        blob_id,
        claim,
    )
    return Recorded(stored_derivative(tuple(rows[0].values())), former[0]["key"])


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


async def record_failure(
    transaction: Transaction, blob_id: str, claim: str, version: int, error: ProcessingError
) -> None:
    """Record why there is no result; an outdated one is kept, and taken for the best there is."""
    held = "WHERE blob_id = ? AND claim = ? AND state = ?"
    await transaction.execute(
        f"UPDATE derivative SET version = ? {held}",
        version,
        blob_id,
        claim,
        DerivativeState.READY.value,
    )
    await transaction.execute(
        "UPDATE derivative SET state = ?, version = ?, failure = ?, message = ?, created_at = ?"
        f" {held}",
        DerivativeState.FAILED.value,
        version,
        error.failure.value,
        error.message,
        datetime.now(UTC),
        blob_id,
        claim,
        DerivativeState.PENDING.value,
    )


async def drop_claim(transaction: Transaction, blob_id: str, claim: str) -> None:
    """Leave the work to whoever asks next; an outdated result stays."""
    await transaction.execute(
        "DELETE FROM derivative WHERE blob_id = ? AND claim = ? AND state = ?",
        blob_id,
        claim,
        DerivativeState.PENDING.value,
    )
    await transaction.execute(
        "UPDATE derivative SET claimed_until = ? WHERE blob_id = ? AND claim = ?",
        datetime.now(UTC),
        blob_id,
        claim,
    )
