"""How long the audit is kept: for ever, or as long as was set."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.ids import IdPrefix, new_id
from core.settings import Settings
from models.audit import AuditRecord
from services.application import Application
from tests.services.conftest import checked

DAY = timedelta(days=1)


async def record(days_ago: list[float]) -> None:
    """Write a record of each age, the oldest first."""
    now = datetime.now(UTC)
    await AuditRecord.bulk_create(
        AuditRecord(
            at=now - days * DAY,
            account_id=new_id(IdPrefix.USER),
            operation="read",
            file_id=new_id(IdPrefix.FILE),
            owner_id=new_id(IdPrefix.USER),
        )
        for days in days_ago
    )


async def ages(application: Application) -> list[int]:
    """Return how old each record is that there is, in whole days."""
    now = datetime.now(UTC)
    return [(now - each.at).days for each in await AuditRecord.all().order_by("id")]


async def test_records_are_kept_for_ever(application: Application) -> None:
    await record([10_000, 1])
    await application.sweeper.sweep()
    assert await ages(application) == [10_000, 1]


async def test_records_older_than_asked_for_go_in_batches(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.access.audit._AT_ONCE", 3)
    async with checked(replace(settings, audit_days=30)) as application:
        await record([*range(50, 30, -1), 30.1, 29.9, 2, 0])
        await application.sweeper.sweep()
        assert await ages(application) == [29, 2, 0]
        await application.sweeper.sweep()
        assert await ages(application) == [29, 2, 0]


async def test_records_out_of_order_go_with_a_later_sweep_and_no_young_one_does(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.access.audit._AT_ONCE", 3)
    async with checked(replace(settings, audit_days=30)) as application:
        await record([40, 5, 40, 40, 40, 3])  # the clock went back
        for _ in range(3):
            await application.sweeper.sweep()
        assert await ages(application) == [5, 3]
