"""Idempotency keys: a retried upload gives the files of the first, and stores nothing again.

A request takes its key before the body is read and holds it while it runs. The transaction that
makes the files writes them under the key as well, so there are both or neither, whatever is killed
when. A retry is read and compared by its digests, but neither stored nor counted.

Source: The Idempotency-Key HTTP Header Field, draft-ietf-httpapi-idempotency-key-header-07.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from tortoise.exceptions import IntegrityError

from auth.policy import Policy
from auth.viewer import Viewer
from core.background import meanwhile
from core.errors import (
    ConflictError,
    KeyInUseError,
    KeyReusedError,
    MediaError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from core.ids import new_key
from models.database import Database, Transaction
from models.file import COLUMNS, StoredFile, stored_file
from services.files.metadata import Draft
from services.uploads.types import Received

KEPT: Final = timedelta(hours=24)
HELD_SECONDS: Final = 20
"""How long a request that was killed keeps its key from the retry, at the most."""

MAX_KEY_LENGTH: Final = 255


@dataclass(frozen=True, slots=True)
class First:
    """What the first request with a key has made."""

    fingerprint: str
    file_ids: Sequence[str]


@dataclass(slots=True)
class Attempt:
    """One request with a key; ``first`` is None unless the key has made files before.

    ``completed`` once its own files are recorded.
    """

    owner_id: str
    key: str
    holder: str
    first: First | None = None
    used: bool = False
    completed: bool = False

    def use(self) -> None:
        """Spend the key on an upload; ``ValidationFailedError`` at the second of a request."""
        if self.used:
            raise ValidationFailedError(
                "An Idempotency-Key covers one upload; use uploadMany, or a request for each."
            )
        self.used = True


class IdempotencyKeys:
    """Takes, holds and completes the keys of uploads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def attempt(self, viewer: Viewer, key: str | None) -> AsyncIterator[Attempt | None]:
        """Hold ``key`` for the block, or do nothing without one.

        Raises:
            UnauthenticatedError: Nobody is signed in, or the account is gone.
            KeyInUseError: Another request with this key runs.
        """
        if key is None:
            yield None
            return
        attempt = await self._begin(Attempt(Policy.require_account(viewer), key, new_key()))
        if attempt.first is not None:
            yield attempt
            return
        async with self._held(attempt):
            yield attempt

    @staticmethod
    async def complete(
        transaction: Transaction, attempt: Attempt, fingerprint: str, file_ids: Sequence[str]
    ) -> None:
        """Write what ``transaction`` makes under the key; ``ConflictError`` if it was lost."""
        completed = await transaction.execute(
            "UPDATE idempotency_key SET fingerprint = ?, file_ids = ?"
            " WHERE owner_id = ? AND key = ? AND holder = ? AND file_ids IS NULL",
            fingerprint,
            orjson.dumps(list(file_ids)).decode(),
            attempt.owner_id,
            attempt.key,
            attempt.holder,
        )
        if not completed:
            raise ConflictError("Another request with this Idempotency-Key has taken its place.")

    async def again(self, first: First, fingerprint: str) -> list[StoredFile]:
        """Return the files of the first request, as they are now.

        Raises:
            KeyReusedError: The fingerprint is not the first one's.
            NotFoundError: A file has been deleted since.
        """
        if fingerprint != first.fingerprint:
            raise KeyReusedError(
                "This Idempotency-Key was sent with another upload; take a new key for this one."
            )
        marks = ", ".join("?" * len(first.file_ids))
        rows = await self._database.read(
            f"SELECT {COLUMNS} FROM file WHERE id IN ({marks})", *first.file_ids
        )
        found = {row[0]: stored_file(row) for row in rows}
        if len(found) < len(first.file_ids):
            raise NotFoundError(
                "What was uploaded with this Idempotency-Key has been deleted; take a new key."
            )
        return [found[file_id] for file_id in first.file_ids]

    async def drop_held(self) -> None:
        """Let every held key go: for the start of the only server, which holds none yet."""
        async with self._database.transaction() as transaction:
            await transaction.execute("DELETE FROM idempotency_key WHERE file_ids IS NULL")

    async def _begin(self, attempt: Attempt) -> Attempt:
        try:
            async with self._database.transaction() as transaction:
                if await _take(transaction, attempt):
                    return attempt
                rows = await transaction.rows(
                    "SELECT fingerprint, file_ids FROM idempotency_key"
                    " WHERE owner_id = ? AND key = ? AND file_ids IS NOT NULL",
                    attempt.owner_id,
                    attempt.key,
                )
        except IntegrityError as error:
            raise UnauthenticatedError("The account of this access token is gone.") from error
        if not rows:
            raise KeyInUseError("An upload with this Idempotency-Key is under way; retry later.")
        attempt.first = First(rows[0]["fingerprint"], orjson.loads(rows[0]["file_ids"]))
        return attempt

    @asynccontextmanager
    async def _held(self, attempt: Attempt) -> AsyncIterator[None]:
        try:
            async with meanwhile(self._renew(attempt)):
                yield
        finally:
            await asyncio.shield(self._let_go(attempt))

    async def _renew(self, attempt: Attempt) -> None:
        while True:
            await asyncio.sleep(HELD_SECONDS / 3)
            with suppress(MediaError):  # the next time, or the key is free for a retry
                async with self._database.transaction() as transaction:
                    await transaction.execute(
                        "UPDATE idempotency_key SET held_until = ? WHERE holder = ?",
                        _held_until(),
                        attempt.holder,
                    )

    async def _let_go(self, attempt: Attempt) -> None:
        if attempt.completed:
            return
        with suppress(MediaError):  # it is free soon by itself
            async with self._database.transaction() as transaction:
                await transaction.execute(
                    "DELETE FROM idempotency_key WHERE holder = ? AND file_ids IS NULL",
                    attempt.holder,
                )


class Unstored:
    """Where the body of a retry goes: nowhere, for it is only hashed."""

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Drop the chunk."""


def fingerprint(bodies: Sequence[Received], draft: Draft) -> str:
    """Return the digest of all that an upload consists of: bytes, names and metadata."""
    content: list[Any] = [[body.sha256, body.filename] for body in bodies]
    metadata = [draft.filename, draft.description, list(draft.tags), draft.visibility]
    return hashlib.sha256(orjson.dumps([content, metadata])).hexdigest()


async def expire_keys(database: Database) -> None:
    """Remove the keys that have been kept long enough."""
    async with database.transaction() as transaction:
        await transaction.execute(
            "DELETE FROM idempotency_key WHERE created_at < ?", datetime.now(UTC) - KEPT
        )


async def _take(transaction: Transaction, attempt: Attempt) -> bool:
    now = datetime.now(UTC)
    return bool(
        await transaction.rows(
            "INSERT INTO idempotency_key (owner_id, key, holder, held_until, created_at)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (owner_id, key) DO UPDATE SET"
            " holder = excluded.holder, held_until = excluded.held_until,"
            " created_at = excluded.created_at, fingerprint = NULL, file_ids = NULL"
            " WHERE (idempotency_key.file_ids IS NULL AND idempotency_key.held_until < ?)"
            " OR idempotency_key.created_at < ? RETURNING holder",
            attempt.owner_id,
            attempt.key,
            attempt.holder,
            _held_until(),
            now,
            now,
            now - KEPT,
        )
    )


def _held_until() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=HELD_SECONDS)
