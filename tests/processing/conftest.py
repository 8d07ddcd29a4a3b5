"""Pools of hostile workers, in the best sandbox and in none."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO

import pytest

from processing.sandbox import PACKAGES, Sandbox, find_sandbox
from processing.workers import Workers
from tests.processing import hostile_tasks
from tests.processing.pool import CONTENT, opened, overlook_children


@pytest.fixture(autouse=True)
def neighbours() -> None:
    """Neither count nor kill the servers that run for other tests."""
    overlook_children()


@pytest.fixture(scope="module")
def best() -> Sandbox:
    return find_sandbox((*PACKAGES, hostile_tasks.FOLDER))


@pytest.fixture(params=["none", "best"])
def sandbox(request: pytest.FixtureRequest, best: Sandbox) -> Sandbox:
    return best if request.param == "best" else Sandbox("none")


@pytest.fixture
async def workers(sandbox: Sandbox) -> AsyncIterator[Workers]:
    async with opened(sandbox) as made:
        yield made


@pytest.fixture
def file() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as made:
        made.write(CONTENT)
        made.flush()
        yield made
