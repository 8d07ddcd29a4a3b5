"""``media migrate``: make the library if there is none, and bring its database up to date."""

import argparse

from core.settings import Settings
from services.lifecycle import running


def add_options(_: argparse.ArgumentParser) -> None:
    """Add nothing: it takes no options."""


async def run(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the database up to date; 0."""
    async with running(settings):
        print("the database is up to date")
    return 0
