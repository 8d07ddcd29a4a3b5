"""Sharing with named accounts in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import field

from schema.enums import UserKind

AccountIds = Annotated[
    list[strawberry.ID], strawberry.argument(description="The ids of 1 to 100 accounts.")
]
NamedIds = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="The ids of 1 to 100 accounts, if no `emails` are given."),
]
NamedEmails = Annotated[
    list[str] | None,
    strawberry.argument(
        description=(
            "1 to 100 e-mail addresses that the sign-in provider has verified, in any case, if no"
            " `accountIds` are given; not for guests."
        )
    ),
]


@strawberry.type(name="Share", description="An account that a file is shared with by name.")
class AccountShare:
    """See the description."""

    account_id: strawberry.ID = field(description="The account's id.")
    kind: UserKind = field(description="What the account is.")
    name: str | None = field(
        description=(
            "What the sign-in provider calls the person; null where an id named the account."
        )
    )
    email: str | None = field(
        description="The address that named the account; null where an id did."
    )
    created_at: datetime = field(description="Since when it may read the file.")
