"""The audit: what administrators did with whose file, no more, and with what they did or not."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    ForbiddenError,
    MediaError,
    StorageFullError,
    UnauthenticatedError,
    ValidationFailedError,
)
from core.observation import OBSERVATION, Observation
from models.audit import AuditEntry
from models.database import Transaction
from models.user import UserKind
from services.application import Application
from services.files.listing import FileFilter, Scope
from services.files.paging import Order, Window
from services.sharing.links import LinkRequest
from services.sharing.share_names import share_names
from tests.services.conftest import account, content_of, uploaded

Action = Callable[[Application, Viewer, str], Awaitable[Any]]
EVERYTHING = FileFilter(scope=Scope.ALL)

ACTIONS: dict[str, tuple[str, Action]] = {
    "get": ("read", lambda one, viewer, file_id: one.files.get(viewer, file_id)),
    "get many": ("read", lambda one, viewer, file_id: one.files.get_many(viewer, [file_id])),
    "open": ("read", content_of),
    "analyze": ("read", lambda one, viewer, file_id: one.analyses.analyze(viewer, file_id)),
    "page": (
        "list",
        lambda one, viewer, _: one.listing.page(viewer, EVERYTHING, Order(), limit=9, offset=0),
    ),
    "slice": (
        "list",
        lambda one, viewer, _: one.listing.slice(viewer, EVERYTHING, Order(), Window(9)),
    ),
    "update": (
        "update",
        lambda one, viewer, file_id: one.files.update(viewer, file_id, {"description": "x"}),
    ),
    "revoke": (
        "revoke links to",
        lambda one, viewer, file_id: one.files.revoke_links(viewer, file_id),
    ),
    "sign": (
        "sign links to",
        lambda one, viewer, file_id: one.links.create(viewer, file_id, LinkRequest()),
    ),
    "see shares": (
        "see the shares of",
        lambda one, viewer, file_id: one.shares.of_file(viewer, file_id),
    ),
    "share": (
        "share",
        lambda one, viewer, file_id: one.shares.share(
            viewer, file_id, share_names([str(viewer.id)])
        ),
    ),
    "delete": ("delete", lambda one, viewer, file_id: one.files.delete(viewer, file_id)),
    "bulk delete": (
        "delete",
        lambda one, viewer, file_id: one.files.bulk_delete(viewer, [file_id]),
    ),
}


@pytest.fixture
async def administrator(application: Application) -> Viewer:
    """An administrator, who owns nothing."""
    return await account(application, UserKind.ADMINISTRATOR)


async def entries(application: Application, administrator: Viewer) -> list[AuditEntry]:
    """Return the whole audit."""
    found, total = await application.audit.page(administrator, limit=100, offset=0)
    assert total == len(found)
    return found


@pytest.mark.parametrize("name", ACTIONS)
async def test_every_action_on_a_foreign_file_is_recorded(
    application: Application, owner: Viewer, administrator: Viewer, name: str
) -> None:
    operation, act = ACTIONS[name]
    file = await uploaded(application, owner, visibility="shared")
    token = OBSERVATION.set(Observation("the request"))
    await act(application, administrator, file.id)
    OBSERVATION.reset(token)
    (entry,) = await entries(application, administrator)
    assert (entry.account_id, entry.operation) == (administrator.id, operation)
    assert (entry.file_id, entry.owner_id) == (file.id, owner.id)
    assert entry.request_id == "the request"
    assert abs(datetime.now(UTC) - entry.at) < timedelta(minutes=5)


@pytest.mark.parametrize("name", ACTIONS)
async def test_what_others_do_and_what_is_ones_own_is_not_recorded(
    application: Application, administrator: Viewer, name: str
) -> None:
    _, act = ACTIONS[name]
    own = await uploaded(application, administrator, visibility="shared")
    user = await account(application)
    for viewer in (user, administrator):
        try:
            await act(application, viewer, own.id)
        except MediaError as refusal:
            assert isinstance(refusal, ForbiddenError | ValidationFailedError)
    assert await entries(application, administrator) == []


async def test_reading_what_is_public_is_not_recorded_but_changing_it_is(
    application: Application, owner: Viewer, administrator: Viewer
) -> None:
    file = await uploaded(application, owner, visibility="public")
    await content_of(application, administrator, file.id)
    assert await entries(application, administrator) == []
    await application.files.delete(administrator, file.id)
    (entry,) = await entries(application, administrator)
    assert entry.operation == "delete"
    assert entry.request_id is None


async def test_what_is_refused_is_not_recorded(
    application: Application, owner: Viewer, administrator: Viewer
) -> None:
    file = await uploaded(application, owner)
    with pytest.raises(ForbiddenError):
        await application.files.update(administrator, file.id, {})
    with pytest.raises(ValidationFailedError):  # the owner may not be named
        await application.shares.share(administrator, file.id, share_names([str(owner.id)]))
    assert await entries(application, administrator) == []


async def test_several_files_at_once_are_recorded_each(
    application: Application, owner: Viewer, administrator: Viewer
) -> None:
    files = [await uploaded(application, owner) for _ in range(3)]
    await uploaded(application, administrator)
    await application.files.bulk_delete(administrator, [file.id for file in files])
    found = await entries(application, administrator)
    assert sorted(entry.file_id for entry in found) == sorted(file.id for file in files)


@pytest.mark.parametrize("name", ACTIONS)
async def test_what_cannot_be_recorded_does_not_happen(
    application: Application,
    owner: Viewer,
    administrator: Viewer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = await uploaded(application, owner, visibility="shared")
    execute = Transaction.execute

    async def full(self: Transaction, sql: str, *values: Any) -> int:
        if "INTO audit_record" in sql:
            raise StorageFullError("The database has no room left.")
        return await execute(self, sql, *values)

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "execute", full)
        with pytest.raises(StorageFullError):
            await ACTIONS[name][1](application, administrator, file.id)
    assert await application.files.get(owner, file.id) == file
    assert await application.shares.of_file(owner, file.id) == []
    assert await entries(application, administrator) == []


async def test_the_audit_is_paged_and_narrowed_newest_first(
    application: Application, owner: Viewer, administrator: Viewer
) -> None:
    other = await account(application, UserKind.ADMINISTRATOR)
    files = [await uploaded(application, owner) for _ in range(3)]
    for viewer in (administrator, other):
        for file in files:
            await application.files.get(viewer, file.id)
    every = await entries(application, other)
    assert [entry.id for entry in every] == sorted((entry.id for entry in every), reverse=True)
    page = application.audit.page
    assert await page(other, limit=2, offset=1) == (every[1:3], 6)
    narrowed, total = await page(other, limit=9, offset=0, account_id=administrator.id)
    assert (narrowed, total) == (every[3:], 3)
    narrowed, total = await page(other, limit=9, offset=0, file_id=files[0].id)
    assert ([entry.account_id for entry in narrowed], total) == ([other.id, administrator.id], 2)
    assert await page(other, limit=9, offset=0, file_id=files[0].id, account_id=other.id) == (
        [every[2]],
        1,
    )


async def test_the_audit_is_the_administrators(
    application: Application, administrator: Viewer
) -> None:
    with pytest.raises(UnauthenticatedError):
        await application.audit.page(ANONYMOUS, limit=1, offset=0)
    for kind in (UserKind.GUEST, UserKind.USER):
        with pytest.raises(ForbiddenError):
            await application.audit.page(await account(application, kind), limit=1, offset=0)
    for limit, offset in ((0, 0), (101, 0), (1, -1), (1, 10_000_001)):
        with pytest.raises(ValidationFailedError):
            await application.audit.page(administrator, limit=limit, offset=offset)
