"""Uploads that succeed: the bytes, what is known of them, and what they cost."""

import asyncio
import hashlib
import itertools
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    PayloadTooLargeError,
    QuotaExceededError,
    UnauthenticatedError,
    UnavailableError,
    ValidationFailedError,
)
from core.ids import IdPrefix, is_id
from core.settings import MIB, Settings
from models.file import Visibility
from services.application import Application
from services.files.listing import FileFilter
from services.files.metadata import Draft
from services.files.paging import Order
from tests.processing.containers import box, file_type, movie
from tests.services.conftest import (
    LIMIT,
    account,
    assert_invariants,
    body,
    checked,
    content_of,
    received,
    staged_count,
    uploaded,
)

SIZES = [0, 1, 64 * 1024 - 1, MIB, MIB + 1, 5 * MIB, LIMIT]


def content(size: int) -> bytes:
    return random.Random(size).randbytes(size)  # noqa: S311 - not a secret


def pieces(whole: bytes, length: int) -> list[bytes]:
    return [whole[start : start + length] for start in range(0, len(whole), length)]


async def counters(application: Application, viewer: Viewer) -> tuple[int, int]:
    found = await application.accounts.account(viewer)
    return found.files_count, found.bytes_used


async def references(application: Application) -> list[int]:
    rows = await application.database.read("SELECT refs FROM blob ORDER BY refs")
    return [row[0] for row in rows]


async def test_stored_bytes_are_sent_bytes(application: Application, owner: Viewer) -> None:
    for size, length in itertools.product(SIZES, [1000, 64 * 1024, 3 * MIB]):
        sent = content(size)
        staged = await received(application, owner, *pieces(sent, length))
        file = await application.uploads.claim(staged, Draft())
        assert (file.size, file.checksum) == (size, hashlib.sha256(sent).hexdigest())
        assert await content_of(application, owner, file.id) == sent
        assert await counters(application, owner) == (1, size)
        await application.files.delete(owner, file.id)


async def test_a_new_file_is_private_and_named_as_it_came(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, b"# Title\n", name="../notes.md")
    assert is_id(file.id, IdPrefix.FILE)
    assert (file.filename, file.mime_type) == ("notes.md", "text/markdown")
    assert (file.description, file.tags, file.visibility) == (None, [], Visibility.PRIVATE)
    assert file.created_at == file.updated_at
    assert file.created_at.tzinfo is not None
    assert await application.files.get(owner, file.id) == file


async def test_a_draft_says_what_the_file_is(application: Application, owner: Viewer) -> None:
    given: dict[str, Any] = {
        "filename": "b.txt",
        "description": "x",
        "tags": ["b", "a"],
        "visibility": "public",
    }
    file = await uploaded(application, owner, **given)
    assert {name: getattr(file, name) for name in given} == given
    assert await application.files.get(owner, file.id) == file


async def test_a_body_without_a_name_gets_one(application: Application, owner: Viewer) -> None:
    for name in (None, "", "..", "/"):
        staged = await received(application, owner, b"x", filename=name)
        assert (await application.uploads.claim(staged, Draft())).filename == "unnamed"


async def test_the_type_is_of_the_content_even_if_it_comes_byte_by_byte(
    application: Application, owner: Viewer
) -> None:
    page = b"<!DOCTYPE html><html><body>hello</body></html>"
    staged = await received(application, owner, *pieces(page, 1), filename="photo.jpg")
    assert staged.mime_type == "text/html"
    await application.uploads.discard(staged)


async def test_the_type_is_found_wherever_in_the_file_it_is_told(
    application: Application, owner: Viewer
) -> None:
    media = box(b"mdat", bytes(300_000))
    recording = file_type(b"isom") + media + movie(b"soun") + media
    staged = await received(application, owner, *pieces(recording, 10_000), filename="a.mp4")
    assert staged.mime_type == "audio/mp4"
    await application.uploads.discard(staged)


async def test_the_declared_type_chooses_among_types_that_the_content_leaves_open(
    application: Application, owner: Viewer
) -> None:
    for declared, expected in (("text/markdown", "text/markdown"), ("image/png", "text/plain")):
        staged = await application.uploads.receive(owner, body(b"# Title\n"), "unnamed", declared)
        assert staged.mime_type == expected
        await application.uploads.discard(staged)


