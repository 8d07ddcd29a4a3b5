"""Resolvers of sharing with named accounts."""

from collections.abc import Sequence

from strawberry import Parent

from models.file import StoredFile
from models.share import Share
from resolvers.context import RequestInfo


async def shares(info: RequestInfo, parent: Parent[StoredFile]) -> list[Share] | None:
    """Return whom the file is shared with; None for who may not see that."""
    return await info.context.loaders.shares.load(parent)


async def share_file(info: RequestInfo, file_id: str, account_ids: Sequence[str]) -> StoredFile:
    """Let accounts read a file."""
    context = info.context
    return await context.application.shares.share(context.viewer, file_id, account_ids)


async def unshare_file(info: RequestInfo, file_id: str, account_ids: Sequence[str]) -> StoredFile:
    """End the reading of accounts."""
    context = info.context
    return await context.application.shares.unshare(context.viewer, file_id, account_ids)
