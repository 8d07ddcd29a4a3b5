"""``media accounts list``: every account. Imports no ORM, no framework and no decoder."""

import argparse
import sys

from auth.administrators import Administrators
from core.settings import Settings
from services.accounts.account_list import ListedAccount, list_accounts
from services.library import reading_library


def add_options(_: argparse.ArgumentParser) -> None:
    """Add nothing: it takes no options."""


async def run(settings: Settings, _: argparse.Namespace) -> int:
    """Print a line for each account, and how many there are to standard error; 0."""
    administrators = Administrators.of(settings.oidc_issuer, settings.administrators)
    async with reading_library(settings) as database:
        found = await list_accounts(database, administrators)
    print("id\tkind\tstate\tfiles\tbytes\tmade\temail\tname")
    for account in found:
        print("\t".join(_row(account)))
    print(f"{len(found)} accounts", file=sys.stderr)
    return 0


def _row(account: ListedAccount) -> list[str]:
    return [
        account.id,
        account.kind.value,
        _state(account),
        str(account.files_count),
        str(account.bytes_used),
        account.created_at.date().isoformat(),
        account.email or "-",
        _printable(account.name or "-"),
    ]


def _state(account: ListedAccount) -> str:
    if account.merged_into:
        return f"merged into {account.merged_into}"
    return "disabled" if account.disabled_at else "enabled"


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name)