async def test_only_an_account_may_upload_and_no_byte_is_read_of_others(
    application: Application,
) -> None:
    async def unread() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    with pytest.raises(UnauthenticatedError):
        await application.uploads.receive(ANONYMOUS, unread(), "a")


async def test_a_name_with_a_nul_is_refused_before_the_body(
    application: Application, owner: Viewer
) -> None:
    with pytest.raises(ValidationFailedError, match="filename"):
        await received(application, owner, b"x", filename="a\0b")
    await assert_invariants(application)


async def test_what_is_received_is_invisible_until_it_is_claimed(
    application: Application, owner: Viewer
) -> None:
    staged = await received(application, owner, b"x")
    page = await application.listing.page(owner, FileFilter(), Order(), limit=1, offset=0)
    assert page == []
    assert await counters(application, owner) == (0, 0)
    await application.uploads.discard(staged)
    await application.uploads.discard(staged)


async def test_discarding_what_became_a_file_changes_nothing(
    application: Application, owner: Viewer
) -> None:
    staged = await received(application, owner, b"x")
    file = await application.uploads.claim(staged, Draft())
    await application.uploads.discard(staged)
    assert await content_of(application, owner, file.id) == b"x"


async def test_the_same_content_is_stored_once_and_charged_twice(
    application: Application, owner: Viewer
) -> None:
    first = await uploaded(application, owner, b"same", name="a")
    second = await uploaded(application, owner, b"same", name="b")
    assert (first.blob_id, first.checksum) == (second.blob_id, second.checksum)
    assert await references(application) == [2]
    assert await counters(application, owner) == (2, 8)
    await assert_invariants(application)


async def test_another_owner_has_bytes_of_their_own(
    application: Application, owner: Viewer
) -> None:
    stranger = await account(application)
    mine = await uploaded(application, owner, b"same")
    theirs = await uploaded(application, stranger, b"same")
    assert mine.blob_id != theirs.blob_id
    assert await references(application) == [1, 1]
    assert await counters(application, stranger) == (1, 4)


async def test_several_bodies_are_claimed_together(application: Application, owner: Viewer) -> None:
    parts = [b"one", b"two", b"one", b"", b"one"]
    bodies = [await received(application, owner, part) for part in parts]
    files = await application.uploads.claim_all(bodies, Draft(tags=["x"]))
    assert [await content_of(application, owner, file.id) for file in files] == parts
    assert await references(application) == [1, 1, 3]
    assert await counters(application, owner) == (5, 12)
    assert await application.uploads.claim_all([], Draft()) == []


