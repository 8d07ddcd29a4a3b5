"""``media reprocess``: show and steer what servers and workers make anew in the background."""

import argparse
from collections.abc import Sequence
from typing import Final

from core.settings import Settings
from services.derivatives.progress import Progress, Reprocessings, Work
from services.library import opened_database

_ALL: Final = "all"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what may be done, each with the kinds of work that it is done to."""
    command.epilog = (
        "Without an option, it shows what is left. Servers (with MEDIA_PROCESSING=queue"
        " workers) notice a change within a minute. WORK is one or several of"
        f" {', '.join(Work)}, or {_ALL}."
    )
    actions = command.add_mutually_exclusive_group()
    actions.add_argument("--status", action="store_true", help="show what is left (the default)")
    for name, about in (
        ("start", "make everything anew, for example after installing fonts or languages"),
        ("pause", "stop until it is resumed, also after a restart"),
        ("resume", "go on where it stopped"),
    ):
        choices = [*(work.value for work in Work), _ALL]
        actions.add_argument(f"--{name}", nargs="+", choices=choices, metavar="WORK", help=about)


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do what was asked for, then print what is left of each kind of work; 0."""
    async with opened_database(settings) as database, database.patient():
        reprocessings = Reprocessings(database)
        await reprocessings.prepare()
        if options.start:
            await reprocessings.start(_works(options.start))
        if options.pause:
            await reprocessings.pause(_works(options.pause))
        if options.resume:
            await reprocessings.pause(_works(options.resume), paused=False)
        for progress in await reprocessings.all():
            print(f"{progress.work + ':':10}{_told(progress)}")
    return 0


def _works(names: Sequence[str]) -> list[Work]:
    return list(Work) if _ALL in names else [Work(name) for name in names]


def _told(progress: Progress) -> str:
    left = f"{progress.files_left} files left to look at" if progress.files_left else "up to date"
    return f"{left}, paused" if progress.is_paused else left
