"""``media accounts``: list, disable and promote accounts, and revoke recovery codes."""

import argparse
import sys
from collections.abc import Callable
from typing import TypeAlias

from core.settings import Settings
from services.administration import Administration, ListedAccount
from services.application import running

Add: TypeAlias = Callable[[str, str], argparse.ArgumentParser]
"""Adds a command, given its name and what it does."""

_DONE = {
    "disable": "is disabled; servers that run shut it out within a second",
    "enable": "is enabled",
    "promote": "is an administrator",
    "demote": "is no administrator, unless MEDIA_ADMINISTRATORS names it",
    "revoke-recovery-code": "has no recovery code any more",
}


def add_actions(add: Add) -> None:
    """Add what can be done."""
    add("list", "List every account.")
    abouts = {
        "disable": "Shut an account out.",
        "enable": "Let an account in again.",
        "promote": "Make an account an administrator's.",
        "demote": "Make an administrator's account a user's.",
        "revoke-recovery-code": "Revoke the recovery code of a guest.",
    }
    for name, about in abouts.items():
        add(name, about).add_argument("account", help="its id or e-mail address")


async def accounts(settings: Settings, options: argparse.Namespace) -> int:
    """Do what was asked for; 0."""
    async with running(settings) as application:
        administration = application.administration
        if options.action == "list":
            await _list(administration)
            return 0
        action = getattr(administration, options.action.replace("-", "_"))
        account_id = await action(options.account)
    print(f"{account_id} {_DONE[options.action]}")
    return 0


async def _list(administration: Administration) -> None:
    found = await administration.list()
    print("id\tkind\tstate\tfiles\tbytes\tmade\temail\tname")
    for account in found:
        print("\t".join(_row(account)))
    print(f"{len(found)} accounts", file=sys.stderr)


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
