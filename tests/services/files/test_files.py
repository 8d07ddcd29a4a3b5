"""Files: looked at, changed, opened and deleted, by those who may."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    ErrorCode,
    ForbiddenError,
    MediaError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    ValidationFailedError,
)
from core.ids import IdPrefix, new_id
from models.file import File, StoredFile, Visibility
from models.user import UserKind
from services.application import Application
from services.files.files import MAX_BULK_DELETE, Deletion, Outcome
from services.files.listing import FileFilter
from services.sharing.links import LinkRequest
from tests.database import When, cancel_at_every_step
from tests.services.conftest import account, assert_invariants, content_of, uploaded

NO_IDS = [
    new_id(IdPrefix.FILE),
    "",
    "x",
    "file_",
    new_id(IdPrefix.USER),
    "\0",
    "\ud800",
    "'" * 9999,
]

KEPT = [field.name for field in fields(StoredFile) if field.name != "updated_at"]

Action = Callable[[Application, Viewer, str], Awaitable[Any]]
ACTIONS: dict[str, Action] = {
    "get": lambda application, viewer, file_id: application.files.get(viewer, file_id),
    "open": content_of,
    "update": lambda application, viewer, file_id: application.files.update(
        viewer, file_id, {"description": "changed"}
    ),
    "delete": lambda application, viewer, file_id: application.files.delete(viewer, file_id),
    "sign": lambda application, viewer, file_id: application.links.create(
        viewer, file_id, LinkRequest()
    ),
    "revoke": lambda application, viewer, file_id: application.files.revoke_links(viewer, file_id),
}
NOT_OF_PRIVATE = {"update", "sign", "revoke"}
"""What an administrator may not do with a file that is private."""

OK = "OK"


async def outcome(action: Awaitable[Any]) -> tuple[str, str]:
    try:
        await action
    except MediaError as error:
        return error.code, error.message
    return OK, ""


@pytest.mark.parametrize("name", ACTIONS)
async def test_every_action_asks_the_policy(application: Application, name: str) -> None:
    expected = {
        (None, "private"): "UNAUTHENTICATED",
        (None, "public"): OK if name in {"get", "open"} else "UNAUTHENTICATED",
        (UserKind.GUEST, "private"): "NOT_FOUND",
        (UserKind.USER, "private"): "NOT_FOUND",
        (UserKind.USER, "shared"): OK if name in {"get", "open"} else "FORBIDDEN",
        (UserKind.USER, "public"): OK if name in {"get", "open"} else "FORBIDDEN",
        (UserKind.ADMINISTRATOR, "private"): "FORBIDDEN" if name in NOT_OF_PRIVATE else OK,
        (UserKind.ADMINISTRATOR, "shared"): OK,
    }
    owner = await account(application)
    for (kind, visibility), verdict in expected.items():
        viewer = await account(application, kind) if kind else ANONYMOUS
        file = await uploaded(application, owner, visibility=visibility)
        action = ACTIONS[name]
        code, message = await outcome(action(application, viewer, file.id))
        assert code == verdict, (kind, visibility)
        if verdict == "NOT_FOUND":
            missing = await outcome(action(application, viewer, new_id(IdPrefix.FILE)))
            assert missing == (code, message)
        if verdict != OK:
            assert await application.files.get(owner, file.id) == file
        else:
            assert (await outcome(application.files.get(owner, file.id)))[0] == (
                "NOT_FOUND" if name == "delete" else OK
            )
    await assert_invariants(application)


@pytest.mark.parametrize("name", ACTIONS)
async def test_what_is_no_id_is_no_file(application: Application, owner: Viewer, name: str) -> None:
    for file_id in NO_IDS:
        with pytest.raises(NotFoundError):
            await ACTIONS[name](application, owner, file_id)
        with pytest.raises(UnauthenticatedError):
            await ACTIONS[name](application, ANONYMOUS, file_id)


async def test_several_files_come_in_the_order_of_their_ids(
    application: Application, owner: Viewer
) -> None:
    stranger = await account(application)
    mine = [await uploaded(application, owner) for _ in range(3)]
    hidden = await uploaded(application, stranger)
    shared = await uploaded(application, stranger, visibility="shared")
    wanted = [mine[2].id, hidden.id, "x", mine[0].id, shared.id, mine[2].id]
    expected = [mine[2], None, None, mine[0], shared, mine[2]]
    assert await application.files.get_many(owner, wanted) == expected
    assert await application.files.get_many(owner, []) == []
    assert await application.files.get_many(ANONYMOUS, wanted) == [None] * 6


async def test_an_update_changes_what_it_names_and_nothing_else(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(
        application, owner, filename="a", description="x", tags=["b", "a"], visibility="shared"
    )
    state = file
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {}),
        ({"filename": " B.txt "}, {"filename": "B.txt"}),
        ({"description": "y"}, {"description": "y"}),
        ({"description": None}, {"description": None}),
        ({"description": ""}, {"description": ""}),
        ({"tags": ["c", "a", "c"]}, {"tags": ["c", "a"]}),
        ({"tags": []}, {"tags": []}),
        ({"visibility": "public", "tags": ["d"]}, {"visibility": Visibility.PUBLIC, "tags": ["d"]}),
    ]
    for fields_given, expected in changes:
        updated = await application.files.update(owner, file.id, fields_given)
        assert updated.updated_at > state.updated_at
        unchanged = {name: getattr(state, name) for name in KEPT}
        unchanged["links_version"] += "visibility" in expected
        assert {name: getattr(updated, name) for name in unchanged} == {**unchanged, **expected}
        assert await application.files.get(owner, file.id) == updated
        await assert_invariants(application)
        state = updated


async def test_a_renamed_file_is_found_by_its_new_name(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, filename="before")
    await application.files.update(owner, file.id, {"filename": "AFTER"})
    count = application.listing.count
    assert await count(owner, FileFilter(name="after")) == 1
    assert await count(owner, FileFilter(name="before")) == 0


async def test_a_wrong_update_changes_nothing(application: Application, owner: Viewer) -> None:
    file = await uploaded(application, owner, tags=["a"])
    wrongs: list[dict[str, Any]] = [{"size": 1}, {"tags": "x"}, {"filename": None}, {"": 1}]
    for wrong in wrongs:
        with pytest.raises(ValidationFailedError):
            await application.files.update(owner, file.id, {"description": "x", **wrong})
        assert await application.files.get(owner, file.id) == file


async def test_updates_at_the_same_time_keep_each_others_fields(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    changes = {"filename": "b", "description": "x", "tags": ["a"], "visibility": "public"}
    updates = [{name: value} for name, value in changes.items()] * 3
    await asyncio.gather(*(application.files.update(owner, file.id, each) for each in updates))
    final = await application.files.get(owner, file.id)
    assert (final.filename, final.description, final.tags) == ("b", "x", ["a"])
    assert final.visibility is Visibility.PUBLIC


async def test_a_deleted_file_is_gone_at_once_with_its_bytes(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, tags=["a"])
    await application.files.delete(owner, file.id)
    with pytest.raises(NotFoundError):
        await application.files.delete(owner, file.id)
    assert await application.listing.count(owner, FileFilter()) == 0
    assert [info async for info in application.storage.list()] == []


async def test_of_two_deletions_at_once_one_finds_nothing(
    application: Application, owner: Viewer
) -> None:
    for _ in range(10):
        file = await uploaded(application, owner)
        codes = [
            code
            for code, _ in await asyncio.gather(
                *(outcome(application.files.delete(owner, file.id)) for _ in range(3))
            )
        ]
        assert sorted(codes) == ["NOT_FOUND", "NOT_FOUND", "OK"]
    await assert_invariants(application)


async def test_a_reader_keeps_its_file_through_a_deletion(
    application: Application, owner: Viewer
) -> None:
    content = bytes(range(256)) * 4096 * 5
    file = await uploaded(application, owner, content)
    _, stored = await application.files.open(owner, file.id)
    async with stored:
        chunks = stored.read()
        first = await anext(chunks)
        await application.files.delete(owner, file.id)
        assert [info async for info in application.storage.list()] == []
        rest = [chunk async for chunk in chunks]
    assert b"".join([first, *rest]) == content
    assert 0 < len(first) < len(content)


async def test_deleting_one_of_two_files_of_the_same_content_keeps_the_other(
    application: Application, owner: Viewer
) -> None:
    first, second = [await uploaded(application, owner, b"same") for _ in range(2)]
    await application.files.delete(owner, first.id)
    assert await content_of(application, owner, second.id) == b"same"
    await assert_invariants(application)
    third = await uploaded(application, owner, b"same")
    await application.files.delete(owner, second.id)
    assert await content_of(application, owner, third.id) == b"same"


async def test_a_bulk_deletion_tells_what_became_of_each(application: Application) -> None:
    owner, stranger = await account(application), await account(application)
    mine = [await uploaded(application, owner, content) for content in (b"a", b"a", b"b")]
    kept = await uploaded(application, owner, b"a")
    hidden = await uploaded(application, stranger)
    shared = await uploaded(application, stranger, visibility="shared")
    missing = new_id(IdPrefix.FILE)
    wanted = [mine[1].id, hidden.id, shared.id, missing, "x", mine[0].id, mine[1].id, mine[2].id]
    assert await application.files.bulk_delete(owner, wanted) == [
        Deletion(mine[1].id, Outcome.DELETED),
        Deletion(hidden.id, Outcome.NOT_FOUND),
        Deletion(shared.id, Outcome.FORBIDDEN),
        Deletion(missing, Outcome.NOT_FOUND),
        Deletion("x", Outcome.NOT_FOUND),
        Deletion(mine[0].id, Outcome.DELETED),
        Deletion(mine[2].id, Outcome.DELETED),
    ]
    await assert_invariants(application)
    assert await content_of(application, owner, kept.id) == b"a"
    assert await application.files.get_many(stranger, [hidden.id, shared.id]) == [hidden, shared]


async def test_an_administrator_deletes_files_of_many_owners_at_once(
    application: Application,
) -> None:
    owners = [await account(application) for _ in range(3)]
    files = [await uploaded(application, owner) for owner in owners for _ in range(2)]
    administrator = await account(application, UserKind.ADMINISTRATOR)
    outcomes = await application.files.bulk_delete(administrator, [file.id for file in files])
    assert {each.outcome for each in outcomes} == {Outcome.DELETED}
    assert await application.database.read("SELECT id FROM file") in ([], ())
    await assert_invariants(application)


async def test_a_bulk_deletion_has_its_bounds(application: Application, owner: Viewer) -> None:
    assert await application.files.bulk_delete(owner, []) == []
    ids = [new_id(IdPrefix.FILE) for _ in range(MAX_BULK_DELETE)]
    assert len(await application.files.bulk_delete(owner, ids)) == MAX_BULK_DELETE
    with pytest.raises(ValidationFailedError, match="1000"):
        await application.files.bulk_delete(owner, [*ids, "x"])
    with pytest.raises(UnauthenticatedError):
        await application.files.bulk_delete(ANONYMOUS, [])


@pytest.mark.parametrize("when", When)
async def test_a_deletion_cancelled_at_any_step_happens_or_not(
    application: Application, owner: Viewer, when: When
) -> None:
    file = await uploaded(application, owner, tags=["a"])

    async def happened_or_not() -> None:
        nonlocal file
        await application.sweeper.sweep()
        await assert_invariants(application)
        left = await application.listing.count(owner, FileFilter())
        assert left in {0, 1}
        if not left:
            file = await uploaded(application, owner, tags=["a"])
        assert await content_of(application, owner, file.id) == b"content"

    steps = await cancel_at_every_step(
        when, lambda: application.files.delete(owner, file.id), happened_or_not
    )
    assert steps >= 5


async def test_bytes_that_cannot_be_removed_now_are_left_to_the_sweeper(
    application: Application,
    owner: Viewer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = await uploaded(application, owner)
    caplog.set_level(logging.WARNING)
    with monkeypatch.context() as broken:

        def read_only(*_: Any, **__: Any) -> None:
            raise PermissionError

        broken.setattr(Path, "unlink", read_only)
        await application.files.delete(owner, file.id)
    assert "left to the sweeper" in caplog.text
    with pytest.raises(NotFoundError):
        await application.files.get(owner, file.id)
    assert (await application.sweeper.sweep()).blobs == 1
    await assert_invariants(application)


async def test_a_storage_that_hangs_does_not_keep_a_deletion(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [await uploaded(application, owner, content) for content in (b"a", b"b")]

    async def hang(_: str) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as hanging:
        hanging.setattr("services.files.files._PURGE_SECONDS", 0.1)
        hanging.setattr(application.storage, "delete", hang)
        async with asyncio.timeout(20):
            await application.files.bulk_delete(owner, [file.id for file in files])
    assert (await application.sweeper.sweep()).blobs == 2
    await assert_invariants(application)


async def test_a_storage_that_does_not_answer_is_told_from_a_missing_file(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner)

    def failing(*_: Any, **__: Any) -> None:
        raise OSError(5, "injected")

    with monkeypatch.context() as broken:
        broken.setattr("os.open", failing)
        with pytest.raises(UnavailableError):
            await application.files.open(owner, file.id)
    assert await content_of(application, owner, file.id) == b"content"


async def test_the_codes_of_refusals_are_the_domains(
    application: Application, owner: Viewer
) -> None:
    stranger = await account(application)
    file = await uploaded(application, owner, visibility="public")
    with pytest.raises(ForbiddenError, match="Only the owner") as refusal:
        await application.files.delete(stranger, file.id)
    assert refusal.value.code is ErrorCode.FORBIDDEN
    assert await File.filter(id=file.id).exists()


async def test_lost_bytes_are_a_fault_and_no_missing_file(
    application: Application, owner: Viewer, caplog: pytest.LogCaptureFixture
) -> None:
    file = await uploaded(application, owner)
    await application.storage.delete(file.blob_id)
    with pytest.raises(UnavailableError):
        await application.files.open(owner, file.id)
    assert "are gone" in caplog.text
    await application.files.delete(owner, file.id)
