"""``media accounts``: shut accounts out and in, make administrators of them."""

import argparse

from core.settings import Settings
from services.administration import Administration
from services.library import opened_database

_DONE = {
    "disable": "is disabled; servers that run shut it out within a second",
    "enable": "is enabled",
    "promote": "is an administrator",
    "demote": "is no administrator, unless MEDIA_ADMINISTRATORS names it",
}


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the account that is meant."""
    command.add_argument("account", help="its id or e-mail address")


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do what was asked for; 0."""
    async with opened_database(settings) as database:
        act = getattr(Administration(database), options.action)
        account_id = await act(options.account)
    print(f"{account_id} {_DONE[options.action]}")
    return 0
