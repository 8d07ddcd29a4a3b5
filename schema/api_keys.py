"""API keys in the schema."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import field

from resolvers import api_keys
from resolvers.context import RequestInfo
from schema.enums import ApiKeyScope

KeyName = Annotated[str, strawberry.argument(description="What the key is for.")]
KeyScopes = Annotated[
    list[ApiKeyScope], strawberry.argument(description="What it may do; WRITE includes READ.")
]
KeyId = Annotated[strawberry.ID, strawberry.argument(description="The id of a key.")]


@strawberry.type(description="A key that scripts sign in with, without its secret.")
class ApiKey:
    """See the description."""

    id: strawberry.ID = field(description="Names the key.")
    name: str = field(description="What it is for.")
    hint: str = field(description="How it begins.")
    scopes: list[ApiKeyScope] = field(description="What it may do.")
    created_at: datetime = field(description="When it was made.")
    last_used_at: datetime | None = field(description="When it was last used, to about a minute.")


@strawberry.type(description="A new key.")
class NewApiKey:
    """See the description."""

    api_key: ApiKey = field(description="The key as it is listed.")
    key: str = field(description="The key itself, to send as a bearer token; not shown again.")


async def list_keys(info: RequestInfo) -> Any:
    """Resolve ``Query.apiKeys``."""
    return await api_keys.list_keys(info)


async def create_key(
    info: RequestInfo,
    name: KeyName,
    scopes: KeyScopes = (ApiKeyScope.READ,),  # type: ignore[assignment]
) -> Any:
    """Resolve ``Mutation.createApiKey``."""
    return await api_keys.create_key(info, name, scopes)


async def revoke_key(info: RequestInfo, id: KeyId) -> Any:  # noqa: A002 - the argument's name in GraphQL
    """Resolve ``Mutation.revokeApiKey``."""
    return await api_keys.revoke_key(info, id)
