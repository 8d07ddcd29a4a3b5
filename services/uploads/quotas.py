"""Quotas: what an account may store, and what its uploads that are under way hold of it.

An upload holds its place before its body is read, as far as its length is known, and more as the
body turns out longer: stored and held bytes together never pass the quota. A file is charged by a
conditional update, which alone keeps the quota whatever has become of the hold.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import (
    ConflictError,
    NotFoundError,
    UnauthenticatedError,
)
from core.settings import MIB, Settings
from models.database import Database, Transaction
from models.user import UserKind
from services.uploads.blob_rows import require_enabled
from services.uploads.room import UNLIMITED, Room, Usage, quota_exceeded
from services.uploads.types import Expected, Reservation

HOLD_SECONDS: Final = 600
"""How long a hold lasts after the last of the body has come, if nothing ends it."""

_RENEW_SECONDS: Final = HOLD_SECONDS / 3
_MOST_AHEAD: Final = 64 * MIB
_GONE: Final = "The account of this access token is gone."


class Quotas:
    """Holds, charges and tells what accounts may store.

    ``may_hold`` is the most bytes that the unfinished uploads of one account may hold together.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self.may_hold = max(settings.staged_bytes, settings.max_upload_bytes)
        self._bytes = _by_kind(settings.quota_bytes, settings.guest_quota_bytes)
        self._files = _by_kind(settings.quota_files, settings.guest_quota_files)

    async def usage(self, viewer: Viewer) -> Usage:
        """Return what the caller stores and may store; ``UnauthenticatedError`` for nobody."""
        rows = await self._database.read(_ACCOUNT, Policy.require_account(viewer))
        if not rows:
            raise UnauthenticatedError(_GONE)
        return self._usage(*rows[0])

    async def require_room(self, owner_id: str, size: int) -> None:
        """Refuse what ``hold`` would refuse now: a file, or several, of ``size`` bytes together.

        Raises:
            UnauthenticatedError, QuotaExceededError, TooManyUploadsError: As ``hold``.
        """
        async with self._database.transaction() as transaction:
            room = await self._room(transaction, owner_id)
        room.require_files(1)
        room.require_bytes(size, size)

    async def assign(self, account_id: str, **quota: int | None) -> Usage:
        """Give an account quotas (``quota_bytes``, ``quota_files``) of its own: 0 is no limit.

        None takes the one of its kind again; what is not named stays.

        Raises:
            NotFoundError: There is no such account.
        """
        async with self._database.transaction() as transaction:
            for column in sorted(quota.keys() & {"quota_bytes", "quota_files"}):
                await transaction.execute(
                    f"UPDATE user_account SET {column} = ? WHERE id = ?", quota[column], account_id
                )
            rows = await transaction.rows(_ACCOUNT, account_id)
        if not rows:
            raise NotFoundError(f"There is no account {account_id}.")
        return self._usage(*rows[0].values())

    async def hold(
        self, transaction: Transaction, reservation: Reservation, expected: Expected
    ) -> None:
        """Hold a file, and as many bytes as ``expected`` allows and are left.

        Further uses of the same bytes are not held: what they need must be left now, and is
        charged with each file.

        The row that ``reservation`` is recorded in must say so in the same transaction.

        Raises:
            UnauthenticatedError: The account is gone.
            QuotaExceededError: What must come at the least would pass the quota.
            TooManyUploadsError: It would pass what may be under way at once.
        """
        room = await self._room(transaction, reservation.owner_id)
        room.require_files(reservation.uses)
        room.require_bytes(expected.least, expected.least, reservation.uses)
        reservation.held_bytes = max(expected.least, min(expected.most or 0, room.bytes))

    async def extend(self, reservation: Reservation, size: int) -> None:
        """Hold at least ``size`` bytes, from now on anew.

        Raises:
            QuotaExceededError, TooManyUploadsError, UnauthenticatedError: As ``hold``.
            ConflictError: The upload took too long and was cleared up.
        """
        async with self._database.transaction() as transaction:
            room = await self._room(transaction, reservation.owner_id)
            more = max(0, size - reservation.held_bytes)
            room.require_bytes(more, size, reservation.uses)
            # Exactly what has come at first, which is all of a small file; then more at a time.
            ahead = min(reservation.held_bytes, _MOST_AHEAD, room.bytes) if more else 0
            held = reservation.held_bytes + max(more, ahead)
            renewed = await transaction.execute(
                "UPDATE upload SET reserved_bytes = ?, reserved_until = ?"
                " WHERE id = ? AND abandoned = ?",
                held,
                held_until(),
                reservation.id,
                False,
            )
        if not renewed:
            raise ConflictError("The upload took too long and was cleared up; send it again.")
        reservation.held_bytes = held

    async def shrink(self, reservation: Reservation, size: int) -> None:
        """Let go of what is held beyond ``size`` bytes."""
        reservation.held_bytes = size
        async with self._database.transaction() as transaction:
            await transaction.execute(
                "UPDATE upload SET reserved_bytes = ? WHERE id = ?", size, reservation.id
            )

    async def charge(self, transaction: Transaction, owner_id: str, size: int) -> None:
        """Count a file in, if it fits.

        Raises:
            UnauthenticatedError: The account is gone, disabled, or has moved to another.
            QuotaExceededError: It would pass the quota.
        """
        charged = await transaction.execute(
            "UPDATE user_account SET files_count = files_count + 1, bytes_used = bytes_used + ?"
            " WHERE id = ? AND disabled_at IS NULL"
            f" AND bytes_used + ? <= {_limit('quota_bytes', self._bytes)}"
            f" AND files_count + 1 <= {_limit('quota_files', self._files)}",
            size,
            owner_id,
            size,
        )
        if not charged:
            await require_enabled(transaction, owner_id)
            room = await self._room(transaction, owner_id)
            raise quota_exceeded(
                room.usage, f"This file of {size} bytes would pass your quota", size
            )

    async def drop_holds(self) -> None:
        """End every hold: for the start of the only server, to which they can mean nothing."""
        async with self._database.transaction() as transaction:
            await transaction.execute("UPDATE upload SET reserved_bytes = 0, reserved_until = NULL")

    async def _room(self, transaction: Transaction, owner_id: str) -> Room:
        # The account's row is locked first: the sum then sees every hold before this one.
        accounts = await transaction.rows(_ACCOUNT + transaction.for_update, owner_id)
        if not accounts:
            raise UnauthenticatedError(_GONE)
        (held,) = await transaction.rows(
            "SELECT COALESCE(SUM(reserved_bytes), 0) AS bytes, COUNT(*) AS files FROM upload"
            " WHERE owner_id = ? AND reserved_until > ? AND abandoned = ?",
            owner_id,
            datetime.now(UTC),
            False,
        )
        usage = self._usage(*accounts[0].values())
        return Room(usage, int(held["bytes"]), held["files"], self.may_hold)

    def _usage(
        self, kind: str, bytes_used: int, files: int, own_bytes: int | None, own_files: int | None
    ) -> Usage:
        return Usage(
            bytes_used,
            files,
            (self._bytes[UserKind(kind)] if own_bytes is None else own_bytes) or None,
            (self._files[UserKind(kind)] if own_files is None else own_files) or None,
        )


