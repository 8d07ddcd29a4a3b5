"""Resolvers of signed addresses."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime

from strawberry import Parent

from auth.policy import Operation
from models.file import StoredFile
from resolvers.context import Context, RequestInfo
from services.sharing.links import LinkRequest, SignedOperation


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A signed address as a whole."""

    url: str
    expires_at: datetime
    operation: SignedOperation


def signed_url(
    info: RequestInfo, parent: Parent[StoredFile], wanted: LinkRequest
) -> ShownLink | Awaitable[ShownLink]:
    """Return a signed address of the file; nothing is read, nor written unless it is audited."""
    context = info.context
    policy = context.application.policy
    if policy.is_audited(context.viewer, Operation.SIGN_LINKS, parent):
        return _audited(context, parent, wanted)
    return _shown(context, parent, wanted)


async def _audited(context: Context, file: StoredFile, wanted: LinkRequest) -> ShownLink:
    link = _shown(context, file, wanted)
    await context.loaders.signed.load(file)
    return link


def _shown(context: Context, file: StoredFile, wanted: LinkRequest) -> ShownLink:
    link = context.application.links.sign(context.viewer, file, wanted)
    expires_at = datetime.fromtimestamp(link.expires_at, UTC)
    return ShownLink(context.base_url + link.path, expires_at, link.operation)


async def revoke_links(info: RequestInfo, file_id: str) -> StoredFile:
    """End every signed address of a file."""
    context = info.context
    return await context.application.files.revoke_links(context.viewer, file_id)
