"""``media audit``: what administrators did with files that are not their own."""

import argparse

import orjson

from auth.policy import Policy
from core.settings import Settings
from models.audit import AuditEntry
from services.access.audit import OPERATOR, Audit
from services.access.bounds import MAX_PAGE
from services.library import opened_database


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument("--file", metavar="ID", help="only what was done to this file")
    command.add_argument("--account", metavar="ID", help="only what this administrator did")
    command.add_argument("--limit", type=int, default=100, help="how many records (100)")
    command.add_argument("--json", action="store_true", help="one JSON object a line")


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Print the newest records, newest first; 0."""
    show = _json if options.json else _line
    async with opened_database(settings) as database:
        audit = Audit(database, Policy())
        for offset in range(0, options.limit, MAX_PAGE):
            entries, _ = await audit.page(
                OPERATOR,
                limit=min(MAX_PAGE, options.limit - offset),
                offset=offset,
                account_id=options.account,
                file_id=options.file,
            )
            for entry in entries:
                print(show(entry))
    return 0


def _line(entry: AuditEntry) -> str:
    at = entry.at.isoformat(timespec="milliseconds")
    about = f"{entry.operation} {entry.file_id} of {entry.owner_id}"
    return f"{at} {entry.account_id}: {about} (request {entry.request_id or '-'})"


def _json(entry: AuditEntry) -> str:
    return orjson.dumps(entry, option=orjson.OPT_UTC_Z).decode()
