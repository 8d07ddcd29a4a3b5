"""Quotas: by kind and by account, held before bodies are read, and never passed."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    NotFoundError,
    PayloadTooLargeError,
    QuotaExceededError,
    TooManyUploadsError,
    UnauthenticatedError,
)
from core.settings import Settings
from models.user import UserKind
from services.application import Application
from services.files.metadata import Draft
from services.uploads.room import Usage
from services.uploads.types import Expected
from tests.services.conftest import account, body, checked, received, uploaded

Served = Callable[..., Any]


@pytest.fixture
def quotas(settings: Settings) -> Served:
    """Run the application with other settings, its bytes in memory."""
    return lambda **changed: checked(settings, storage_url="memory:", **changed)


async def unread() -> AsyncIterator[bytes]:
    pytest.fail("the body was read")
    yield b""


def id_of(viewer: Viewer) -> str:
    assert viewer.id is not None
    return viewer.id


async def held(application: Application) -> list[int]:
    rows = await application.database.read("SELECT reserved_bytes FROM upload ORDER BY id")
    return [row[0] for row in rows]


async def age_holds(application: Application) -> None:
    async with application.database.transaction() as transaction:
        await transaction.execute(
            "UPDATE upload SET reserved_until = ?", datetime.now(UTC) - timedelta(seconds=1)
        )


@pytest.mark.parametrize(
    ("kind", "quota"),
    [(UserKind.USER, (50, 5)), (UserKind.GUEST, (20, 2)), (UserKind.ADMINISTRATOR, (None, None))],
)
async def test_the_quota_is_that_of_the_kind(
    quotas: Served, kind: UserKind, quota: tuple[int | None, int | None]
) -> None:
    limits = {"guest_quota_bytes": 20, "guest_quota_files": 2}
    async with quotas(quota_bytes=50, quota_files=5, **limits) as application:
        viewer = await account(application, kind)
        await uploaded(application, viewer, b"x" * 20)
        await uploaded(application, viewer, b"")
        assert await application.quotas.usage(viewer) == Usage(20, 2, *quota)
        if kind is UserKind.GUEST:
            with pytest.raises(QuotaExceededError, match="2 files"):
                await uploaded(application, viewer, b"")
        else:
            await uploaded(application, viewer, b"y" * 20)


@pytest.mark.parametrize(
    ("user", "guest", "effective"), [(5, 9, 5), (9, 5, 5), (0, 5, 5), (5, 0, 5), (0, 0, None)]
)
async def test_a_guest_never_has_more_than_a_user(
    quotas: Served, user: int, guest: int, effective: int | None
) -> None:
    async with quotas(quota_bytes=user, guest_quota_bytes=guest) as application:
        usage = await application.quotas.usage(await account(application, UserKind.GUEST))
    assert usage.quota_bytes == effective


async def test_an_account_can_have_a_quota_of_its_own(quotas: Served) -> None:
    async with quotas(quota_bytes=5) as application:
        viewer = await account(application)
        give = application.quotas.assign
        assert await give(id_of(viewer), quota_bytes=10) == Usage(0, 0, 10, None)
        await uploaded(application, viewer, b"x" * 10)
        assert await give(id_of(viewer), quota_bytes=0) == Usage(10, 1, None, None)
        await uploaded(application, viewer, b"x" * 10)
        assert await give(id_of(viewer), quota_files=2) == Usage(20, 2, None, 2)
        with pytest.raises(QuotaExceededError):
            await uploaded(application, viewer, b"")
        assert await give(id_of(viewer), quota_bytes=None, quota_files=None) == Usage(20, 2, 5)
        with pytest.raises(QuotaExceededError):
            await uploaded(application, viewer, b"x")


async def test_only_an_account_that_is_there_has_a_quota(application: Application) -> None:
    with pytest.raises(NotFoundError):
        await application.quotas.assign("user_00000000000000000000000000", quota_bytes=1)
    with pytest.raises(UnauthenticatedError):
        await application.quotas.usage(ANONYMOUS)


async def test_what_cannot_fit_is_refused_before_it_is_read(quotas: Served) -> None:
    async with quotas(quota_bytes=10) as application:
        viewer = await account(application)
        await uploaded(application, viewer, b"x" * 4)
        with pytest.raises(QuotaExceededError) as refusal:
            await application.uploads.receive(viewer, unread(), "a", None, Expected(7, 900))
        assert refusal.value.figures == {
            "bytes": 4,
            "files": 1,
            "quota_bytes": 10,
            "quota_files": None,
            "held_bytes": 0,
            "held_files": 0,
            "needed_bytes": 7,
        }
        with pytest.raises(PayloadTooLargeError):
            await application.uploads.receive(viewer, unread(), "a", None, Expected(2**40, 2**40))


async def test_a_request_that_cannot_succeed_is_refused_from_its_length(quotas: Served) -> None:
    async with quotas(quota_bytes=100, max_upload_bytes=60, staged_bytes=90) as application:
        uploads, viewer = application.uploads, await account(application)
        await uploaded(application, viewer, b"x" * 30)
        await uploads.require_possible(viewer, 60)
        with pytest.raises(PayloadTooLargeError, match="60 bytes long"):
            await uploads.require_possible(viewer, 61)
        await uploads.require_possible(viewer, 70, files=2)
        with pytest.raises(QuotaExceededError) as refused:
            await uploads.require_possible(viewer, 71, files=2)
        assert refused.value.figures["needed_bytes"] == 71
        with pytest.raises(PayloadTooLargeError, match="90 bytes together"):
            await uploads.require_possible(viewer, 91, files=2)
        assert await held(application) == []


async def test_a_request_without_an_account_is_refused_whatever_its_length(
    quotas: Served,
) -> None:
    async with quotas() as application:
        for size in (0, 1, 1_000_000_000):
            with pytest.raises(UnauthenticatedError):
                await application.uploads.require_possible(ANONYMOUS, size)


async def test_a_retry_needs_no_quota(quotas: Served) -> None:
    async with quotas(quota_bytes=10) as application:
        uploads, viewer = application.uploads, await account(application)
        async with uploads.attempt(viewer, "key") as attempt:
            staged = await uploads.receive(viewer, body(b"x" * 10), "a.txt", attempt=attempt)
            await uploads.claim(staged, Draft(), attempt)
        async with uploads.attempt(viewer, "key") as attempt:
            await uploads.require_possible(viewer, 10, attempt)
        with pytest.raises(QuotaExceededError):
            await uploads.require_possible(viewer, 10)


async def test_a_body_under_way_holds_its_place(quotas: Served) -> None:
    async with quotas(quota_bytes=10) as application:
        viewer = await account(application)
        first = await application.uploads.receive(viewer, body(b"x" * 6), "a", None, Expected(6, 6))
        with pytest.raises(QuotaExceededError, match="6 in 1 under way"):
            await application.uploads.receive(viewer, unread(), "a", None, Expected(5, 5))
        await application.uploads.discard(first)
        await uploaded(application, viewer, b"x" * 10)


async def test_a_bound_that_is_too_high_does_not_refuse(quotas: Served) -> None:
    async with quotas(quota_bytes=10) as application:
        viewer = await account(application)
        staged = await application.uploads.receive(
            viewer, body(b"x" * 10), "a", None, Expected(0, 400)
        )
        assert await held(application) == [10]
        await application.uploads.claim(staged, Draft())


async def test_a_body_of_unknown_length_is_stopped_when_it_passes_the_quota(
    quotas: Served,
) -> None:
    async with quotas(quota_bytes=100_000) as application:
        viewer = await account(application)
        taken = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal taken
            while True:
                taken += 1000
                yield bytes(1000)

        with pytest.raises(QuotaExceededError):
            await application.uploads.receive(viewer, endless(), "a")
        assert taken == 101_000


async def test_what_is_held_grows_ahead_of_a_long_body(quotas: Served) -> None:
    async with quotas() as application:
        viewer = await account(application)
        seen: list[list[int]] = []

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(33):
                yield bytes(1000)
                seen.append(await held(application))

        staged = await application.uploads.receive(viewer, chunks(), "a")
        assert [one for one, _ in itertools.groupby(seen)] == [
            [1000 * 2**power] for power in range(7)
        ]
        assert await held(application) == [33_000]
        await application.uploads.discard(staged)


async def test_one_account_cannot_have_more_under_way_than_it_may(quotas: Served) -> None:
    async with quotas(staged_bytes=10, max_upload_bytes=10) as application:
        viewer, other = await account(application), await account(application)
        staged = [await received(application, viewer, b"12345") for _ in range(2)]
        with pytest.raises(TooManyUploadsError):
            await received(application, viewer, b"1")
        await application.uploads.discard(await received(application, other, b"0123456789"))
        await application.uploads.claim(staged[0], Draft())
        await uploaded(application, viewer, b"12345")
        await application.uploads.discard(staged[1])


async def test_one_file_of_the_largest_size_may_always_be_under_way(quotas: Served) -> None:
    async with quotas(staged_bytes=1, max_upload_bytes=1000) as application:
        viewer = await account(application)
        assert (await uploaded(application, viewer, bytes(1000))).size == 1000


async def test_an_upload_that_was_lost_holds_its_place_no_longer_than_its_time(
    quotas: Served,
) -> None:
    async with quotas(quota_bytes=10, quota_files=1) as application:
        viewer = await account(application)
        lost = await received(application, viewer, b"x" * 10)
        with pytest.raises(QuotaExceededError):
            await received(application, viewer, b"x")
        await age_holds(application)
        await uploaded(application, viewer, b"x" * 10)
        with pytest.raises(QuotaExceededError):
            await application.uploads.claim(lost, Draft())
        assert await application.quotas.usage(viewer) == Usage(10, 1, 10, 1)


async def test_a_new_only_server_knows_no_holds(quotas: Served) -> None:
    async with quotas(quota_bytes=10) as application:
        viewer = await account(application)
        lost = await received(application, viewer, b"x" * 10)
        await application.quotas.drop_holds()
        await uploaded(application, viewer, b"x" * 10)
        await application.uploads.discard(lost)


@pytest.mark.parametrize(
    "expected", [Expected(), Expected(9, 9), Expected(9, 300)], ids=["unknown", "exact", "bounded"]
)
async def test_fifty_uploads_at_the_edge_never_pass_the_quota(
    quotas: Served, expected: Expected
) -> None:
    async with quotas(quota_bytes=99, quota_files=20) as application:
        viewer = await account(application)

        async def attempt(number: int) -> bool:
            chunks = body(b"%09d" % number)
            try:
                staged = await application.uploads.receive(viewer, chunks, "a", None, expected)
                await application.uploads.claim(staged, Draft())
            except QuotaExceededError:
                return False
            return True

        accepted = sum(await asyncio.gather(*(attempt(number) for number in range(50))))
        usage = await application.quotas.usage(viewer)
        assert (usage.bytes, usage.files) == (9 * accepted, accepted)
        assert usage.bytes <= 99
        if expected.most != 300:  # a bound that is too high may keep others out for a moment
            assert accepted == 11
        while accepted < 11:
            assert await attempt(100 + accepted)
            accepted += 1
        assert not await attempt(200)
