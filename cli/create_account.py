"""``media create-account``: make an account, for scripts and for the first administrator."""

import argparse

from core.logs import redacted
from core.settings import Settings
from models.account_kind import UserKind
from services.lifecycle import running


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the kind of the account."""
    command.add_argument("kind", choices=[kind.value for kind in UserKind])


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """Make an account and print its id, the library it is of, and its access token; 0."""
    async with running(settings, create=False) as application:
        session = await application.accounts.create(UserKind(options.kind))
    library = redacted(settings.database_url) or settings.data_dir.resolve()
    print(f"{session.account_id} ({session.kind}) of {library}\n{session.access_token}")
    return 0
