"""Users: those whom an OpenID Connect provider vouches for.

A guest becomes one and keeps its files.
The sessions and the recovery code of a guest end with it: whoever else knows one of them, because
he gave it to this browser, must not end up in the account of a user.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tortoise.exceptions import IntegrityError

from core.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from core.ids import IdPrefix, new_id
from models.database import Database, Transaction
from models.notices import Topic
from models.user import MAX_EMAIL, MAX_NAME, User, UserKind, folded_email
from services.accounts.merging import lock_files, move_files
from services.accounts.recovery_codes import remove_recovery_code
from services.accounts.sessions import Session, Sessions, end_all

audit = logging.getLogger("media.audit")

_ATTEMPTS: Final = 3
_MAX_SUBJECT: Final = 255


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for; ``email`` only if it has verified that address."""

    issuer: str
    subject: str
    email: str | None
    name: str | None

    @classmethod
    def of_claims(cls, issuer: str, claims: dict[str, Any]) -> "Identity":
        """Return whom the claims of an ID token name (OpenID Connect Core 1.0, section 5.1).

        Raises:
            UnauthenticatedError: They name nobody.
        """
        subject, email = claims.get("sub"), claims.get("email")
        if not isinstance(subject, str) or not 1 <= len(subject) <= _MAX_SUBJECT:
            raise UnauthenticatedError("The provider does not tell who signed in.")
        verified = claims.get("email_verified") is True
        return cls(
            issuer,
            subject,
            _short(email, MAX_EMAIL) if verified else None,
            _short(claims.get("name") or claims.get("preferred_username"), MAX_NAME),
        )


class Identities:
    """Signs users in."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    async def guest_of(self, refresh_token: str) -> str | None:
        """Return whose session a refresh token is of, for ``sign_in``; None if it has ended."""
        return await self._sessions.account_of(refresh_token)

    async def sign_in(self, identity: Identity, guest_id: str | None = None) -> Session:
        """Return a session of the account of ``identity``, which is made at its first sign-in.

        A guest becomes that account, or gives its files to the one that is there already.

        Raises:
            ForbiddenError: The account is disabled.
        """
        for _ in range(_ATTEMPTS):
            try:
                async with self._database.transaction() as transaction:
                    account_id = await self._account(transaction, identity, guest_id)
                    return await self._sessions.open(transaction, account_id)
            except IntegrityError:
                continue  # the same person has signed in for the first time elsewhere: look again
        raise UnavailableError("This account is being changed elsewhere; try again.")

    @staticmethod
    async def _account(transaction: Transaction, identity: Identity, guest_id: str | None) -> str:
        if guest_id is not None:
            await lock_files(transaction, guest_id)
        rows = await transaction.rows(
            "SELECT id, kind, disabled_at, subject FROM user_account"
            " WHERE id = ? OR (issuer = ? AND subject = ?) ORDER BY id" + transaction.for_update,
            guest_id or "",
            identity.issuer,
            identity.subject,
        )
        known = next((row for row in rows if row["subject"] == identity.subject), None)
        guest = next((row["id"] for row in rows if _is_guest(row)), None)
        if known and known["disabled_at"]:
            raise ForbiddenError("This account is disabled; ask the server's operator.")
        account_id: str = (known and known["id"]) or guest or await _made(transaction)
        await _identify(transaction, account_id, identity, first=known is None)
        if guest is not None:
            await _leave(transaction, guest, account_id)
        return account_id


def _is_guest(row: dict[str, Any]) -> bool:
    return row["kind"] == UserKind.GUEST and row["disabled_at"] is None


async def _made(transaction: Transaction) -> str:
    account_id = new_id(IdPrefix.USER)
    await User.create(id=account_id, kind=UserKind.USER, using_db=transaction.client)
    return account_id


async def _identify(
    transaction: Transaction, account_id: str, identity: Identity, *, first: bool
) -> None:
    await transaction.execute(
        "UPDATE user_account SET email = ?, email_folded = ?, name = ? WHERE id = ?",
        identity.email,
        identity.email and folded_email(identity.email),
        identity.name,
        account_id,
    )
    if first:
        await transaction.execute(
            "UPDATE user_account SET kind = ?, issuer = ?, subject = ? WHERE id = ?",
            UserKind.USER.value,
            identity.issuer,
            identity.subject,
            account_id,
        )
    await transaction.tell(Topic.ACCOUNT, account_id)


async def _leave(transaction: Transaction, guest_id: str, account_id: str) -> None:
    await end_all(transaction, guest_id)
    await remove_recovery_code(transaction, guest_id)
    if guest_id == account_id:
        audit.info("guest %s has become a user", guest_id)
        return
    moved = await move_files(transaction, guest_id, account_id)
    await transaction.execute(
        "UPDATE user_account SET disabled_at = ?, merged_into = ? WHERE id = ?",
        datetime.now(UTC),
        account_id,
        guest_id,
    )
    audit.info("guest %s has given %d files to account %s", guest_id, moved, account_id)


def _short(value: Any, longest: int) -> str | None:
    if not isinstance(value, str) or "\0" in value:
        return None
    return value.strip()[:longest] or None
