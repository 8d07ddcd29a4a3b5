"""What another server holds locked in PostgreSQL, and has not committed, while this one works."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from services.application import Application
from services.derivatives.probing import _Found
from tests.services.conftest import uploaded

CLAIM = (
    "INSERT INTO derivative"
    " (id, blob_id, spec, kind, parameters, state, claim, claimed_until, created_at)"
    " SELECT 'derivative_of_another', key, 's', 'preview', '{}', 'pending', 'c', now(), now()"
    " FROM blob WHERE key = $1 AND refs > 0"
)


@pytest.fixture
def database_url(migrated_postgres_database: str) -> str:
    """The one engine that several servers share."""
    return migrated_postgres_database


@pytest.fixture
async def other(application: Application) -> AsyncIterator[Any]:
    """The connection of another server."""
    connection = await asyncpg.connect(application.settings.database_url)
    yield connection
    await connection.close()


async def until_it_waits(other: Any) -> None:
    """Return once somebody waits for what ``other`` holds."""
    async with asyncio.timeout(20):
        while not await other.fetchval(
            "SELECT 1 FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        ):
            await asyncio.sleep(0.01)


async def test_a_result_claimed_while_its_file_is_deleted_is_left_to_the_sweeper(
    application: Application, owner: Viewer, other: Any
) -> None:
    file = await uploaded(application, owner)
    claiming = other.transaction()
    await claiming.start()
    await other.execute(CLAIM, file.blob_id)
    deleting = asyncio.create_task(application.files.delete(owner, file.id))
    await until_it_waits(other)
    await claiming.commit()
    await deleting
    assert (await application.sweeper.sweep()).blobs == 1


async def test_dimensions_are_recorded_in_the_order_in_which_deletions_lock(
    application: Application, owner: Viewer, other: Any
) -> None:
    file = await uploaded(application, owner)
    deletion = other.transaction()
    await deletion.start()
    await other.execute("SELECT 1 FROM file WHERE id = $1 FOR UPDATE", file.id)
    recording = asyncio.create_task(application.prober._record({file.blob_id: _Found(4, 3)}))
    await until_it_waits(other)
    await other.execute("UPDATE blob SET refs = refs WHERE key = $1", file.blob_id)
    await deletion.commit()
    await recording
    assert (await application.files.get(owner, file.id)).width == 4
