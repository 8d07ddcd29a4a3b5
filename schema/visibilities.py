"""The visibility of many files in the schema."""

from typing import Annotated, Any

import strawberry
from strawberry import field

from resolvers.context import RequestInfo
from resolvers.visibilities import bulk_set_visibility
from schema.enums import Visibility, VisibilityOutcome

ManyIds = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of up to 1000 files.")
]
Wanted = Annotated[Visibility, strawberry.argument(description="Who may read them from now on.")]


@strawberry.type(description="What became of one file.")
class VisibilityResult:
    """See the description."""

    id: strawberry.ID = field(description="The id that was asked for.")
    outcome: VisibilityOutcome = field(description="What became of it.")


@strawberry.type(description="What a bulk change of visibility did.")
class BulkVisibilityResult:
    """See the description."""

    changed_count: int = field(description="How many files have another visibility than before.")
    results: list[VisibilityResult] = field(description="What became of each id, in order.")


async def set_visibility(
    info: RequestInfo, ids: ManyIds, visibility: Wanted
) -> BulkVisibilityResult:
    """Tell GraphQL what became of the files."""
    changes: list[Any] = await bulk_set_visibility(info, ids, visibility)
    changed = sum(one.outcome is VisibilityOutcome.CHANGED for one in changes)
    return BulkVisibilityResult(changed_count=changed, results=changes)
