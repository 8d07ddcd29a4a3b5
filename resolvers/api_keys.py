"""Resolvers of API keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from resolvers.context import RequestInfo
from services.accounts.api_keys import Scope, StoredKey


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key and its secret."""

    api_key: StoredKey
    key: str


async def list_keys(info: RequestInfo) -> list[StoredKey]:
    """Return the caller's keys."""
    context = info.context
    return await context.application.api_keys.list(context.viewer)


async def create_key(info: RequestInfo, name: str, scopes: Sequence[Scope]) -> MadeKey:
    """Make a key of the caller's account."""
    context = info.context
    made = await context.application.api_keys.create(context.viewer, name, scopes)
    return MadeKey(made.stored, made.secret)


async def revoke_key(info: RequestInfo, key_id: str) -> str:
    """End a key of the caller's account."""
    context = info.context
    await context.application.api_keys.revoke(context.viewer, key_id)
    return key_id
