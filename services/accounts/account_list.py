"""Every account, as its operator sees it; without the ORM, so that the command starts fast."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from auth.administrators import COLUMNS, Administrators
from models.account_kind import UserKind
from models.moments import as_utc
from models.reading import Reads

_LISTED: Final = (
    f"id, {COLUMNS}, name, files_count, bytes_used, created_at, disabled_at, merged_into"
)
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account as its operator sees it; ``bytes_used`` counts duplicates in full."""

    id: str
    kind: UserKind
    email: str | None
    name: str | None
    files_count: int
    bytes_used: int
    created_at: datetime
    disabled_at: datetime | None
    merged_into: str | None


async def list_accounts(database: Reads, administrators: Administrators) -> list[ListedAccount]:
    """Return every account, oldest first."""
    found: list[ListedAccount] = []
    after, rows = "", [()]
    while rows:
        read = await database.read(
            f"SELECT {_LISTED} FROM user_account WHERE id > ? ORDER BY id LIMIT {_BATCH}", after
        )
        rows = [tuple(row) for row in read]
        found += [_listed(row, administrators) for row in rows]
        after = found[-1].id if found else ""
    return found


def _listed(row: Sequence[Any], administrators: Administrators) -> ListedAccount:
    known = dict(zip(_LISTED.split(", "), row, strict=True))
    disabled_at = known["disabled_at"]
    return ListedAccount(
        known["id"],
        administrators.kind_of(known),
        known["email"],
        known["name"],
        known["files_count"],
        known["bytes_used"],
        as_utc(known["created_at"]),
        as_utc(disabled_at) if disabled_at else None,
        known["merged_into"],
    )