class Endless:
    """A body that never ends, and counts what is taken of it."""

    def __init__(self, chunk: int) -> None:
        self.taken = 0
        self._chunk = bytes(chunk)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield chunks for ever."""
        while True:
            self.taken += len(self._chunk)
            yield self._chunk


async def test_a_body_over_the_limit_is_stopped_in_mid_stream(
    application: Application, owner: Viewer
) -> None:
    for chunk in (1000, 64 * 1024, MIB):
        endless = Endless(chunk)
        with pytest.raises(PayloadTooLargeError, match=str(LIMIT)):
            await application.uploads.receive(owner, endless.chunks(), "a")
        assert LIMIT < endless.taken <= LIMIT + MIB
        await assert_invariants(application)


async def test_one_byte_too_many_is_too_many(application: Application, owner: Viewer) -> None:
    with pytest.raises(PayloadTooLargeError):
        await received(application, owner, bytes(LIMIT), b"x")
    await assert_invariants(application)


async def test_twenty_uploads_of_one_content_at_once_share_it(
    application: Application, owner: Viewer
) -> None:
    staged = await asyncio.gather(*(received(application, owner, b"same") for _ in range(20)))
    files = await asyncio.gather(*(application.uploads.claim(each, Draft()) for each in staged))
    assert len({file.blob_id for file in files}) == 1
    assert await references(application) == [20]
    assert await counters(application, owner) == (20, 80)
    await assert_invariants(application)


async def test_content_deleted_while_it_is_uploaded_again_is_never_lost(
    in_memory: Application,
) -> None:
    owner = await account(in_memory)
    contents = [b"one", b"two"]

    async def come_and_go(number: int) -> None:
        for turn in range(12):
            part = contents[(number + turn) % 2]
            try:
                file = await uploaded(in_memory, owner, part)
            except UnavailableError as busy:
                assert "changed elsewhere" in busy.message
                continue
            assert await content_of(in_memory, owner, file.id) == part
            if turn % 4:
                await in_memory.files.delete(owner, file.id)

    await asyncio.gather(*(come_and_go(number) for number in range(6)))
    await assert_invariants(in_memory)


async def test_uploads_and_deletions_of_many_files_never_wait_for_each_other_in_a_circle(
    in_memory: Application,
) -> None:
    owner = await account(in_memory)
    contents = [b"one", b"two", b"three"]

    async def together(order: list[bytes]) -> None:
        for _ in range(8):
            bodies = [await received(in_memory, owner, part) for part in order]
            files = await in_memory.uploads.claim_all(bodies, Draft())
            await in_memory.files.bulk_delete(owner, [file.id for file in files[1:]])
            await in_memory.files.delete(owner, files[0].id)

    for part in contents:
        await uploaded(in_memory, owner, part)  # so that all of them share it
    orders = [contents, contents[::-1], contents[1:], contents[:2], contents[::-1]]
    await asyncio.gather(*(together(order) for order in orders))
    assert await references(in_memory) == [1, 1, 1]
    await assert_invariants(in_memory)


@pytest.mark.parametrize("name_content", [lambda number: b"%09d" % number, lambda _: b"same text"])
async def test_parallel_uploads_never_pass_the_quota(
    settings: Settings, name_content: Callable[[int], bytes]
) -> None:
    async with checked(settings, quota_bytes=100, storage_url="memory:") as application:
        owner = await account(application)
        outcomes = await asyncio.gather(
            *(uploaded(application, owner, name_content(number)) for number in range(50)),
            return_exceptions=True,
        )
        accepted = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
        refused = [outcome for outcome in outcomes if isinstance(outcome, QuotaExceededError)]
        assert (len(accepted), len(refused)) == (11, 39)
        assert await counters(application, owner) == (11, 99)
        await assert_invariants(application)
        assert (await uploaded(application, owner, b"x")).size == 1


async def test_the_quota_is_of_each_account_and_comes_back_by_deletion(
    settings: Settings,
) -> None:
    async with checked(settings, quota_bytes=10) as application:
        owner, stranger = await account(application), await account(application)
        file = await uploaded(application, owner, b"x" * 10)
        with pytest.raises(QuotaExceededError, match="10 bytes"):
            await uploaded(application, owner, b"y")
        await uploaded(application, owner, b"")
        await uploaded(application, stranger, b"x" * 10)
        await application.files.delete(owner, file.id)
        await uploaded(application, owner, b"y" * 10)


async def test_of_several_bodies_over_the_quota_none_becomes_a_file(settings: Settings) -> None:
    async with checked(settings, quota_bytes=10) as application:
        owner = await account(application)
        bodies = [await received(application, owner, b"x" * 4) for _ in range(2)]
        await application.quotas.assign(owner.id or "", quota_bytes=7)
        with pytest.raises(QuotaExceededError):
            await application.uploads.claim_all(bodies, Draft())
        assert await counters(application, owner) == (0, 0)
        await assert_invariants(application)


async def test_an_account_that_is_gone_uploads_nothing(application: Application) -> None:
    gone = Viewer("user_00000000000000000000000000", (await account(application)).kind)
    with pytest.raises(UnauthenticatedError):
        await uploaded(application, gone, b"x")
    await assert_invariants(application)


async def test_a_body_may_come_while_another_is_under_way(
    application: Application, owner: Viewer
) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"slow"
        begun.set()
        await gate.wait()
        yield b" indeed"

    waiting = asyncio.create_task(application.uploads.receive(owner, slow(), "a"))
    await begun.wait()
    file = await uploaded(application, owner, b"quick")
    assert staged_count(application) == 1
    gate.set()
    late = await application.uploads.claim(await waiting, Draft())
    assert await content_of(application, owner, late.id) == b"slow indeed"
    assert await content_of(application, owner, file.id) == b"quick"
