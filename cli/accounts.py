"""``media accounts``: disable and promote accounts, and revoke recovery codes."""

import argparse

from core.settings import Settings
from services.accounts.administration import Administration
from services.library import opened_database

_DONE = {
    "disable": "is disabled; servers that run shut it out within a second",
    "enable": "is enabled",
    "promote": "is an administrator",
    "demote": "is no administrator, unless MEDIA_ADMINISTRATORS names it",
    "revoke-recovery-code": "has no recovery code any more",
}


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the account that is meant."""
    command.add_argument("account", help="its id or e-mail address")


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do what was asked for; 0."""
    async with opened_database(settings) as database:
        act = getattr(Administration(database), options.action.replace("-", "_"))
        account_id = await act(options.account)
    print(f"{account_id} {_DONE[options.action]}")
    return 0
