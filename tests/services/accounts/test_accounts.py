"""Accounts: signing in, being recognised, being shut out."""

from datetime import UTC, datetime

import pytest

from auth.tokens import TokenSigner
from auth.viewer import ANONYMOUS, Viewer
from core.errors import ForbiddenError, UnauthenticatedError
from core.ids import IdPrefix, is_id, new_id
from core.settings import Settings
from models.user import User, UserKind
from services.application import Application
from services.files.metadata import draft
from tests.services.clock import Clock
from tests.services.conftest import account, checked, received, uploaded


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("services.accounts.lookup_cache.time", made)
    return made


async def test_a_guest_signs_in_and_is_recognised(application: Application) -> None:
    session = await application.accounts.sign_in_guest()
    assert session.kind is UserKind.GUEST
    assert session.expires_in == application.settings.token_lifetime_seconds
    assert is_id(session.account_id, IdPrefix.USER)
    viewer = await application.accounts.viewer(f"Bearer {session.access_token}")
    assert viewer == Viewer(session.account_id, UserKind.GUEST)


async def test_every_guest_is_another(application: Application) -> None:
    sessions = [await application.accounts.sign_in_guest() for _ in range(2)]
    assert sessions[0].account_id != sessions[1].account_id


@pytest.mark.parametrize("kind", UserKind)
async def test_an_account_is_of_its_kind(application: Application, kind: UserKind) -> None:
    session = await application.accounts.create(kind)
    viewer = await application.accounts.viewer(f"Bearer {session.access_token}")
    assert viewer.kind is kind
    assert viewer.is_administrator is (kind is UserKind.ADMINISTRATOR)
    assert not viewer.is_anonymous


async def test_guest_login_can_be_switched_off(settings: Settings) -> None:
    async with checked(settings, guest_login=False) as application:
        with pytest.raises(ForbiddenError):
            await application.accounts.sign_in_guest()
        assert await User.all().count() == 0
        await application.accounts.create(UserKind.USER)


async def test_without_an_authorization_the_caller_is_nobody(application: Application) -> None:
    assert await application.accounts.viewer(None) == ANONYMOUS
    with pytest.raises(UnauthenticatedError):
        await application.accounts.account(ANONYMOUS)


async def test_a_token_of_another_server_is_refused(application: Application) -> None:
    session = await application.accounts.create(UserKind.USER)
    foreign = TokenSigner("another secret, as long as it must be", 3600).issue(session.account_id)
    with pytest.raises(UnauthenticatedError):
        await application.accounts.viewer(f"Bearer {foreign}")


async def test_a_token_without_an_account_is_refused(application: Application) -> None:
    signer = TokenSigner(application.settings.secret_key, 3600)
    with pytest.raises(UnauthenticatedError):
        await application.accounts.viewer(f"Bearer {signer.issue(new_id(IdPrefix.USER))}")


async def test_a_disabled_account_is_out_within_half_a_minute(
    application: Application, clock: Clock
) -> None:
    session = await application.accounts.create(UserKind.USER)
    authorization = f"Bearer {session.access_token}"
    await application.accounts.viewer(authorization)
    await User.filter(id=session.account_id).update(disabled_at=datetime.now(UTC))
    clock.now += 31
    for _ in range(2):
        with pytest.raises(UnauthenticatedError):
            await application.accounts.viewer(authorization)
    await User.filter(id=session.account_id).update(disabled_at=None)
    assert (await application.accounts.viewer(authorization)).id == session.account_id


async def test_an_account_is_not_looked_up_for_every_request(
    application: Application, clock: Clock
) -> None:
    session = await application.accounts.create(UserKind.USER)
    authorization = f"Bearer {session.access_token}"
    await application.accounts.viewer(authorization)
    await User.filter(id=session.account_id).update(kind=UserKind.ADMINISTRATOR)
    clock.now += 29
    assert (await application.accounts.viewer(authorization)).kind is UserKind.USER
    clock.now += 2
    assert (await application.accounts.viewer(authorization)).kind is UserKind.ADMINISTRATOR


async def test_the_memory_of_accounts_is_bounded(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.accounts.lookup_cache._MOST", 3)
    sessions = [await application.accounts.create(UserKind.USER) for _ in range(7)]
    for session in sessions * 2:
        viewer = await application.accounts.viewer(f"Bearer {session.access_token}")
        assert viewer.id == session.account_id
    assert len(application.accounts._seen._found) <= 3


async def test_accounts_come_in_the_order_of_their_ids(application: Application) -> None:
    viewers = [await account(application) for _ in range(3)]
    ids = [viewer.id or "" for viewer in viewers]
    wanted = [ids[2], "nobody", ids[0], ids[2], ids[1]]
    found = await application.accounts.by_ids(wanted)
    assert [each.id if each else None for each in found] == [ids[2], None, ids[0], ids[2], ids[1]]
    assert await application.accounts.by_ids([]) == []


async def test_an_account_tells_its_usage(application: Application) -> None:
    viewer = await account(application, UserKind.GUEST)
    for _ in range(2):
        await uploaded(application, viewer, b"same")
    found = await application.accounts.account(viewer)
    assert (found.files_count, found.bytes_used, found.kind) == (2, 8, UserKind.GUEST)
    assert found.created_at.tzinfo is not None


async def test_an_account_that_is_gone_is_signed_out(application: Application) -> None:
    viewer = await account(application)
    await User.filter(id=viewer.id).delete()
    with pytest.raises(UnauthenticatedError):
        await application.accounts.account(viewer)


async def test_an_upload_that_outlives_its_account_is_refused_at_its_end(
    application: Application,
) -> None:
    viewer = await account(application)
    under_way = await received(application, viewer, b"x")
    await User.filter(id=viewer.id).update(disabled_at=datetime.now(UTC))
    with pytest.raises(UnauthenticatedError):
        await application.uploads.claim(under_way, draft({}))
    assert (await User.get(id=viewer.id)).files_count == 0
