"""``media sweep``: remove what failed uploads left behind."""

import argparse
from dataclasses import replace

from core.settings import Settings
from services.lifecycle import running


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the grace period."""
    command.add_argument("--grace", type=int, metavar="SECONDS", help="how old it must be")


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Sweep once, with a grace period of its own if asked; 0."""
    grace = settings.upload_grace_seconds if options.grace is None else options.grace
    settings = replace(settings, upload_grace_seconds=grace)
    async with running(settings, create=False) as application:
        swept = await application.sweeper.sweep()
    print(f"removed: {swept.uploads} uploads, {swept.blobs} blobs, {swept.staged} staging files")
    return 0
