"""API keys: how scripts sign in as an account, to read or to write."""

import logging
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from auth.administrators import COLUMNS, Administrators
from auth.policy import Policy
from auth.refresh_tokens import digest_of
from auth.viewer import Viewer
from core.errors import (
    ConflictError,
    ForbiddenError,
    MediaError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from core.ids import IdPrefix, is_id, new_id
from models.api_key import MAX_KEY_NAME, ApiKey
from models.columns import as_utc
from models.database import Database
from models.notices import Topic
from models.user import UserKind
from services.accounts.lookup_cache import LookUps

logger = logging.getLogger("media.accounts")
audit = logging.getLogger("media.audit")

PREFIX: Final = "media_"
MAX_KEYS: Final = 50
_HINT_LENGTH: Final = len(PREFIX) + 4
_USED_STEP: Final = timedelta(minutes=1)
_COLUMNS: Final = "id, name, hint, writes, created_at, last_used_at"


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as its owner sees it afterwards; ``hint`` is how it begins."""

    id: str
    name: str
    hint: str
    scopes: list[Scope]
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret, which is shown this once."""

    stored: StoredKey
    secret: str


def is_key(token: str) -> bool:
    """Tell whether a bearer token is meant as an API key."""
    return token.startswith(PREFIX)


class ApiKeys:
    """The keys of every account."""

    def __init__(self, database: Database, administrators: Administrators) -> None:
        self._database = database
        self._administrators = administrators
        self._seen = LookUps[str, Viewer]()
        database.notices.hear(Topic.ACCOUNT, self._forget_account)
        database.notices.hear(Topic.API_KEY, self._forget)
        database.notices.hear_of_gaps(self._seen.forget_all)

    async def list(self, viewer: Viewer) -> list[StoredKey]:
        """Return the caller's keys, oldest first.

        Raises:
            UnauthenticatedError: Nobody is signed in.
            ForbiddenError: The caller is a guest, or came with a key.
        """
        rows = await self._database.read(
            f"SELECT {_COLUMNS} FROM api_key WHERE account_id = ? ORDER BY id", _holder(viewer)
        )
        return [_stored(dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in rows]

    async def create(self, viewer: Viewer, name: str, scopes: Collection[Scope]) -> NewKey:
        """Make a key of the caller's account; ``write`` includes ``read``.

        Raises:
            UnauthenticatedError, ForbiddenError: As ``list``.
            ValidationFailedError: The name is empty or too long, or there is no scope.
            ConflictError: The account has 50 keys.
        """
        account_id, label = _holder(viewer), _label(name)
        if not scopes:
            raise ValidationFailedError("scopes must hold read or write.")
        secret = PREFIX + secrets.token_urlsafe(32)
        async with self._database.transaction() as transaction:
            # The account's row makes those wait that make a key of it at the same time.
            await transaction.rows(
                "SELECT id FROM user_account WHERE id = ?" + transaction.for_update, account_id
            )
            if await ApiKey.filter(account_id=account_id).using_db(transaction.client).count() >= (
                MAX_KEYS
            ):
                raise ConflictError(f"An account has at most {MAX_KEYS} keys; revoke one first.")
            row = await ApiKey.create(
                using_db=transaction.client,
                id=new_id(IdPrefix.API_KEY),
                account_id=account_id,
                name=label,
                digest=digest_of(secret),
                hint=secret[:_HINT_LENGTH],
                writes=Scope.WRITE in scopes,
                created_at=datetime.now(UTC),
            )
        audit.info("account %s: made API key %s", account_id, row.id)
        stored = {name: getattr(row, name) for name in _COLUMNS.split(", ")}
        return NewKey(_stored(stored), secret)

    async def revoke(self, viewer: Viewer, key_id: str) -> None:
        """End a key of the caller's account.

        Raises:
            UnauthenticatedError, ForbiddenError: As ``list``.
            NotFoundError: The account has no such key.
        """
        account_id = _holder(viewer)
        if not is_id(key_id, IdPrefix.API_KEY):
            raise NotFoundError("There is no such API key.")
        async with self._database.transaction() as transaction:
            gone = await transaction.execute(
                "DELETE FROM api_key WHERE id = ? AND account_id = ?", key_id, account_id
            )
            if not gone:
                raise NotFoundError("There is no such API key.")
            await transaction.tell(Topic.API_KEY, key_id)
        audit.info("account %s: revoked API key %s", account_id, key_id)

    async def viewer(self, key: str) -> Viewer:
        """Return the caller that a key names.

        It is looked up again when it or its account has changed, at the latest after 30 s.

        Raises:
            UnauthenticatedError: It is not a key, was revoked, or its account is disabled.
        """
        digest = digest_of(key)
        viewer = await self._seen.get(digest, lambda: self._look_up(digest))
        if viewer is None:
            raise UnauthenticatedError("The API key is not valid, or was revoked.")
        return viewer

    def _forget(self, key_id: str) -> None:
        self._seen.forget(lambda _, viewer: viewer.key_id == key_id)

    def _forget_account(self, account_id: str) -> None:
        self._seen.forget(lambda _, viewer: viewer.id == account_id)

    async def _look_up(self, digest: str) -> Viewer | None:
        rows = await self._database.read(
            f"SELECT k.id, k.writes, k.last_used_at, k.account_id, {COLUMNS} FROM api_key k"
            " JOIN user_account a ON a.id = k.account_id"
            " WHERE k.digest = ? AND a.disabled_at IS NULL",
            digest,
        )
        if not rows:
            return None
        key_id, writes, last_used_at, account_id, *identity = rows[0]
        kind = self._administrators.kind_of(dict(zip(COLUMNS.split(", "), identity, strict=True)))
        await self._note_use(key_id, last_used_at)
        return Viewer(account_id, kind, read_only=not writes, key_id=key_id)

    async def _note_use(self, key_id: str, last_used_at: Any) -> None:
        now = datetime.now(UTC)
        if last_used_at and now - as_utc(last_used_at) < _USED_STEP:
            return
        try:
            async with self._database.transaction() as transaction:
                await transaction.execute(
                    "UPDATE api_key SET last_used_at = ? WHERE id = ?", now, key_id
                )
        except MediaError as error:  # a full disk must not keep readers out
            logger.warning("the use of API key %s is not noted: %s", key_id, error)


def _holder(viewer: Viewer) -> str:
    account_id = Policy.require_account(viewer)
    if viewer.key_id is not None:
        raise ForbiddenError("An API key cannot manage API keys; sign in instead.")
    if viewer.kind is UserKind.GUEST:
        raise ForbiddenError("Guests have no API keys; become a user first.")
    return account_id


def _label(name: str) -> str:
    label = " ".join(name.split())
    if not label or len(label) > MAX_KEY_NAME or not label.isprintable():
        raise ValidationFailedError(
            f"name must be 1 to {MAX_KEY_NAME} characters that can be printed."
        )
    return label


def _stored(row: Mapping[str, Any]) -> StoredKey:
    used = row["last_used_at"]
    scopes = [Scope.READ, Scope.WRITE] if row["writes"] else [Scope.READ]
    return StoredKey(
        row["id"],
        row["name"],
        row["hint"],
        scopes,
        as_utc(row["created_at"]),
        as_utc(used) if used else None,
    )
