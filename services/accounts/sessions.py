"""Sessions: a sign-in gives an access token, and a refresh token that changes with every use.

A refresh token that was used before is refused, and the session ends with it: one of the two who
had it was not meant to (RFC 9700, section 4.14.2). For ``GRACE_SECONDS`` it gives the same
successor once more instead, because two tabs may refresh at once, and answers get lost.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from auth.administrators import COLUMNS, Administrators
from auth.refresh_tokens import RefreshTokens, digest_of, session_of
from auth.tokens import TokenSigner
from core.errors import UnauthenticatedError
from core.ids import IdPrefix, new_id
from models.columns import as_utc
from models.database import Database, Transaction
from models.login_session import LoginSession
from models.notices import Topic
from models.user import UserKind

audit = logging.getLogger("media.audit")

GRACE_SECONDS: Final = 30
_ENDED: Final = "This session has ended; sign in again."


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account: its id, kind, and a bearer token with its lifetime in seconds.

    ``refresh_token`` is None for a session that ends with its access token.
    """

    account_id: str
    kind: UserKind
    access_token: str
    expires_in: int
    refresh_token: str | None = None
    refresh_expires_in: int | None = None


class Sessions:
    """Opens, refreshes and ends sessions. Lifetimes in seconds."""

    def __init__(  # noqa: PLR0913 - what it is put together from
        self,
        database: Database,
        signer: TokenSigner,
        refresh_tokens: RefreshTokens,
        administrators: Administrators,
        *,
        access_seconds: int,
        refresh_seconds: int,
    ) -> None:
        self._database = database
        self._signer = signer
        self._refresh_tokens = refresh_tokens
        self._administrators = administrators
        self._access_seconds = access_seconds
        self._refresh_seconds = refresh_seconds

    async def open(
        self, transaction: Transaction, account_id: str, *, refreshable: bool = True
    ) -> Session:
        """Open a session of an account; without ``refreshable`` it ends with its access token."""
        session_id = new_id(IdPrefix.SESSION)
        token = self._refresh_tokens.first(session_id) if refreshable else None
        now = datetime.now(UTC)
        seconds = self._refresh_seconds if refreshable else self._signer.lifetime_seconds
        await LoginSession.create(
            using_db=transaction.client,
            id=session_id,
            account_id=account_id,
            refresh_digest=digest_of(token) if token else None,
            expires_at=now + timedelta(seconds=seconds),
            created_at=now,
        )
        account = await _account(transaction, account_id)
        assert account is not None  # noqa: S101 - the row above refers to it
        return self._session(account, session_id, token)

    async def refresh(self, token: str) -> Session:
        """Return a session's next access token and refresh token; ``token`` is used up.

        Raises:
            UnauthenticatedError: It is not valid, was used before, or its account is disabled.
        """
        session_id = session_of(token)
        async with self._database.transaction() as transaction:
            row = await _held(transaction, session_id or "")
            account = await _account(transaction, row["account_id"]) if row else None
            if row is None or account is None or session_id is None:
                raise UnauthenticatedError(_ENDED)
            successor = await self._rotated(transaction, row, token)
            if successor is None:
                await _revoke(transaction, session_id)
        if successor is None:  # raised here, so that what it did is kept
            audit.warning("session %s has ended: a refresh token was used again", session_id)
            raise UnauthenticatedError(_ENDED)
        return self._session(account, session_id, successor)

    async def end(self, session_id: str) -> None:
        """End a session at once; one that has ended is not an error."""
        async with self._database.transaction() as transaction:
            await _revoke(transaction, session_id)

    async def end_by_token(self, token: str) -> None:
        """End the session of a refresh token, be it the current one or the one before."""
        async with self._database.transaction() as transaction:
            row = await _held(transaction, session_of(token) or "")
            if row and digest_of(token) in {row["refresh_digest"], row["previous_digest"]}:
                await _revoke(transaction, row["id"])

    async def account_of(self, token: str) -> str | None:
        """Return whose session a refresh token is of, without using it; None if it has ended.

        The token before the current one will do: another tab may refresh at this moment.
        """
        async with self._database.transaction() as transaction:
            row = await _held(transaction, session_of(token) or "")
        held = row and digest_of(token) in {row["refresh_digest"], row["previous_digest"]}
        return row["account_id"] if row and held else None

    async def _rotated(
        self, transaction: Transaction, row: Mapping[str, Any], token: str
    ) -> str | None:
        now, successors = datetime.now(UTC), self._refresh_tokens.successors(token)
        if digest_of(token) == row["refresh_digest"]:
            await self._rotate(transaction, row, successors[0], now)
            return successors[0]
        recent = row["rotated_at"] and now - as_utc(row["rotated_at"]) < _GRACE
        if digest_of(token) != row["previous_digest"] or not recent:
            return None
        return next((one for one in successors if digest_of(one) == row["refresh_digest"]), None)

    async def _rotate(
        self, transaction: Transaction, row: Mapping[str, Any], successor: str, now: datetime
    ) -> None:
        await transaction.execute(
            "UPDATE login_session SET refresh_digest = ?, previous_digest = ?, rotated_at = ?,"
            " expires_at = ? WHERE id = ?",
            digest_of(successor),
            row["refresh_digest"],
            now,
            now + timedelta(seconds=self._refresh_seconds),
            row["id"],
        )

    def _session(
        self, account: Mapping[str, Any], session_id: str, refresh_token: str | None
    ) -> Session:
        seconds = self._access_seconds if refresh_token else self._signer.lifetime_seconds
        access_token = self._signer.issue(
            account["id"], session_id, account["tokens_version"], seconds
        )
        return Session(
            account["id"],
            self._administrators.kind_of(account),
            access_token,
            seconds,
            refresh_token,
            self._refresh_seconds if refresh_token else None,
        )


_GRACE: Final = timedelta(seconds=GRACE_SECONDS)


async def end_all(transaction: Transaction, account_id: str) -> None:
    """End every session of an account, and every access token given out for it."""
    await transaction.execute(
        "UPDATE user_account SET tokens_version = tokens_version + 1 WHERE id = ?", account_id
    )
    await transaction.execute(
        "UPDATE login_session SET revoked_at = ? WHERE account_id = ? AND revoked_at IS NULL",
        datetime.now(UTC),
        account_id,
    )
    await transaction.tell(Topic.ACCOUNT, account_id)


async def _account(transaction: Transaction, account_id: str) -> Mapping[str, Any] | None:
    rows = await transaction.rows(
        f"SELECT id, tokens_version, {COLUMNS} FROM user_account"
        " WHERE id = ? AND disabled_at IS NULL",
        account_id,
    )
    return rows[0] if rows else None


async def _held(transaction: Transaction, session_id: str) -> Mapping[str, Any] | None:
    rows = await transaction.rows(
        "SELECT id, account_id, refresh_digest, previous_digest, rotated_at FROM login_session"
        " WHERE id = ? AND revoked_at IS NULL AND expires_at > ?" + transaction.for_update,
        session_id,
        datetime.now(UTC),
    )
    return rows[0] if rows else None


async def _revoke(transaction: Transaction, session_id: str) -> None:
    await transaction.execute(
        "UPDATE login_session SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
        datetime.now(UTC),
        session_id,
    )
    await transaction.tell(Topic.SESSION, session_id)
