"""What every test stands on: no network beyond loopback, and PostgreSQL for those that ask."""

import ipaddress
import os
import socket
import sys
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ["tests.database", "tests.postgres", "tests.swift"]

# Where it sees these, pytest writes the whole difference of what an assertion compares. Of two
# files of a megabyte that takes hours, and looks like a test that hangs.
for name in ("CI", "BUILD_NUMBER"):
    os.environ.pop(name, None)

# The time that one example takes says more about what else the machine does than about the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the acceptance tests run on other engines, and against the processes of a deployment."""
    parser.addoption("--deployed", action="store_true", help="against nginx and several servers")
    parser.addoption("--engine", choices=("sqlite", "postgres"), default="sqlite")


_SLOW_FOLDERS = {"acceptance", "browser", "deployment", "faults"}
_SLOW_FIXTURES = {"postgres_url", "s3_endpoint", "redis", "pgbouncer", "nginx"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start more than this process."""
    for item in items:
        if _is_slow(item):
            item.add_marker(pytest.mark.slow)


def _is_slow(item: pytest.Item) -> bool:
    folders = _SLOW_FOLDERS.intersection(item.path.relative_to(item.config.rootpath).parts)
    fixtures = _SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    engines = "postgres" in getattr(getattr(item, "callspec", None), "params", {}).values()
    return bool(folders or fixtures or engines)


_REACHING_OUT = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_the_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail the test that sends beyond loopback; ``pytest.fail`` passes ``except Exception`` by."""
    if event not in _REACHING_OUT:
        return
    connection, address = arguments
    is_internet = connection.family in {socket.AF_INET, socket.AF_INET6}
    if is_internet and address and not _is_loopback(address[0]):
        pytest.fail(f"a test reached out to {address[0]}, beyond loopback")


# An audit hook sees every use of Python's sockets, whichever library makes it.
sys.addaudithook(_refuse_the_network)