class Hold:
    """What one upload holds while its body arrives."""

    def __init__(self, quotas: Quotas, reservation: Reservation) -> None:
        self._quotas = quotas
        self._reservation = reservation
        self._renew_at = time.monotonic() + _RENEW_SECONDS

    async def cover(self, size: int) -> None:
        """Hold ``size`` bytes, or raise as ``Quotas.extend``; mostly nothing is left to do."""
        if size > self._reservation.held_bytes or time.monotonic() > self._renew_at:
            await self._quotas.extend(self._reservation, size)
            self._renew_at = time.monotonic() + _RENEW_SECONDS

    async def end(self, size: int) -> None:
        """Hold no more than ``size`` bytes, which is all that has come."""
        if self._reservation.held_bytes > size:
            await self._quotas.shrink(self._reservation, size)


def held_until() -> datetime:
    """Return until when a hold of now lasts."""
    return datetime.now(UTC) + timedelta(seconds=HOLD_SECONDS)


_ACCOUNT: Final = (
    "SELECT kind, bytes_used, files_count, quota_bytes, quota_files FROM user_account WHERE id = ?"
)


def _by_kind(user: int, guest: int) -> dict[UserKind, int]:
    of_guests = min((one for one in (user, guest) if one), default=0)
    return {UserKind.USER: user, UserKind.GUEST: of_guests, UserKind.ADMINISTRATOR: 0}


def _limit(column: str, by_kind: dict[UserKind, int]) -> str:
    """Return the SQL of an account's limit; no limit is a number that nothing reaches."""
    cases = " ".join(
        f"WHEN '{kind.value}' THEN {quota or UNLIMITED}" for kind, quota in by_kind.items()
    )
    return (
        f"CASE WHEN {column} = 0 THEN {UNLIMITED}"
        f" WHEN {column} IS NOT NULL THEN {column} ELSE CASE kind {cases} END END"
    )
