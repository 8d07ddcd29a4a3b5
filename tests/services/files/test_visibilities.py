"""The visibility of many files at once: outcomes, links, the audit, all or nothing."""

from datetime import timedelta

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import InsufficientScopeError, UnauthenticatedError, ValidationFailedError
from core.ids import IdPrefix, new_id
from models.file import StoredFile, Visibility
from models.user import UserKind
from services.application import Application
from services.derivatives.preview_request import PreviewRequest
from services.files.visibilities import VisibilityOutcome
from services.sharing.share_names import share_names
from tests.database import When, cancel_at_every_step
from tests.services.conftest import account, assert_invariants, uploaded

CHANGED, UNCHANGED = VisibilityOutcome.CHANGED, VisibilityOutcome.UNCHANGED
NOT_FOUND, FORBIDDEN = VisibilityOutcome.NOT_FOUND, VisibilityOutcome.FORBIDDEN


async def outcomes(
    application: Application, viewer: Viewer, ids: list[str], visibility: Visibility
) -> dict[str, VisibilityOutcome]:
    found = await application.visibilities.set(viewer, ids, visibility)
    return {one.id: one.outcome for one in found}


async def read(application: Application, viewer: Viewer, file: StoredFile) -> StoredFile:
    return await application.files.get(viewer, file.id)


async def test_each_file_gets_the_visibility_or_the_reason_why_not(
    application: Application, owner: Viewer
) -> None:
    other = await account(application)
    mine = await uploaded(application, owner, tags=["kept"])
    public = await uploaded(application, owner, visibility="public")
    hidden = await uploaded(application, other)
    shown = await uploaded(application, other, visibility="shared")
    granted = await uploaded(application, other)
    await application.shares.share(other, granted.id, share_names([str(owner.id)]))
    missing = [new_id(IdPrefix.FILE), "", "\0", "'" * 99]
    ids = [mine.id, public.id, hidden.id, shown.id, granted.id, mine.id, *missing]
    assert await outcomes(application, owner, ids, Visibility.PUBLIC) == {
        mine.id: CHANGED,
        public.id: UNCHANGED,
        hidden.id: NOT_FOUND,
        shown.id: FORBIDDEN,
        granted.id: FORBIDDEN,
        **dict.fromkeys(missing, NOT_FOUND),
    }
    changed = await read(application, ANONYMOUS, mine)
    assert (changed.visibility, changed.tags) == (Visibility.PUBLIC, ["kept"])
    assert changed.updated_at > mine.updated_at
    for file in (public, hidden, shown):
        assert await application.files.find(file.id) == file


async def test_what_changes_ends_its_signed_addresses_and_nothing_else_does(
    application: Application, owner: Viewer
) -> None:
    private, public = [
        await uploaded(application, owner, visibility=one) for one in ("private", "public")
    ]
    wanted = PreviewRequest()
    before = [application.previews.link(one, wanted) for one in (private, public)]
    await outcomes(application, owner, [private.id, public.id], Visibility.PUBLIC)
    await outcomes(application, owner, [private.id, public.id], Visibility.PUBLIC)
    first, second = [await read(application, owner, one) for one in (private, public)]
    assert application.previews.link(first, wanted) != before[0]
    assert application.previews.link(second, wanted) == before[1]
    assert first.links_version == private.links_version + 1
    assert second == public


async def test_an_administrator_changes_what_one_may_change_alone_and_on_record(
    application: Application, owner: Viewer
) -> None:
    administrator = await account(application, UserKind.ADMINISTRATOR)
    private = await uploaded(application, owner)
    shared = await uploaded(application, owner, visibility="shared")
    public = await uploaded(application, owner, visibility="public")
    ids = [private.id, shared.id, public.id]
    assert await outcomes(application, administrator, ids, Visibility.PUBLIC) == {
        private.id: FORBIDDEN,
        shared.id: CHANGED,
        public.id: UNCHANGED,
    }
    entries, total = await application.audit.page(administrator, limit=9, offset=0)
    assert total == 2
    assert {(one.operation, one.file_id) for one in entries} == {
        ("update", shared.id),
        ("update", public.id),
    }


async def test_it_is_refused_as_a_whole_where_nothing_may_be_changed(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    with pytest.raises(UnauthenticatedError):
        await outcomes(application, ANONYMOUS, [file.id], Visibility.PUBLIC)
    reading = Viewer(owner.id, UserKind.USER, read_only=True)
    with pytest.raises(InsufficientScopeError):
        await outcomes(application, reading, [file.id], Visibility.PUBLIC)
    with pytest.raises(ValidationFailedError, match="1000"):
        await outcomes(application, owner, [file.id] * 1001, Visibility.PUBLIC)
    assert await outcomes(application, owner, [], Visibility.PUBLIC) == {}
    assert await read(application, owner, file) == file


@pytest.mark.parametrize("when", When)
async def test_a_cancelled_change_is_whole_or_nothing(
    application: Application, owner: Viewer, when: When
) -> None:
    files = [await uploaded(application, owner) for _ in range(3)]
    ids = [file.id for file in files]

    async def change() -> None:
        await application.visibilities.set(owner, ids, Visibility.SHARED)

    async def check() -> None:
        found = {(await read(application, owner, file)).visibility for file in files}
        assert len(found) == 1
        await application.visibilities.set(owner, ids, Visibility.PRIVATE)
        await assert_invariants(application)

    assert await cancel_at_every_step(when, change, check) > 2


async def test_a_thousand_ids_are_taken_at_once(application: Application, owner: Viewer) -> None:
    file = await uploaded(application, owner)
    ids = [file.id, *(new_id(IdPrefix.FILE) for _ in range(999))]
    found = await outcomes(application, owner, ids, Visibility.SHARED)
    assert found.pop(file.id) is CHANGED
    assert set(found.values()) == {NOT_FOUND}
    changed = await read(application, owner, file)
    assert changed.updated_at - file.updated_at > timedelta()
