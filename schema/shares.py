"""Sharing with named accounts in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import field

from schema.enums import UserKind

AccountIds = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of 1 to 100 accounts.")
]


@strawberry.type(name="Share", description="An account that a file is shared with by name.")
class AccountShare:
    """See the description."""

    account_id: strawberry.ID = field(description="The account's id.")
    kind: UserKind = field(description="What the account is.")
    created_at: datetime = field(description="Since when it may read the file.")
