"""``media accounts quota``: show or change what one account may store."""

import argparse

from core.settings import Settings
from services.library import opened_database
from services.uploads.quotas import Quotas
from services.uploads.room import Usage


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give the command its arguments."""
    parser.add_argument("account", help="the id of the account, user_…")
    for name in ("bytes", "files"):
        meaning = f"{name} that it may have: a number, none for no limit, or default"
        parser.add_argument(
            f"--{name}", type=_quota, metavar="N", default=argparse.SUPPRESS, help=meaning
        )


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Give the account what the options say, and print what it uses and may use; 0."""
    given = {
        f"quota_{name}": getattr(options, name) for name in ("bytes", "files") if name in options
    }
    async with opened_database(settings) as database:
        usage = await Quotas(database, settings).assign(options.account, **given)
    print(_told(usage))
    return 0


def _quota(value: str) -> int | None:
    """Return 0 for no limit and None for what accounts of its kind have."""
    words = {"none": 0, "default": None}
    if value in words:
        return words[value]
    if not value.isdecimal() or not 0 < int(value) < 2**62:
        raise argparse.ArgumentTypeError("must be a whole number above 0, none or default")
    return int(value)


def _told(usage: Usage) -> str:
    of_bytes, of_files = (
        "no limit" if limit is None else str(limit)
        for limit in (usage.quota_bytes, usage.quota_files)
    )
    return f"{usage.bytes} bytes of {of_bytes}, {usage.files} files of {of_files}"
