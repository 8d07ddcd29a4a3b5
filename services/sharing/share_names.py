"""The accounts that a share names: by their ids, or by the e-mail addresses of their owners."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from core.errors import ConflictError, NotFoundError, ValidationFailedError
from core.ids import IdPrefix, is_id
from models.database import Transaction
from models.user import MAX_EMAIL, folded_email

MAX_SHARES: Final = 100
"""How many accounts one file may be shared with by name."""

_ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+")
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class ShareNames:
    """Ids of accounts, or e-mail addresses: one of the two is empty."""

    account_ids: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


def share_names(
    account_ids: Sequence[str] | None, emails: Sequence[str] | None = None
) -> ShareNames:
    """Return the different accounts that a caller names, by ids or by addresses.

    Raises:
        ValidationFailedError: Both ways are taken or none, there are too few or too many, or an
            address is none.
    """
    if (account_ids is None) == (emails is None):
        raise ValidationFailedError("Name accounts by their ids or by e-mail addresses, not both.")
    if emails is None:
        return ShareNames(account_ids=distinct(account_ids or ()))
    named = {folded_email(address): address for address in map(_address, emails)}
    return ShareNames(emails=distinct(list(named.values())))


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return different names; ``ValidationFailedError`` if they are none or too many."""
    wanted = tuple(dict.fromkeys(names))
    if not 1 <= len(wanted) <= MAX_SHARES:
        raise ValidationFailedError(f"Name 1 to {MAX_SHARES} accounts.")
    return wanted


async def named_accounts(
    transaction: Transaction, issuer: str, names: ShareNames
) -> dict[str, str | None]:
    """Return the accounts that are named: their ids, each with the address that names it.

    An address names the account that ``issuer`` has verified it for.

    Raises:
        NotFoundError: There is none, or it is disabled.
        ConflictError: Several accounts have the address.
    """
    if names.emails:
        return await _by_email(transaction, issuer, names.emails)
    return dict.fromkeys(await _by_id(transaction, names.account_ids))


async def _by_id(transaction: Transaction, wanted: Sequence[str]) -> Sequence[str]:
    known = [account_id for account_id in wanted if is_id(account_id, IdPrefix.USER)]
    sql = f"SELECT id FROM user_account WHERE id IN ({places(known)}) AND disabled_at IS NULL"
    found = {row["id"] for row in await transaction.rows(sql, *known)} if known else set()
    missing = [account_id for account_id in wanted if account_id not in found]
    if missing:
        raise NotFoundError(f"There is no account {missing[0][:_SHOWN]!r}.")
    return wanted


async def _by_email(
    transaction: Transaction, issuer: str, emails: Sequence[str]
) -> dict[str, str | None]:
    wanted = {folded_email(address): address for address in emails}
    rows = await transaction.rows(
        f"SELECT id, email, email_folded FROM user_account WHERE email_folded IN ({places(wanted)})"
        " AND issuer = ? AND disabled_at IS NULL",
        *wanted,
        issuer,
    )
    found: dict[str, list[tuple[str, str]]] = {folded: [] for folded in wanted}
    for row in rows:
        found[row["email_folded"]].append((row["id"], row["email"]))
    named: dict[str, str | None] = {}
    for folded, accounts in found.items():
        account_id, email = _only(accounts, wanted[folded])
        named[account_id] = email
    return named


def _only(accounts: Sequence[tuple[str, str]], address: str) -> tuple[str, str]:
    if not accounts:
        raise NotFoundError(f"There is no account with the address {address[:_SHOWN]!r}.")
    if len(accounts) > 1:
        raise ConflictError(
            f"Several accounts have the address {address[:_SHOWN]!r}; name one by its id."
        )
    return accounts[0]


def _address(text: str) -> str:
    address = text.strip()
    if len(address) > MAX_EMAIL or not _ADDRESS.fullmatch(address) or not address.isprintable():
        raise ValidationFailedError(f"{address[:_SHOWN]!r} is no e-mail address.")
    return address


def places(values: Collection[str]) -> str:
    """Return as many placeholders of a statement as there are values."""
    return ", ".join("?" for _ in values)
