"""The check behind ``media fsck`` finds each kind of damage, and only what is damaged."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth.viewer import Viewer
from core.ids import new_key
from core.settings import Settings
from services.application import Application
from services.lifecycle import running
from services.maintenance.check import Checker, FindingKind
from tests.services.conftest import uploaded


@pytest.fixture
async def application(settings: Settings) -> AsyncIterator[Application]:
    """One whose invariants nobody asserts afterwards: these tests break them."""
    async with running(settings) as started:
        yield started


async def findings(application: Application) -> list[tuple[FindingKind, str]]:
    report = await Checker(application.database, application.storage).check()
    return [(finding.kind, finding.subject) for finding in report.findings]


def path_of(application: Application, key: str) -> Path:
    return application.settings.data_dir / "objects" / key[:2] / key


async def test_a_sound_library_has_no_findings(application: Application, owner: Viewer) -> None:
    for content in (b"", b"one", b"one", b"x" * 3_000_000):
        await uploaded(application, owner, content)
    report = await Checker(application.database, application.storage).check()
    assert (report.blobs, report.bytes, report.findings) == (3, 3_000_003, [])


@pytest.mark.parametrize("content", [b"One", b"on", b"one more"])
async def test_changed_bytes_are_a_mismatch(
    application: Application, owner: Viewer, content: bytes
) -> None:
    await uploaded(application, owner, b"other")
    file = await uploaded(application, owner, b"one")
    path_of(application, file.blob_id).write_bytes(content)
    assert await findings(application) == [(FindingKind.MISMATCH, file.blob_id)]


async def test_bytes_that_are_gone_are_missing(application: Application, owner: Viewer) -> None:
    file = await uploaded(application, owner, b"one")
    await application.storage.delete(file.blob_id)
    assert await findings(application) == [(FindingKind.MISSING, file.blob_id)]


async def test_an_object_that_nothing_names_is_an_orphan(application: Application) -> None:
    key = new_key()
    async with await application.storage.stage(key) as staged:
        await staged.write(b"lost")
        await staged.commit()
    assert await findings(application) == [(FindingKind.ORPHAN, key)]


async def test_wrong_references_and_totals_are_told(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, b"one")
    async with application.database.transaction() as transaction:
        await transaction.execute("UPDATE blob SET refs = 2")
        await transaction.execute("UPDATE user_account SET bytes_used = 4")
    assert await findings(application) == [
        (FindingKind.REFERENCES, file.blob_id),
        (FindingKind.TOTALS, file.owner_id),
    ]
