"""Recovery codes in the schema."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import field

from resolvers import recovery
from resolvers.context import RequestInfo


@strawberry.type(description="A code that signs a guest in again, without the code itself.")
class RecoveryCode:
    """See the description."""

    created_at: datetime = field(description="When it was made.")
    last_used_at: datetime | None = field(description="When it last signed somebody in.")


@strawberry.type(description="A new recovery code.")
class NewRecoveryCode:
    """See the description."""

    recovery_code: RecoveryCode = field(description="The code as it is looked up afterwards.")
    code: str = field(description="The code itself, for POST /v1/auth/recover; not shown again.")


async def find_code(info: RequestInfo) -> Any:
    """Resolve ``Query.recoveryCode``."""
    return await recovery.find_code(info)


async def create_code(info: RequestInfo) -> Any:
    """Resolve ``Mutation.createRecoveryCode``."""
    return await recovery.create_code(info)


async def revoke_code(info: RequestInfo) -> bool:
    """Resolve ``Mutation.revokeRecoveryCode``."""
    return await recovery.revoke_code(info)
