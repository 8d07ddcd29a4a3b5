"""Resolvers of sharing with named accounts."""

from collections.abc import Sequence

from strawberry import Parent

from models.file import StoredFile
from models.share import Share
from resolvers.context import RequestInfo
from services.limits.rate_limits import OperationClass
from services.sharing.share_names import share_names


async def shares(info: RequestInfo, parent: Parent[StoredFile]) -> list[Share] | None:
    """Return whom the file is shared with; None for who may not see that."""
    return await info.context.loaders.shares.load(parent)


async def share_file(
    info: RequestInfo,
    file_id: str,
    account_ids: Sequence[str] | None,
    emails: Sequence[str] | None,
) -> StoredFile:
    """Let accounts read a file; each address counts as one that is looked up."""
    context = info.context
    names = share_names(account_ids, emails)
    if names.emails and context.meter is not None:
        await context.meter.spend(OperationClass.LOOKUP, len(names.emails))
    return await context.application.shares.share(context.viewer, file_id, names)


async def unshare_file(info: RequestInfo, file_id: str, account_ids: Sequence[str]) -> StoredFile:
    """End the reading of accounts."""
    context = info.context
    return await context.application.shares.unshare(context.viewer, file_id, account_ids)
