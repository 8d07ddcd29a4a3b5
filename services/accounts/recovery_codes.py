"""Recovery codes: how a guest signs in again, on any device, after signing out or losing a browser.

A guest has at most one. It stays valid however often it is used, until the guest revokes or
replaces it, becomes a user, or is promoted. The code of a disabled account is refused in the same
words as one that never existed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from auth.policy import Policy
from auth.recovery_codes import new_code, read_code
from auth.refresh_tokens import digest_of
from auth.viewer import Viewer
from core.errors import ForbiddenError, UnauthenticatedError
from models.columns import as_utc
from models.database import Database, Transaction
from models.user import UserKind
from services.accounts.attempts import FailedAttempts
from services.accounts.sessions import Session, Sessions

audit = logging.getLogger("media.audit")

_FOR_GUESTS: Final = "Only guests have recovery codes; users sign in through their provider."
_REFUSED: Final = "No account has this recovery code, or it was revoked or replaced."
_GUEST: Final = f"kind = '{UserKind.GUEST.value}' AND disabled_at IS NULL"


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """What is known of a code afterwards: when it was made and last used (UTC)."""

    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewRecoveryCode:
    """A new code; ``code`` itself is shown this once and stored as a digest."""

    recovery_code: RecoveryCode
    code: str


class RecoveryCodes:
    """The recovery codes of guests."""

    def __init__(self, database: Database, sessions: Sessions, attempts: FailedAttempts) -> None:
        self._database = database
        self._sessions = sessions
        self._attempts = attempts

    async def find(self, viewer: Viewer) -> RecoveryCode | None:
        """Return what is known of the caller's code; None without one.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ForbiddenError: The caller is not a guest, or came with an API key.
        """
        rows = await self._database.read(
            "SELECT created_at, last_used_at FROM recovery_code WHERE account_id = ?",
            _guest(viewer),
        )
        return _stored(rows[0]) if rows else None

    async def create(self, viewer: Viewer) -> NewRecoveryCode:
        """Make a code for the caller; the one before is no longer valid. Raises as ``find``."""
        account_id, code, now = _guest(viewer), new_code(), datetime.now(UTC)
        async with self._database.transaction() as transaction:
            if not await _locked_guest(transaction, account_id):
                raise ForbiddenError(_FOR_GUESTS)
            replaced = await remove_recovery_code(transaction, account_id)
            await transaction.execute(
                "INSERT INTO recovery_code (account_id, digest, created_at) VALUES (?, ?, ?)",
                account_id,
                digest_of(code),
                now,
            )
        done = "replaced its" if replaced else "made a"
        audit.info("guest %s: %s recovery code", account_id, done)
        return NewRecoveryCode(RecoveryCode(now, None), code)

    async def revoke(self, viewer: Viewer) -> bool:
        """End the caller's code and return whether there was one. Raises as ``find``."""
        account_id = _guest(viewer)
        async with self._database.transaction() as transaction:
            revoked = await remove_recovery_code(transaction, account_id)
        if revoked:
            audit.info("guest %s: revoked its recovery code", account_id)
        return revoked

    async def sign_in(self, typed: str, address: str) -> Session:
        """Return a new session of the guest whose code this is, however it is typed.

        Raises:
            ValidationFailedError: It is not a code, or mistyped; that is no failed attempt.
            UnauthenticatedError: No guest who may sign in has this code.
            RateLimitedError: The same, and too many attempts of ``address`` have failed.
        """
        digest = digest_of(read_code(typed))
        account_id = await self._owner(digest)
        session = await self._open(account_id, digest) if account_id else None
        if session is None:
            await self._attempts.refuse(address, UnauthenticatedError(_REFUSED))
        audit.info("guest %s: signed in by its recovery code", account_id)
        return session

    async def _owner(self, digest: str) -> str | None:
        # A read of its own: who guesses never takes the lock of the writer.
        rows = await self._database.read(
            "SELECT id FROM recovery_code JOIN user_account ON id = account_id"
            f" WHERE digest = ? AND {_GUEST}",
            digest,
        )
        return rows[0][0] if rows else None

    async def _open(self, account_id: str, digest: str) -> Session | None:
        async with self._database.transaction() as transaction:
            noted = await _locked_guest(transaction, account_id) and await transaction.execute(
                "UPDATE recovery_code SET last_used_at = ? WHERE account_id = ? AND digest = ?",
                datetime.now(UTC),
                account_id,
                digest,
            )
            return await self._sessions.open(transaction, account_id) if noted else None


async def remove_recovery_code(transaction: Transaction, account_id: str) -> bool:
    """Remove the recovery code of an account; return whether it had one."""
    removed = await transaction.execute(
        "DELETE FROM recovery_code WHERE account_id = ?", account_id
    )
    return bool(removed)


async def _locked_guest(transaction: Transaction, account_id: str) -> bool:
    """Lock the row of an account, and tell whether it is a guest's that may sign in.

    Whoever changes what an account is locks the same row first, and its recovery code after that.
    """
    rows = await transaction.rows(
        f"SELECT id FROM user_account WHERE id = ? AND {_GUEST}" + transaction.for_update,
        account_id,
    )
    return bool(rows)


def _guest(viewer: Viewer) -> str:
    account_id = Policy.require_account(viewer)
    if viewer.key_id is not None:
        raise ForbiddenError("An API key cannot manage recovery codes; sign in instead.")
    if viewer.kind is not UserKind.GUEST:
        raise ForbiddenError(_FOR_GUESTS)
    return account_id


def _stored(row: Sequence[Any]) -> RecoveryCode:
    created_at, used = row
    return RecoveryCode(as_utc(created_at), as_utc(used) if used else None)
