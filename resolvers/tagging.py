"""The resolver that changes the tags of many files."""

from collections.abc import Sequence

from resolvers.context import RequestInfo
from services.files.tagging import Tagged, tag_edit


async def bulk_tag(
    info: RequestInfo, ids: Sequence[str], add: list[str] | None, remove: list[str] | None
) -> list[Tagged]:
    """Add and remove tags of the files that the caller may change; return each one's outcome."""
    context = info.context
    return await context.application.tagging.change(context.viewer, ids, tag_edit(add, remove))
