"""Resolvers of signed addresses."""

from dataclasses import dataclass
from datetime import UTC, datetime

from strawberry import Parent

from models.file import StoredFile
from resolvers.context import RequestInfo
from services.links import LinkRequest, SignedOperation


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A signed address as a whole."""

    url: str
    expires_at: datetime
    operation: SignedOperation


def signed_url(info: RequestInfo, parent: Parent[StoredFile], wanted: LinkRequest) -> ShownLink:
    """Return a signed address of the file; nothing is read or written."""
    context = info.context
    link = context.application.links.sign(context.viewer, parent, wanted)
    expires_at = datetime.fromtimestamp(link.expires_at, UTC)
    return ShownLink(context.base_url + link.path, expires_at, link.operation)


async def revoke_links(info: RequestInfo, file_id: str) -> StoredFile:
    """End every signed address of a file."""
    context = info.context
    return await context.application.files.revoke_links(context.viewer, file_id)
