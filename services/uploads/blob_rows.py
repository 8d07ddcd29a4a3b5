"""The rows that a transaction writes when an upload becomes a file."""

from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import ConflictError, UnauthenticatedError
from models.database import Transaction
from processing.kinds import PROBED, kind_of
from services.uploads.types import Received, Reservation


@dataclass(frozen=True, slots=True)
class SharedBlob:
    """Content that the owner has already: its key, and what is known of it."""

    key: str
    width: int | None
    height: int | None
    duration: float | None
    blurhash: str | None


async def share_blob(transaction: Transaction, received: Received) -> SharedBlob | None:
    """Count up the owner's live blob with this content and return it; None without one."""
    rows = await transaction.rows(
        "UPDATE blob SET refs = refs + 1 WHERE owner_id = ? AND sha256 = ? AND refs > 0"
        " RETURNING key, width, height, duration, blurhash",
        received.reservation.owner_id,
        received.sha256,
    )
    return SharedBlob(**rows[0]) if rows else None


async def settle_reservation(
    transaction: Transaction, reservation: Reservation, *, shared: bool
) -> None:
    """End the reservation of an upload that becomes a file.

    Raises:
        ConflictError: The sweeper has given the upload up.
    """
    # With a shared blob the reservation stays, marked, until the bytes it names are gone.
    settle = "UPDATE upload SET abandoned = ?" if shared else "DELETE FROM upload"
    marks = (True,) if shared else ()
    settled = await transaction.execute(
        f"{settle} WHERE id = ? AND abandoned = ?", *marks, reservation.id, False
    )
    if not settled:
        raise ConflictError("The upload took too long and was cleared up; send it again.")


async def require_enabled(transaction: Transaction, account_id: str) -> None:
    """Return if an account may still store files, which it could when the upload began.

    Raises:
        UnauthenticatedError: It was disabled since, or has given its files to another.
    """
    rows = await transaction.rows(
        "SELECT 1 FROM user_account WHERE id = ? AND disabled_at IS NULL", account_id
    )
    if not rows:
        raise UnauthenticatedError("The account of this upload is disabled or gone.")


async def insert_blob(transaction: Transaction, received: Received) -> None:
    """Record the published bytes of an upload, shown by one file."""
    await transaction.execute(
        "INSERT INTO blob (key, owner_id, sha256, size, refs, probed, created_at)"
        " VALUES (?, ?, ?, ?, 1, ?, ?)",
        received.reservation.key,
        received.reservation.owner_id,
        received.sha256,
        received.size,
        kind_of(received.mime_type) not in PROBED,
        datetime.now(UTC),
    )
