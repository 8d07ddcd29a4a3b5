"""Commands that look after the library: migrate, sweep, check, make accounts."""

import argparse
from dataclasses import replace

from core.logs import redacted
from core.settings import Settings, SettingsError
from models.user import UserKind
from services.application import running
from services.check import Checker


async def migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the database up to date; 0."""
    async with running(settings):
        print("the database is up to date")
    return 0


async def sweep(settings: Settings, options: argparse.Namespace) -> int:
    """Sweep once, with a grace period of its own if asked; 0."""
    grace = settings.upload_grace_seconds if options.grace is None else options.grace
    async with running(replace(settings, upload_grace_seconds=grace)) as application:
        swept = await application.sweeper.sweep()
    print(f"removed: {swept.uploads} uploads, {swept.blobs} blobs, {swept.staged} staging files")
    return 0


async def fsck(settings: Settings, _: argparse.Namespace) -> int:
    """Check every stored file; 1 if anything is wrong."""
    if not settings.data_dir.exists():  # an empty library made on the spot would be sound
        raise SettingsError(f"there is no library in {settings.data_dir.resolve()}")
    async with (
        running(settings) as application,
        application.database.patient(),  # all rows are counted, however many
    ):
        report = await Checker(application.database, application.storage).check()
    for finding in report.findings:
        print(f"{finding.kind}: {finding.subject}: {finding.detail}")
    print(f"checked {report.blobs} blobs of {report.bytes} bytes: {len(report.findings)} findings")
    return 1 if report.findings else 0


async def create_account(settings: Settings, options: argparse.Namespace) -> int:
    """Make an account and print its id, the library it is of, and its access token; 0."""
    async with running(settings) as application:
        session = await application.accounts.create(UserKind(options.kind))
    library = redacted(settings.database_url) or settings.data_dir.resolve()
    print(f"{session.account_id} ({session.kind}) of {library}\n{session.access_token}")
    return 0
