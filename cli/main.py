"""The ``media`` command: serve, and look after what is served."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from cli import maintenance
from cli.accounts import accounts, add_actions
from cli.audit import add_options, audit
from cli.quota import add_quota, quota
from cli.serve import serve
from cli.worker import worker
from core.errors import MediaError, explained
from core.logs import configure_logging
from core.settings import Settings, SettingsError, load_settings
from models.user import UserKind
from schema.build import export
from storage.base import StorageError

Run = Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a failure or a finding, 2 a wrong call or setting."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)  # what is stored is for this user alone, names and descriptions included
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings(os.environ)
        configure_logging(settings.log_format, settings.log_level)
        run: Run = options.run
        return run(settings, options)
    except SettingsError as error:
        return _fail(explained(error), 2)
    except MediaError as error:
        return _fail(explained(error), 1)
    except StorageError as error:
        return _fail(f"the storage failed: {error}", 1)
    except OSError as error:
        return _fail(str(error), 1)


def _fail(message: str, status: int) -> int:
    print(f"media: {message}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("media", description="Serve and look after a media library.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Run, about: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        return command

    add("serve", lambda settings, _: serve(settings), "Migrate, then serve until stopped.")
    add("worker", _awaited(worker), "Make what servers with MEDIA_PROCESSING=queue ask for.")
    add("migrate", _awaited(maintenance.migrate), "Apply the migrations that are missing.")
    add("schema", _schema, "Print the GraphQL schema.")
    add("fsck", _awaited(maintenance.fsck), "Re-hash every file and report what is wrong.")
    sweep = add("sweep", _awaited(maintenance.sweep), "Remove what failed uploads left behind.")
    sweep.add_argument("--grace", type=int, metavar="SECONDS", help="how old it must be")
    add_options(add("audit", _awaited(audit), "Show what administrators did to others' files."))
    account = add(
        "create-account", _awaited(maintenance.create_account), "Make an account, print its token."
    )
    account.add_argument("kind", choices=[kind.value for kind in UserKind])
    managing = add("accounts", _awaited(accounts), "List and manage accounts.")
    actions = managing.add_subparsers(required=True, metavar="ACTION", dest="action")
    add_actions(lambda name, about: actions.add_parser(name, help=about, description=about))
    of_account = actions.add_parser("quota", help="Show or change what an account may store.")
    of_account.set_defaults(run=_awaited(quota))
    add_quota(of_account)
    return parser


def _awaited(command: Callable[..., Coroutine[Any, Any, int]]) -> Run:
    return lambda settings, options: asyncio.run(command(settings, options))


def _schema(_settings: Settings, _options: argparse.Namespace) -> int:
    print(export(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
