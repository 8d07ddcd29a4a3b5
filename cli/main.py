"""The ``media`` command: serve, and look after what is served."""

import argparse
import asyncio
import inspect
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

from core.errors import MediaError, explained
from core.logs import configure_logging
from core.settings import SettingsError, load_settings
from storage.base import StorageError

COMMANDS: Final = {
    "serve": ("cli.serve", "Make or migrate the library, then serve until stopped."),
    "worker": ("cli.worker", "Make what servers with MEDIA_PROCESSING=queue ask for."),
    "migrate": ("cli.migrate", "Make the library if there is none, apply missing migrations."),
    "schema": ("cli.schema", "Print the GraphQL schema."),
    "fsck": ("cli.fsck", "Re-hash every file and report what is wrong."),
    "sweep": ("cli.sweep", "Remove what failed uploads left behind."),
    "reprocess": ("cli.reprocess", "Show or steer what is made anew after an upgrade."),
    "audit": ("cli.audit", "Show what administrators did to others' files."),
    "create-account": ("cli.create_account", "Make an account, print its token."),
    "accounts list": ("cli.list_accounts", "List every account."),
    "accounts disable": ("cli.accounts", "Shut an account out."),
    "accounts enable": ("cli.accounts", "Let an account in again."),
    "accounts promote": ("cli.accounts", "Make an account an administrator's."),
    "accounts demote": ("cli.accounts", "Make an administrator's account a user's."),
    "accounts revoke-recovery-code": ("cli.accounts", "Revoke the recovery code of a guest."),
    "accounts quota": ("cli.quota", "Show or change what an account may store."),
}
"""The module of each command, imported when the command is given, and what the command does.

A module has ``add_options(parser)`` and ``run(settings, options)``, which returns the exit status
or is a coroutine of it.
"""

GROUPS: Final = {"accounts": "List and manage accounts."}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 is success, 1 a failure or a finding, 2 a wrong call or setting."""
    options = _parsed(sys.argv[1:] if arguments is None else arguments)
    os.umask(0o077)  # what is stored is for this user alone, names and descriptions included
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = load_settings(os.environ)
        configure_logging(settings.log_format, settings.log_level)
        status = options.run(settings, options)
        return asyncio.run(status) if inspect.iscoroutine(status) else int(status)
    except SettingsError as error:
        return _fail(explained(error), 2)
    except MediaError as error:
        return _fail(explained(error), 1)
    except StorageError as error:
        return _fail(f"the storage failed: {explained(error)}", 1)
    except OSError as error:
        return _fail(str(error), 1)


def _fail(message: str, status: int) -> int:
    print(f"media: {message}", file=sys.stderr)
    return status


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("media", description="Serve and look after a media library.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    given = [word for word in arguments if not word.startswith("-")]
    groups = {}
    for name, about in GROUPS.items():
        group = commands.add_parser(name, help=about, description=about)
        groups[name] = group.add_subparsers(required=True, metavar="ACTION", dest="action")
    for words, (module, about) in COMMANDS.items():
        group_name, _, name = words.rpartition(" ")
        place: Any = groups.get(group_name, commands)
        command = place.add_parser(name, help=about, description=about)
        if words == " ".join(given[: len(words.split())]):
            _load(module, command)
    return parser.parse_args(arguments)


def _load(module: str, command: argparse.ArgumentParser) -> None:
    loaded = import_module(module)
    loaded.add_options(command)
    command.set_defaults(run=loaded.run)


if __name__ == "__main__":
    sys.exit(main())
