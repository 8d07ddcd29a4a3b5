"""The tags of many files at once: outcomes, the index of tags, the audit, all or nothing."""

from collections.abc import Sequence

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import InsufficientScopeError, UnauthenticatedError, ValidationFailedError
from core.ids import IdPrefix, new_id
from models.file import StoredFile
from models.user import UserKind
from services.application import Application
from services.files.listing import FileFilter
from services.files.metadata import MAX_TAGS
from services.files.paging import Order
from services.files.tagging import TagOutcome, tag_edit
from services.sharing.share_names import share_names
from tests.database import When, cancel_at_every_step
from tests.services.conftest import account, assert_invariants, uploaded
from tests.statements import counted

CHANGED, UNCHANGED = TagOutcome.CHANGED, TagOutcome.UNCHANGED
NOT_FOUND, FORBIDDEN = TagOutcome.NOT_FOUND, TagOutcome.FORBIDDEN


async def outcomes(
    application: Application,
    viewer: Viewer,
    ids: Sequence[str],
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
) -> dict[str, TagOutcome]:
    found = await application.tagging.change(viewer, ids, tag_edit(add, remove))
    return {one.id: one.outcome for one in found}


async def tags_of(application: Application, file: StoredFile) -> list[str]:
    found = await application.files.find(file.id)
    assert found is not None
    return found.tags


async def test_each_file_gets_the_tags_or_the_reason_why_not(
    application: Application, owner: Viewer
) -> None:
    other = await account(application)
    both = await uploaded(application, owner, tags=["b", "old", "a"])
    new = await uploaded(application, owner)
    same = await uploaded(application, owner, tags=["new", "é"])
    hidden = await uploaded(application, other)
    shown = await uploaded(application, other, visibility="shared")
    granted = await uploaded(application, other)
    await application.shares.share(other, granted.id, share_names([str(owner.id)]))
    missing = [new_id(IdPrefix.FILE), "", "\0", "'" * 99]
    mine = [both, new, same]
    ids = [file.id for file in (*mine, hidden, shown, granted, both)] + missing
    added = [" new", "e\u0301", "new"]
    assert await outcomes(application, owner, ids, added, ["old"]) == {
        both.id: CHANGED,
        new.id: CHANGED,
        same.id: UNCHANGED,
        hidden.id: NOT_FOUND,
        shown.id: FORBIDDEN,
        granted.id: FORBIDDEN,
        **dict.fromkeys(missing, NOT_FOUND),
    }
    found = [await tags_of(application, file) for file in mine]
    assert found == [["b", "a", "new", "é"], ["new", "é"], ["new", "é"]]
    for file in (same, hidden, shown):
        assert await application.files.find(file.id) == file
    changed = await application.files.get(owner, both.id)
    assert changed.updated_at > both.updated_at
    assert changed.links_version == both.links_version


async def test_files_are_found_by_the_tags_they_have_now(
    application: Application, owner: Viewer
) -> None:
    files = [await uploaded(application, owner, tags=["old", "kept"]) for _ in range(3)]
    await outcomes(application, owner, [file.id for file in files[:2]], ["new"], ["old"])
    for tag, expected in (("old", files[2:]), ("new", files[:2]), ("kept", files)):
        wanted = FileFilter(tags=(tag,))
        page = await application.listing.page(owner, wanted, Order(), limit=9, offset=0)
        assert {file.id for file in page} == {file.id for file in expected}


async def test_a_file_that_would_have_too_many_tags_stays_and_the_others_change(
    application: Application, owner: Viewer
) -> None:
    most = [str(number) for number in range(MAX_TAGS)]
    full = await uploaded(application, owner, tags=most)
    free = await uploaded(application, owner)
    found = await outcomes(application, owner, [full.id, free.id], ["new"])
    assert found == {full.id: TagOutcome.TOO_MANY_TAGS, free.id: CHANGED}
    assert await application.files.find(full.id) == full
    assert await outcomes(application, owner, [full.id], ["new"], ["7"]) == {full.id: CHANGED}
    assert await tags_of(application, full) == [*(tag for tag in most if tag != "7"), "new"]


async def test_an_administrator_tags_what_one_may_change_alone_and_on_record(
    application: Application, owner: Viewer
) -> None:
    administrator = await account(application, UserKind.ADMINISTRATOR)
    private = await uploaded(application, owner)
    shared = await uploaded(application, owner, visibility="shared")
    found = await outcomes(application, administrator, [private.id, shared.id], ["x"])
    assert found == {private.id: FORBIDDEN, shared.id: CHANGED}
    entries, _ = await application.audit.page(administrator, limit=9, offset=0)
    assert [(one.operation, one.file_id) for one in entries] == [("update", shared.id)]


async def test_it_is_refused_as_a_whole_where_nothing_may_be_changed(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    with pytest.raises(UnauthenticatedError):
        await outcomes(application, ANONYMOUS, [file.id], ["x"])
    reading = Viewer(owner.id, UserKind.USER, read_only=True)
    with pytest.raises(InsufficientScopeError):
        await outcomes(application, reading, [file.id], ["x"])
    with pytest.raises(ValidationFailedError, match="1000"):
        await outcomes(application, owner, [file.id] * 1001, ["x"])
    assert await outcomes(application, owner, [], ["x"]) == {}
    assert await application.files.find(file.id) == file


@pytest.mark.parametrize(
    ("add", "remove", "message"),
    [
        (None, None, "at least one tag"),
        ([], [], "at least one tag"),
        (["x"], ["y", " x "], "'x' is in both"),
        ("x", None, "add must be a list"),
        (None, ["x" * 65], "Each of remove"),
        (["\0"], None, "add must be valid Unicode"),
        ([str(number) for number in range(51)], None, "add may hold at most 50"),
    ],
)
def test_an_edit_that_is_wrong_is_refused_by_name(
    add: object, remove: object, message: str
) -> None:
    with pytest.raises(ValidationFailedError, match=message):
        tag_edit(add, remove)


@pytest.mark.parametrize("when", When)
async def test_a_cancelled_change_is_whole_or_nothing(
    application: Application, owner: Viewer, when: When
) -> None:
    files = [await uploaded(application, owner, tags=["a"]) for _ in range(3)]
    ids = [file.id for file in files]

    async def change() -> None:
        await outcomes(application, owner, ids, ["b"], ["a"])

    async def check() -> None:
        found = {tuple(await tags_of(application, file)) for file in files}
        assert len(found) == 1
        await outcomes(application, owner, ids, ["a"], ["b"])
        await assert_invariants(application)

    assert await cancel_at_every_step(when, change, check) > 2


async def test_many_files_take_as_many_statements_as_a_few(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [await uploaded(application, owner, tags=["old"]) for _ in range(40)]
    ids = [file.id for file in files] + [new_id(IdPrefix.FILE) for _ in range(960)]
    taken = []
    for some in (ids[:2], ids[2:]):
        with counted(monkeypatch) as statements:
            await outcomes(application, owner, some, ["a", "b"], ["old"])
        taken.append(len(statements))
    # The files are locked; then their tags change, on the files and in the index (2).
    assert taken == [4, 4]
