"""Resolvers of changes to the visibility of many files."""

from collections.abc import Sequence

from models.file import Visibility
from resolvers.context import RequestInfo
from services.files.visibilities import VisibilityChange


async def bulk_set_visibility(
    info: RequestInfo, ids: Sequence[str], visibility: Visibility
) -> list[VisibilityChange]:
    """Give a visibility to what the caller may change, and tell each one's outcome."""
    context = info.context
    return await context.application.visibilities.set(context.viewer, ids, visibility)
