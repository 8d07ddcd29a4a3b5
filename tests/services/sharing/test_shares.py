"""Sharing files with named accounts: who may read from then on, what ends it, how many."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    ForbiddenError,
    MediaError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from core.ids import IdPrefix, new_id
from models.file import StoredFile
from models.user import User, UserKind
from services.application import Application
from services.derivatives.preview_request import PreviewRequest
from services.files.listing import FileFilter, Scope
from services.files.paging import Order, Window
from services.sharing.links import LinkRequest
from services.sharing.share_names import share_names
from tests.database import When, cancel_at_every_step
from tests.services.conftest import account, assert_invariants, checked, content_of, uploaded

WITH_ME = FileFilter(scope=Scope.SHARED_WITH_ME)
NO_ACCOUNTS = [new_id(IdPrefix.USER), new_id(IdPrefix.FILE), "", "x", "\0", "\ud800", "'" * 9999]


async def shared(application: Application, owner: Viewer, *readers: Viewer) -> StoredFile:
    """Return a private file that its owner shares with ``readers``."""
    file = await uploaded(application, owner)
    await application.shares.share(
        owner, file.id, share_names([str(reader.id) for reader in readers])
    )
    return file


async def with_me(application: Application, viewer: Viewer) -> list[str]:
    """Return the ids of what is shared with ``viewer``, the same by all ways of asking."""
    page = await application.listing.page(viewer, WITH_ME, Order(), limit=100, offset=0)
    window = await application.listing.slice(viewer, WITH_ME, Order(), Window(100))
    assert window.files == page
    assert await application.listing.count(viewer, WITH_ME) == len(page)
    for file in page:
        assert await application.files.get(viewer, file.id) == file
    return [file.id for file in page]


async def reads(application: Application, viewer: Viewer, file: StoredFile) -> bool:
    """Tell whether ``viewer`` reads ``file``, the same by all ways of asking."""
    listed = file.id in await with_me(application, viewer)
    (found,) = await application.files.get_many(viewer, [file.id])
    try:
        content = await content_of(application, viewer, file.id)
    except NotFoundError:
        assert (listed, found) == (False, None)
        return False
    assert found is not None
    assert (listed, found.id, content) == (True, file.id, b"content")
    return True


async def shares_of(application: Application, viewer: Viewer, file: StoredFile) -> list[str]:
    """Return whom a file is shared with, the same for one file and for several."""
    found = await application.shares.of_file(viewer, file.id)
    assert await application.shares.of_files(viewer, [file]) == [found]
    return [share.account_id for share in found]


@pytest.mark.parametrize("kind", [UserKind.GUEST, UserKind.USER])
async def test_a_file_is_read_by_those_that_it_is_shared_with_and_no_others(
    application: Application, owner: Viewer, kind: UserKind
) -> None:
    reader, stranger = await account(application, kind), await account(application, kind)
    file, other = await shared(application, owner, reader), await uploaded(application, owner)
    assert await reads(application, reader, file)
    assert not await reads(application, stranger, file)
    assert not await reads(application, reader, other)
    with pytest.raises(UnauthenticatedError):
        await application.files.get(ANONYMOUS, file.id)
    with pytest.raises(UnauthenticatedError):
        await application.listing.count(ANONYMOUS, WITH_ME)
    assert await with_me(application, owner) == []


async def test_naming_a_guest_counts_where_guests_are_no_audience(settings: Any) -> None:
    async with checked(settings, shared_audience="users") as application:
        owner, guest = await account(application), await account(application, UserKind.GUEST)
        assert await reads(application, guest, await shared(application, owner, guest))


WRITES: dict[str, Callable[[Application, Viewer, str], Awaitable[Any]]] = {
    "update": lambda application, viewer, file_id: application.files.update(viewer, file_id, {}),
    "delete": lambda application, viewer, file_id: application.files.delete(viewer, file_id),
    "revoke": lambda application, viewer, file_id: application.files.revoke_links(viewer, file_id),
    "sign": lambda application, viewer, file_id: application.links.create(
        viewer, file_id, LinkRequest()
    ),
    "share": lambda application, viewer, file_id: application.shares.share(
        viewer, file_id, share_names([str(viewer.id)])
    ),
    "unshare": lambda application, viewer, file_id: application.shares.unshare(
        viewer, file_id, [str(viewer.id)]
    ),
    "see shares": lambda application, viewer, file_id: application.shares.of_file(viewer, file_id),
}


@pytest.mark.parametrize("name", WRITES)
async def test_who_reads_by_name_may_do_nothing_else(
    application: Application, owner: Viewer, name: str
) -> None:
    reader, stranger = await account(application), await account(application)
    file = await shared(application, owner, reader)
    with pytest.raises(ForbiddenError):
        await WRITES[name](application, reader, file.id)
    with pytest.raises(NotFoundError) as hidden:
        await WRITES[name](application, stranger, file.id)
    with pytest.raises(NotFoundError) as missing:
        await WRITES[name](application, stranger, new_id(IdPrefix.FILE))
    assert hidden.value.message == missing.value.message
    assert await application.files.get(owner, file.id) == file
    assert await shares_of(application, owner, file) == [reader.id]


async def test_only_owner_and_administrators_see_the_shares_of_several_files(
    application: Application, owner: Viewer
) -> None:
    reader = await account(application)
    mine = await shared(application, owner, reader)
    theirs = await shared(application, reader, owner)
    for viewer, seen in (
        (owner, [[reader.id], None]),
        (reader, [None, [owner.id]]),
        (ANONYMOUS, [None, None]),
        (await account(application, UserKind.ADMINISTRATOR), [[reader.id], [owner.id]]),
    ):
        found = await application.shares.of_files(viewer, [mine, theirs])
        assert [one and [share.account_id for share in one] for one in found] == seen


async def test_an_administrator_shares_any_file_and_stops_it(
    application: Application, owner: Viewer
) -> None:
    administrator = await account(application, UserKind.ADMINISTRATOR)
    reader, file = await account(application), await uploaded(application, owner)
    await application.shares.share(administrator, file.id, share_names([str(reader.id)]))
    assert await reads(application, reader, file)
    assert await shares_of(application, administrator, file) == [reader.id]
    await application.shares.unshare(administrator, file.id, [str(reader.id)])
    assert not await reads(application, reader, file)


async def test_sharing_again_changes_nothing(application: Application, owner: Viewer) -> None:
    readers = [await account(application) for _ in range(3)]
    file = await shared(application, owner, *readers[:2])
    before = await application.shares.of_file(owner, file.id)
    named = [str(one.id) for one in (readers[1], readers[2], readers[2])]
    await application.shares.share(owner, file.id, share_names(named))
    after = await application.shares.of_file(owner, file.id)
    assert after[:2] == before
    assert [share.account_id for share in after[2:]] == [readers[2].id]
    assert {share.kind for share in after} == {UserKind.USER}
    assert await application.files.get(owner, file.id) == file


async def test_sharing_ends_for_those_that_are_named_alone(
    application: Application, owner: Viewer
) -> None:
    first, second = await account(application), await account(application)
    file = await shared(application, owner, first, second)
    await application.shares.unshare(owner, file.id, [str(first.id)])
    assert not await reads(application, first, file)
    assert await reads(application, second, file)
    await application.shares.share(owner, file.id, share_names([str(first.id)]))
    assert await reads(application, first, file)


async def test_the_end_of_sharing_ends_the_addresses_that_its_reader_has(
    application: Application, owner: Viewer
) -> None:
    reader = await account(application)
    file = await shared(application, owner, reader)
    as_read = await application.files.get(reader, file.id)
    wanted = PreviewRequest()
    before = application.previews.link(as_read, wanted)
    assert before == application.previews.link(file, wanted)
    left = await application.shares.unshare(owner, file.id, [str(reader.id)])
    assert left == await application.files.get(owner, file.id)
    assert application.previews.link(left, wanted) != before


async def test_sharing_ends_with_the_file(application: Application, owner: Viewer) -> None:
    reader = await account(application)
    file = await shared(application, owner, reader)
    await application.files.delete(owner, file.id)
    assert not await reads(application, reader, file)
    assert list(await application.database.read("SELECT id FROM file_share")) == []


async def test_sharing_ends_with_the_account(application: Application, owner: Viewer) -> None:
    reader = await account(application)
    file = await shared(application, owner, reader)
    await User.filter(id=reader.id).delete()
    assert await shares_of(application, owner, file) == []
    assert not await reads(application, reader, file)


async def test_visibility_and_sharing_by_name_do_not_touch_each_other(
    application: Application, owner: Viewer
) -> None:
    reader = await account(application)
    file = await shared(application, owner, reader)
    for visibility in ("public", "shared", "private"):
        await application.files.update(owner, file.id, {"visibility": visibility})
        assert await reads(application, reader, file)
    assert await shares_of(application, owner, file) == [reader.id]


@pytest.mark.parametrize("name", ["share", "unshare"])
async def test_all_accounts_count_or_none(
    application: Application, owner: Viewer, name: str
) -> None:
    first, second = await account(application), await account(application)
    file = await shared(application, owner, first)

    async def act(viewer: Viewer, file_id: str, account_ids: list[str]) -> None:
        if name == "share":
            await application.shares.share(viewer, file_id, share_names(account_ids))
        else:
            await application.shares.unshare(viewer, file_id, account_ids)

    named = str((second if name == "share" else first).id)
    for unknown in NO_ACCOUNTS:
        with pytest.raises(NotFoundError):
            await act(owner, file.id, [named, unknown])
    for wrong in ([], [new_id(IdPrefix.USER) for _ in range(101)]):
        with pytest.raises(ValidationFailedError, match="100"):
            await act(owner, file.id, wrong)
    assert await shares_of(application, owner, file) == [first.id]
    assert await application.files.get(owner, file.id) == file


async def test_a_file_is_not_shared_with_its_owner_nor_with_who_is_disabled(
    application: Application, owner: Viewer
) -> None:
    disabled, file = await account(application), await uploaded(application, owner)
    async with application.database.transaction() as transaction:
        await transaction.execute(
            "UPDATE user_account SET disabled_at = created_at WHERE id = ?", disabled.id
        )
    with pytest.raises(ValidationFailedError):
        await application.shares.share(owner, file.id, share_names([str(owner.id)]))
    with pytest.raises(NotFoundError):
        await application.shares.share(owner, file.id, share_names([str(disabled.id)]))


async def test_a_file_has_so_many_shares_however_many_are_asked_for_at_once(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.sharing.shares.MAX_SHARES", 3)
    readers = [str((await account(application)).id) for _ in range(6)]
    file = await uploaded(application, owner)

    async def attempt(account_id: str) -> bool:
        try:
            await application.shares.share(owner, file.id, share_names([account_id]))
        except ValidationFailedError as error:
            assert "3" in error.message
            return False
        return True

    taken = await asyncio.gather(*map(attempt, readers))
    assert sum(taken) == 3
    assert len(await shares_of(application, owner, file)) == 3


async def test_what_is_shared_with_me_is_paged_and_narrowed_as_any_list(
    application: Application, owner: Viewer
) -> None:
    reader = await account(application)
    for name, tags in (("a", ["x"]), ("b", []), ("c", ["x"]), ("d", ["x"])):
        file = await uploaded(application, owner, filename=name, tags=tags)
        if name != "d":
            await application.shares.share(owner, file.id, share_names([str(reader.id)]))
    narrowed = FileFilter(scope=Scope.SHARED_WITH_ME, tags=("x",))
    order = Order.parse("filename")
    listed = await application.listing.page(reader, narrowed, order, limit=9, offset=0)
    assert [file.filename for file in listed] == ["a", "c"]
    first = await application.listing.slice(reader, WITH_ME, order, Window(2))
    assert ([file.filename for file in first.files], first.has_next) == (["a", "b"], True)


@pytest.mark.parametrize("when", When)
async def test_a_cancelled_sharing_is_whole_or_nothing(
    application: Application, owner: Viewer, when: When
) -> None:
    readers = [await account(application) for _ in range(2)]
    named = [str(reader.id) for reader in readers]
    file = await uploaded(application, owner)

    async def share() -> None:
        await application.shares.share(owner, file.id, share_names(named))

    async def check() -> None:
        assert await shares_of(application, owner, file) in ([], sorted(named))
        try:
            await application.shares.unshare(owner, file.id, named)
        except MediaError as error:
            assert isinstance(error, NotFoundError)
        await assert_invariants(application)

    assert await cancel_at_every_step(when, share, check) > 2
