"""``media fsck``: re-hash every file."""

import argparse

from core.settings import Settings
from services.lifecycle import running
from services.maintenance.check import Checker


def add_options(_: argparse.ArgumentParser) -> None:
    """Add nothing: it takes no options."""


async def run(settings: Settings, _: argparse.Namespace) -> int:
    """Check every stored file; 1 if anything is wrong."""
    async with (
        running(settings, create=False) as application,
        application.database.patient(),  # all rows are counted, however many
    ):
        report = await Checker(application.database, application.storage).check()
    for finding in report.findings:
        print(f"{finding.kind}: {finding.subject}: {finding.detail}")
    print(f"checked {report.blobs} blobs of {report.bytes} bytes: {len(report.findings)} findings")
    return 1 if report.findings else 0
