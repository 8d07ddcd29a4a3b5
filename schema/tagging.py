"""The tags of many files in the schema."""

from typing import Annotated, Any

import strawberry
from strawberry import field

from resolvers.context import RequestInfo
from resolvers.tagging import bulk_tag
from schema.enums import TagOutcome
from schema.visibilities import ManyIds

Added = Annotated[
    list[str] | None, strawberry.argument(description="Up to 50 tags to add to each file.")
]
Removed = Annotated[
    list[str] | None, strawberry.argument(description="Up to 50 tags to remove from each file.")
]


@strawberry.type(description="What a bulk change of tags did to one file.")
class TagResult:
    """See the description."""

    id: strawberry.ID = field(description="The id that was asked for.")
    outcome: TagOutcome = field(description="What became of the file.")


@strawberry.type(description="What a bulk change of tags did.")
class BulkTagResult:
    """See the description."""

    changed_count: int = field(description="How many files have other tags than before.")
    results: list[TagResult] = field(
        description="What became of each id, in order; an id given twice has one result."
    )


async def tag_files(
    info: RequestInfo, ids: ManyIds, add: Added = None, remove: Removed = None
) -> BulkTagResult:
    """Change the tags, and return what became of each file."""
    tagged: list[Any] = await bulk_tag(info, ids, add, remove)
    changed = sum(one.outcome is TagOutcome.CHANGED for one in tagged)
    return BulkTagResult(changed_count=changed, results=tagged)
