"""Resolver of the viewer: who is asking, with usage and limits."""

from dataclasses import dataclass

from models.user import UserKind
from resolvers.context import RequestInfo
from services.uploads.room import Usage


@dataclass(frozen=True, slots=True)
class ViewerUsage:
    """The caller and what it uses; sizes in bytes."""

    id: str | None
    kind: UserKind | None
    usage: Usage
    max_upload_bytes: int
    name: str | None = None
    email: str | None = None

    @property
    def files_count(self) -> int:
        """How many files it has."""
        return self.usage.files

    @property
    def bytes_used(self) -> int:
        """How many bytes they hold."""
        return self.usage.bytes

    @property
    def quota_bytes(self) -> int | None:
        """How many they may hold; None without a quota."""
        return self.usage.quota_bytes


async def find_viewer(info: RequestInfo) -> ViewerUsage:
    """Return who is asking; for nobody, an empty account that may upload nothing."""
    application, viewer = info.context.application, info.context.viewer
    most = application.settings.max_upload_bytes
    if viewer.is_anonymous:
        return ViewerUsage(None, None, Usage(), most)
    usage = await application.quotas.usage(viewer)
    account = await application.accounts.account(viewer)
    return ViewerUsage(viewer.id, viewer.kind, usage, most, account.name, account.email)
