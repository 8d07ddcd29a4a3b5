"""Resolver of the viewer: who is asking, with usage and limits."""

from dataclasses import dataclass

from models.user import UserKind
from resolvers.context import RequestInfo


@dataclass(frozen=True, slots=True)
class ViewerUsage:
    """The caller and what it uses; sizes in bytes, ``quota_bytes`` None without a quota."""

    id: str | None
    kind: UserKind | None
    files_count: int
    bytes_used: int
    quota_bytes: int | None
    max_upload_bytes: int
    name: str | None = None
    email: str | None = None


async def find_viewer(info: RequestInfo) -> ViewerUsage:
    """Return who is asking; for nobody, an empty account that may upload nothing."""
    context = info.context
    settings = context.application.settings
    limits = (settings.quota_bytes or None, settings.max_upload_bytes)
    if context.viewer.is_anonymous:
        return ViewerUsage(None, None, 0, 0, *limits)
    account = await context.application.accounts.account(context.viewer)
    usage = (account.files_count, account.bytes_used)
    return ViewerUsage(account.id, account.kind, *usage, *limits, account.name, account.email)
