"""Accounts: signing in, and who a request's token or API key names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from auth.administrators import COLUMNS, Administrators
from auth.policy import Policy
from auth.tokens import TokenClaims, TokenSigner, bearer_token
from auth.viewer import ANONYMOUS, Viewer
from core.errors import ForbiddenError, UnauthenticatedError
from core.ids import IdPrefix, new_id
from models.columns import as_utc
from models.database import Database
from models.notices import Topic
from models.user import User, UserKind
from services.accounts.api_keys import ApiKeys, is_key
from services.accounts.attempts import FailedAttempts
from services.accounts.lookup_cache import LookUps
from services.accounts.sessions import Session, Sessions

_SHUT_OUT: Final = "The account of this access token is disabled or gone, or signed out."
_ACCOUNT: Final = f"id, files_count, bytes_used, created_at, name, {COLUMNS}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account and its usage; ``bytes_used`` counts duplicates in full."""

    id: str
    kind: UserKind
    files_count: int
    bytes_used: int
    created_at: datetime
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    viewer: Viewer
    version: int


class Accounts:
    """Signs callers in and recognises them."""

    def __init__(  # noqa: PLR0913 - what it is put together from
        self,
        database: Database,
        signer: TokenSigner,
        sessions: Sessions,
        api_keys: ApiKeys,
        administrators: Administrators,
        *,
        attempts: FailedAttempts,
        guest_login: bool,
    ) -> None:
        self.guest_login = guest_login
        self._database = database
        self._signer = signer
        self._sessions = sessions
        self._api_keys = api_keys
        self._administrators = administrators
        self._attempts = attempts
        self._seen = LookUps[tuple[str, str | None], _Known]()
        database.notices.hear(Topic.ACCOUNT, self._forget_account)
        database.notices.hear(Topic.SESSION, self._forget_session)
        database.notices.hear_of_gaps(self._seen.forget_all)

    async def sign_in_guest(self, *, refreshable: bool = False) -> Session:
        """Make a guest account and return its session, with a refresh token if asked for.

        Raises:
            ForbiddenError: Guest login is switched off.
        """
        if not self.guest_login:
            raise ForbiddenError("Guest login is switched off on this server.")
        return await self.create(UserKind.GUEST, refreshable=refreshable)

    async def create(self, kind: UserKind, *, refreshable: bool = False) -> Session:
        """Make an account of ``kind`` and return its session."""
        account_id = new_id(IdPrefix.USER)
        async with self._database.transaction() as transaction:
            await User.create(id=account_id, kind=kind, using_db=transaction.client)
            return await self._sessions.open(transaction, account_id, refreshable=refreshable)

    async def refresh(self, token: str, address: str) -> Session:
        """Return a session's next tokens.

        Raises:
            UnauthenticatedError: The refresh token is not valid, or was used before.
            RateLimitedError: It is not, and too many of ``address`` were not.
        """
        try:
            return await self._sessions.refresh(token)
        except UnauthenticatedError as error:
            await self._attempts.refuse(address, error)

    async def sign_out(self, refresh_token: str) -> None:
        """End the session that a refresh token is of; one that is of none is not an error."""
        await self._sessions.end_by_token(refresh_token)

    async def end_session(self, viewer: Viewer) -> None:
        """End the session that the caller's access token is of, if it is of one."""
        if viewer.session_id is not None:
            await self._sessions.end(viewer.session_id)

    async def viewer(self, authorization: str | None, address: str = "") -> Viewer:
        """Return the caller that an ``Authorization`` header names; without one, nobody.

        An account is looked up again when it or its session has changed, at the latest after 30 s.

        Raises:
            UnauthenticatedError: The token or API key is not valid, its session has ended, or its
                account is gone or disabled.
            RateLimitedError: The API key is not valid, and too many of ``address`` were not.
        """
        token = bearer_token(authorization)
        if token is None:
            return ANONYMOUS
        if is_key(token):
            return await self._viewer_of_key(token, address)
        claims = self._signer.verify(token)
        key = (claims.account_id, claims.session_id)
        known = await self._seen.get(key, lambda: self._look_up(claims))
        if known is None or claims.version < known.version:
            raise UnauthenticatedError(_SHUT_OUT)
        return known.viewer

    async def account(self, viewer: Viewer) -> Account:
        """Return the caller's own account; ``UnauthenticatedError`` if nobody is signed in."""
        found = (await self.by_ids([Policy.require_account(viewer)]))[0]
        if found is None:
            raise UnauthenticatedError("The account of this access token is gone.")
        return found

    async def by_ids(self, ids: Sequence[str]) -> list[Account | None]:
        """Return the accounts with these ids, in their order; None where there is none."""
        if not ids:
            return []
        rows = await self._database.read(
            f"SELECT {_ACCOUNT} FROM user_account WHERE id IN ({', '.join('?' * len(ids))})", *ids
        )
        found = {row[0]: self._account(row) for row in rows}
        return [found.get(account_id) for account_id in ids]

    def _forget_account(self, account_id: str) -> None:
        self._seen.forget(lambda key, _: key[0] == account_id)

    def _forget_session(self, session_id: str) -> None:
        self._seen.forget(lambda key, _: key[1] == session_id)

    async def _viewer_of_key(self, key: str, address: str) -> Viewer:
        try:
            return await self._api_keys.viewer(key)
        except UnauthenticatedError as error:
            await self._attempts.refuse(address, error)

    async def _look_up(self, claims: TokenClaims) -> _Known | None:
        sql = (
            f"SELECT tokens_version, {COLUMNS} FROM user_account a"
            " WHERE id = ? AND disabled_at IS NULL"
        )
        values = [claims.account_id]
        if claims.session_id is not None:
            sql += (
                " AND EXISTS (SELECT 1 FROM login_session s"
                " WHERE s.id = ? AND s.account_id = a.id AND s.revoked_at IS NULL)"
            )
            values.append(claims.session_id)
        rows = await self._database.read(sql, *values)
        if not rows:
            return None
        kind = self._administrators.kind_of(_named(rows[0][1:]))
        viewer = Viewer(claims.account_id, kind, session_id=claims.session_id)
        return _Known(viewer, rows[0][0])

    def _account(self, row: Sequence[Any]) -> Account:
        account_id, files_count, bytes_used, created_at, name = row[:5]
        identity = _named(row[5:])
        kind = self._administrators.kind_of(identity)
        created = as_utc(created_at)
        return Account(account_id, kind, files_count, bytes_used, created, identity["email"], name)


def _named(values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(COLUMNS.split(", "), values, strict=True))
