"""Idempotency keys: one upload, however often it is tried, and whatever goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    ConflictError,
    KeyInUseError,
    KeyReusedError,
    MediaError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from core.settings import Settings
from models.file import StoredFile
from models.user import UserKind
from services.application import Application
from services.files.metadata import Draft
from services.uploads.idempotency import KEPT, Attempt, IdempotencyKeys
from services.uploads.room import Usage
from tests.database import When, cancel_at_every_step
from tests.services.conftest import account, assert_invariants, body, checked, staged_count

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


async def upload(
    application: Application,
    viewer: Viewer,
    *contents: bytes,
    key: str = KEY,
    name: str = "a.txt",
    **given: Any,
) -> list[StoredFile]:
    """Upload as the transports do: the key first, then the bodies, then the claim."""
    uploads = application.uploads
    async with uploads.attempt(viewer, key) as attempt:
        bodies = []
        try:
            for content in contents or (b"content",):
                chunks = body(content)
                bodies.append(await uploads.receive(viewer, chunks, name, attempt=attempt))
            return await uploads.claim_all(bodies, Draft(**given), attempt)
        finally:
            for one in bodies:
                await uploads.discard(one)


async def keys(application: Application) -> int:
    rows = await application.database.read("SELECT COUNT(*) FROM idempotency_key")
    return int(rows[0][0])


async def change_keys(application: Application, **columns: Any) -> None:
    names = ", ".join(f"{name} = ?" for name in columns)
    async with application.database.transaction() as transaction:
        await transaction.execute(f"UPDATE idempotency_key SET {names}", *columns.values())


async def test_a_retry_answers_the_first_files_and_stores_nothing(
    application: Application, owner: Viewer
) -> None:
    first = await upload(application, owner, b"one", b"two", tags=["x"])
    for _ in range(3):
        assert await upload(application, owner, b"one", b"two", tags=["x"]) == first
    usage = await application.quotas.usage(owner)
    assert (usage.files, usage.bytes) == (2, 6)
    assert staged_count(application) == 0


async def test_a_retry_answers_the_file_as_it_is_now(
    application: Application, owner: Viewer
) -> None:
    (first,) = await upload(application, owner)
    changed = await application.files.update(owner, first.id, {"filename": "b.txt"})
    assert await upload(application, owner) == [changed]


async def test_a_retry_needs_no_room(settings: Settings) -> None:
    async with checked(settings, quota_bytes=7, quota_files=1) as application:
        owner = await account(application)
        first = await upload(application, owner, b"content")
        assert await upload(application, owner, b"content") == first
        assert await application.quotas.usage(owner) == Usage(7, 1, 7, 1)


@pytest.mark.parametrize(
    ("contents", "given"),
    [
        ([b"other"], {}),
        ([b"content", b"content"], {}),
        ([b"content"], {"name": "b.txt"}),
        ([b"content"], {"description": "another"}),
        ([b"content"], {"tags": ["x"]}),
    ],
)
async def test_another_upload_under_the_key_is_refused(
    application: Application, owner: Viewer, contents: list[bytes], given: dict[str, Any]
) -> None:
    first = await upload(application, owner, b"content")
    with pytest.raises(KeyReusedError):
        await upload(application, owner, *contents, **given)
    assert await upload(application, owner, b"content") == first
    assert (await application.quotas.usage(owner)).files == 1


async def test_a_key_is_its_account_s_own(application: Application, owner: Viewer) -> None:
    other = await account(application)
    (mine,), (theirs,) = await upload(application, owner), await upload(application, other, b"x")
    assert mine.id != theirs.id
    (another,) = await upload(application, owner, key="another")
    assert another.id != mine.id


async def test_only_an_account_has_keys(application: Application) -> None:
    gone = Viewer("user_00000000000000000000000000", UserKind.USER)
    for nobody in (ANONYMOUS, gone):
        with pytest.raises(UnauthenticatedError):
            await upload(application, nobody)


async def test_a_request_that_runs_keeps_its_key(application: Application, owner: Viewer) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"con"
        begun.set()
        await go_on.wait()
        yield b"tent"

    async def first() -> StoredFile:
        async with application.uploads.attempt(owner, KEY) as attempt:
            received = await application.uploads.receive(owner, slow(), "a.txt", attempt=attempt)
            return await application.uploads.claim(received, Draft(), attempt)

    running = asyncio.create_task(first())
    await begun.wait()
    with pytest.raises(KeyInUseError):
        await upload(application, owner)
    go_on.set()
    assert await upload_when_free(application, owner, running) == [await running]


async def upload_when_free(
    application: Application, owner: Viewer, running: asyncio.Task[StoredFile]
) -> list[StoredFile]:
    await asyncio.wait([running])
    return await upload(application, owner)


async def test_of_many_at_once_one_makes_the_file(application: Application, owner: Viewer) -> None:
    async def attempt() -> str | None:
        try:
            return (await upload(application, owner))[0].id
        except KeyInUseError:
            return None

    ids = set(await asyncio.gather(*(attempt() for _ in range(20)))) - {None}
    assert len(ids) == 1
    assert [file.id for file in await upload(application, owner)] == list(ids)
    assert (await application.quotas.usage(owner)).files == 1


async def test_a_failed_request_frees_its_key(application: Application, owner: Viewer) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"con"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async with application.uploads.attempt(owner, KEY) as attempt:
            await application.uploads.receive(owner, breaking(), "a", attempt=attempt)
    async with application.uploads.attempt(owner, KEY):
        pass  # the document did not use it
    assert await keys(application) == 0
    await upload(application, owner)


async def test_a_key_covers_one_upload_of_a_request(
    application: Application, owner: Viewer
) -> None:
    uploads = application.uploads
    async with uploads.attempt(owner, KEY) as attempt:
        bodies = [await uploads.receive(owner, body(b"x"), "a") for _ in range(2)]
        await uploads.claim(bodies[0], Draft(), attempt)
        with pytest.raises(ValidationFailedError, match="one upload"):
            await uploads.claim(bodies[1], Draft(), attempt)
        await uploads.discard(bodies[1])


async def test_a_retry_of_what_was_deleted_says_so(application: Application, owner: Viewer) -> None:
    (first,) = await upload(application, owner)
    await application.files.delete(owner, first.id)
    with pytest.raises(NotFoundError, match="new key"):
        await upload(application, owner)
    await upload(application, owner, key="new")


async def test_a_key_is_kept_for_a_day(application: Application, owner: Viewer) -> None:
    (first,) = await upload(application, owner)
    await change_keys(application, created_at=datetime.now(UTC) - KEPT + timedelta(minutes=1))
    await application.sweeper.sweep()
    assert await upload(application, owner) == [first]
    await change_keys(application, created_at=datetime.now(UTC) - KEPT - timedelta(minutes=1))
    (second,) = await upload(application, owner)
    assert second.id != first.id
    assert await upload(application, owner) == [second]
    await change_keys(application, created_at=datetime.now(UTC) - KEPT - timedelta(minutes=1))
    await application.sweeper.sweep()
    assert await keys(application) == 0


async def test_a_key_that_was_held_by_a_killed_server_is_free_soon(
    application: Application, owner: Viewer
) -> None:
    lost = await application.keys._begin(Attempt(owner.id or "", KEY, "lost"))
    with pytest.raises(KeyInUseError):
        await upload(application, owner)
    await change_keys(application, held_until=datetime.now(UTC) - timedelta(seconds=1))
    (file,) = await upload(application, owner)
    # Should the other one live after all, it makes no second file.
    received = await application.uploads.receive(owner, body(b"content"), "a.txt")
    with pytest.raises(ConflictError):
        await application.uploads.claim(received, Draft(), replace(lost))
    assert await upload(application, owner) == [file]
    assert (await application.quotas.usage(owner)).files == 1


async def test_a_new_only_server_holds_no_key(application: Application, owner: Viewer) -> None:
    (file,) = await upload(application, owner)
    await application.keys._begin(Attempt(owner.id or "", "other", "lost"))
    await application.keys.drop_held()
    await upload(application, owner, b"y", key="other")
    assert await upload(application, owner) == [file]


@pytest.mark.parametrize("when", When)
async def test_an_upload_cancelled_anywhere_and_retried_makes_one_file(
    settings: Settings, when: When
) -> None:
    async with checked(settings, storage_url="memory:") as application:
        owner = await account(application)
        numbers = iter(range(10_000))
        key = ""

        async def once() -> None:
            nonlocal key
            key = str(next(numbers))
            await upload(application, owner, b"%s" % key.encode(), key=key)

        async def retried() -> None:
            number, before = int(key), (await application.quotas.usage(owner)).files
            (file,) = await until_free(application, owner, key)
            after = (await application.quotas.usage(owner)).files
            assert after == number + 1
            assert after - before in {0, 1}
            assert file.size == len(key)

        await cancel_at_every_step(when, once, retried)
        await assert_invariants(application)


async def until_free(application: Application, owner: Viewer, key: str) -> list[StoredFile]:
    """Retry while the key is let go, as a client does."""
    while True:
        try:
            return await upload(application, owner, key.encode(), key=key)
        except KeyInUseError as error:
            assert isinstance(error, MediaError)
            await asyncio.sleep(0.01)


async def test_the_renewal_of_a_key_is_over_when_its_request_has_ended(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def renew(*_: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):  # as one does that rolls back
                await asyncio.sleep(0)
            ended.set()

    monkeypatch.setattr(IdempotencyKeys, "_renew", renew)
    async with application.uploads.attempt(owner, KEY) as attempt:
        await begun.wait()
        assert attempt is not None
        attempt.completed = True
    assert ended.is_set()
