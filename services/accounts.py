"""Accounts: guest login, and who a request's token names."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from auth.policy import Policy
from auth.tokens import TokenSigner, bearer_token
from auth.viewer import ANONYMOUS, Viewer
from core.errors import ForbiddenError, UnauthenticatedError
from core.ids import IdPrefix, new_id
from models.database import Database
from models.user import User, UserKind

_FRESH_SECONDS: Final = 30
_CACHE_SIZE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in account: its id, kind, and a bearer token with its lifetime in seconds."""

    account_id: str
    kind: UserKind
    access_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account and its usage; ``bytes_used`` counts duplicates in full."""

    id: str
    kind: UserKind
    files_count: int
    bytes_used: int
    created_at: datetime


class Accounts:
    """Signs callers in and recognises them."""

    def __init__(self, database: Database, signer: TokenSigner, *, guest_login: bool) -> None:
        self._database = database
        self._signer = signer
        self._guest_login = guest_login
        self._seen: dict[str, tuple[float, Viewer | None]] = {}

    async def sign_in_guest(self) -> Session:
        """Make a guest account and return its session.

        Raises:
            ForbiddenError: Guest login is switched off.
        """
        if not self._guest_login:
            raise ForbiddenError("Guest login is switched off on this server.")
        return await self.create(UserKind.GUEST)

    async def create(self, kind: UserKind) -> Session:
        """Make an account of ``kind`` and return its session."""
        account_id = new_id(IdPrefix.USER)
        async with self._database.transaction() as transaction:
            await User.create(id=account_id, kind=kind, using_db=transaction.client)
        return Session(
            account_id, kind, self._signer.issue(account_id), self._signer.lifetime_seconds
        )

    async def viewer(self, authorization: str | None) -> Viewer:
        """Return the caller that an ``Authorization`` header names; without one, nobody.

        An account is looked up at most every 30 s, so a disabled one is out within that time.

        Raises:
            UnauthenticatedError: The token is not valid, or its account is gone or disabled.
        """
        token = bearer_token(authorization)
        if token is None:
            return ANONYMOUS
        viewer = await self._known(self._signer.verify(token))
        if viewer is None:
            raise UnauthenticatedError("The account of this access token is disabled or gone.")
        return viewer

    async def account(self, viewer: Viewer) -> Account:
        """Return the caller's own account; ``UnauthenticatedError`` if nobody is signed in."""
        found = (await self.by_ids([Policy.require_account(viewer)]))[0]
        if found is None:
            raise UnauthenticatedError("The account of this access token is gone.")
        return found

    async def by_ids(self, ids: Sequence[str]) -> list[Account | None]:
        """Return the accounts with these ids, in their order; None where there is none."""
        rows = await User.filter(id__in=list(ids))
        found = {row.id: _account(row) for row in rows}
        return [found.get(account_id) for account_id in ids]

    async def _known(self, account_id: str) -> Viewer | None:
        looked_up, viewer = self._seen.get(account_id, (0.0, None))
        if viewer is None or time.monotonic() - looked_up > _FRESH_SECONDS:
            viewer = await self._look_up(account_id)
            if len(self._seen) >= _CACHE_SIZE:
                self._seen.clear()
            self._seen[account_id] = (time.monotonic(), viewer)
        return viewer

    async def _look_up(self, account_id: str) -> Viewer | None:
        rows = await self._database.read(
            "SELECT kind FROM user_account WHERE id = ? AND disabled_at IS NULL", account_id
        )
        return Viewer(account_id, UserKind(rows[0][0])) if rows else None


def _account(row: User) -> Account:
    return Account(row.id, row.kind, row.files_count, row.bytes_used, row.created_at)
