"""Resolvers of recovery codes."""

from resolvers.context import RequestInfo
from services.accounts.recovery_codes import NewRecoveryCode, RecoveryCode


async def find_code(info: RequestInfo) -> RecoveryCode | None:
    """Return what is known of the caller's recovery code."""
    context = info.context
    return await context.application.recovery_codes.find(context.viewer)


async def create_code(info: RequestInfo) -> NewRecoveryCode:
    """Make a recovery code for the caller."""
    context = info.context
    return await context.application.recovery_codes.create(context.viewer)


async def revoke_code(info: RequestInfo) -> bool:
    """End the caller's recovery code."""
    context = info.context
    return await context.application.recovery_codes.revoke(context.viewer)
