"""``media schema``: print the GraphQL schema."""

import argparse

from core.settings import Settings
from schema.build import export


def add_options(_: argparse.ArgumentParser) -> None:
    """Add nothing: it takes no options."""


def run(_settings: Settings, _options: argparse.Namespace) -> int:
    """Print the schema; 0."""
    print(export(), end="")
    return 0
