"""Recovery codes: made once, signing in until revoked, for guests alone, refused in one way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from auth.recovery_codes import new_code
from auth.refresh_tokens import digest_of
from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    ForbiddenError,
    MediaError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    ValidationFailedError,
)
from models.recovery_code import RecoveryCode
from models.user import User, UserKind
from services.accounts.administration import Administration
from services.accounts.api_keys import Scope
from services.accounts.attempts import FAILURES
from services.accounts.identities import Identity
from services.accounts.sessions import Session
from services.application import Application
from tests.services.conftest import account, content_of, uploaded

HERE = "192.0.2.1"
ADA = Identity("https://issuer.example", "ada", "ada@example.org", "Ada")
Change = Callable[[Application, str], Awaitable[object]]


@pytest.fixture
async def guest(application: Application) -> Viewer:
    return await account(application, UserKind.GUEST)


async def made(application: Application, viewer: Viewer) -> str:
    return (await application.recovery_codes.create(viewer)).code


async def signed_in(application: Application, code: str) -> Session:
    return await application.recovery_codes.sign_in(code, HERE)


async def refusal_of(application: Application, code: str) -> str:
    with pytest.raises(UnauthenticatedError) as refusal:
        await signed_in(application, code)
    return str(refusal.value)


async def test_a_code_signs_its_guest_in_again(application: Application, guest: Viewer) -> None:
    file = await uploaded(application, guest, b"kept")
    code = await made(application, guest)
    session = await signed_in(application, code.lower().replace("-", " "))
    assert (session.account_id, session.kind) == (guest.id, UserKind.GUEST)
    viewer = await application.accounts.viewer(f"Bearer {session.access_token}")
    assert await content_of(application, viewer, file.id) == b"kept"
    following = await application.accounts.refresh(session.refresh_token or "", HERE)
    assert following.account_id == guest.id


async def test_a_code_is_shown_once_and_stored_as_its_digest(
    application: Application, guest: Viewer
) -> None:
    assert await application.recovery_codes.find(guest) is None
    new = await application.recovery_codes.create(guest)
    assert await application.recovery_codes.find(guest) == new.recovery_code
    row = await RecoveryCode.get()
    assert (row.account_id, row.digest) == (guest.id, digest_of(new.code))
    rows = await application.database.read("SELECT * FROM recovery_code")
    assert new.code not in [value for row in rows for value in row]


async def test_a_code_stays_valid_and_shows_its_last_use(
    application: Application, guest: Viewer
) -> None:
    new = await application.recovery_codes.create(guest)
    assert new.recovery_code.last_used_at is None
    uses = []
    for _ in range(2):
        await signed_in(application, new.code)
        found = await application.recovery_codes.find(guest)
        assert found is not None
        assert found.created_at == new.recovery_code.created_at
        uses.append(found.last_used_at)
    assert None not in uses
    assert uses[0] < uses[1]


async def test_a_new_code_replaces_the_one_before(application: Application, guest: Viewer) -> None:
    first = await made(application, guest)
    await signed_in(application, first)
    second = await application.recovery_codes.create(guest)
    assert second.recovery_code.last_used_at is None
    await refusal_of(application, first)
    await signed_in(application, second.code)
    assert await RecoveryCode.all().count() == 1


async def test_a_revoked_code_signs_nobody_in_and_its_sessions_go_on(
    application: Application, guest: Viewer
) -> None:
    code = await made(application, guest)
    session = await signed_in(application, code)
    assert await application.recovery_codes.revoke(guest)
    assert not await application.recovery_codes.revoke(guest)
    assert await application.recovery_codes.find(guest) is None
    await refusal_of(application, code)
    await application.accounts.refresh(session.refresh_token or "", HERE)


async def test_codes_are_of_their_own_account(application: Application, guest: Viewer) -> None:
    other = await account(application, UserKind.GUEST)
    code, others = await made(application, guest), await made(application, other)
    await application.recovery_codes.revoke(other)
    assert (await signed_in(application, code)).account_id == guest.id
    await refusal_of(application, others)


async def test_neither_nobody_nor_a_user_nor_a_key_has_a_code(
    application: Application, owner: Viewer
) -> None:
    key = await application.api_keys.create(owner, "for a test", [Scope.WRITE])
    script = await application.accounts.viewer(f"Bearer {key.secret}", HERE)
    refusals: list[tuple[Viewer, type[MediaError], str]] = [
        (ANONYMOUS, UnauthenticatedError, "Sign in"),
        (owner, ForbiddenError, "Only guests"),
        (await account(application, UserKind.ADMINISTRATOR), ForbiddenError, "Only guests"),
        (script, ForbiddenError, "An API key"),
    ]
    codes = application.recovery_codes
    for viewer, refusal, words in refusals:
        for attempt in (codes.create, codes.find, codes.revoke):
            with pytest.raises(refusal, match=words):
                await attempt(viewer)
    assert await RecoveryCode.all().count() == 0


async def disable(application: Application, account_id: str) -> None:
    await Administration(application.database).disable(account_id)


async def become_a_user(application: Application, account_id: str) -> None:
    await application.identities.sign_in(ADA, account_id)


async def move_to_a_user(application: Application, account_id: str) -> None:
    await application.identities.sign_in(ADA)
    await application.identities.sign_in(ADA, account_id)


async def be_promoted(application: Application, account_id: str) -> None:
    await Administration(application.database).promote(account_id)


async def be_promoted_behind_our_back(_: Application, account_id: str) -> None:
    await User.filter(id=account_id).update(kind=UserKind.ADMINISTRATOR)


async def lose_the_code(application: Application, account_id: str) -> None:
    await Administration(application.database).revoke_recovery_code(account_id)


async def be_deleted(_: Application, account_id: str) -> None:
    await User.filter(id=account_id).delete()


ENDS: dict[Change, int] = {
    # and how many rows are left of the code
    disable: 1,
    become_a_user: 0,
    move_to_a_user: 0,
    be_promoted: 0,
    be_promoted_behind_our_back: 1,
    lose_the_code: 0,
    be_deleted: 0,
}


async def test_a_code_that_is_not_valid_is_refused_as_one_that_never_was(
    application: Application,
) -> None:
    unknown = await refusal_of(application, new_code())
    for change, left in ENDS.items():
        guest = await account(application, UserKind.GUEST)
        code = await made(application, guest)
        await signed_in(application, code)
        assert guest.id is not None
        await change(application, guest.id)
        assert await refusal_of(application, code) == unknown
        assert await RecoveryCode.filter(account_id=guest.id).count() == left, change


async def test_an_account_that_is_enabled_again_has_its_code_again(
    application: Application, guest: Viewer
) -> None:
    code = await made(application, guest)
    assert guest.id is not None
    await Administration(application.database).disable(guest.id)
    await Administration(application.database).enable(guest.id)
    assert (await signed_in(application, code)).account_id == guest.id


async def test_who_is_no_guest_any_more_gets_no_code_by_what_a_server_remembers(
    application: Application,
) -> None:
    for change in (become_a_user, move_to_a_user, be_promoted, disable):
        guest = await account(application, UserKind.GUEST)
        assert guest.id is not None
        await change(application, guest.id)
        with pytest.raises(ForbiddenError):
            await application.recovery_codes.create(guest)


async def test_an_operator_is_told_that_there_is_no_code_to_revoke(
    application: Application, guest: Viewer
) -> None:
    for name in (str(guest.id), "nobody@example.org"):
        with pytest.raises(NotFoundError):
            await Administration(application.database).revoke_recovery_code(name)


async def test_too_many_wrong_codes_have_to_wait_and_a_right_one_has_not(
    application: Application, guest: Viewer
) -> None:
    code = await made(application, guest)
    for _ in range(FAILURES.count):
        await refusal_of(application, new_code())
    with pytest.raises(RateLimitedError):
        await signed_in(application, new_code())
    assert (await signed_in(application, code)).account_id == guest.id


async def test_a_mistyped_code_is_no_failed_attempt(
    application: Application, guest: Viewer
) -> None:
    mistyped = (await made(application, guest))[:-1] + "U"
    for _ in range(FAILURES.count + 1):
        with pytest.raises(ValidationFailedError):
            await signed_in(application, mistyped)
    await refusal_of(application, new_code())


async def test_what_is_done_with_codes_is_audited_without_them(
    application: Application, guest: Viewer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "media.audit")
    codes = [await made(application, guest) for _ in range(2)]
    await signed_in(application, codes[1])
    await application.recovery_codes.revoke(guest)
    assert [record.getMessage() for record in caplog.records] == [
        f"guest {guest.id}: made a recovery code",
        f"guest {guest.id}: replaced its recovery code",
        f"guest {guest.id}: signed in by its recovery code",
        f"guest {guest.id}: revoked its recovery code",
    ]


async def test_codes_that_are_made_at_once_leave_one(
    application: Application, guest: Viewer
) -> None:
    codes = await asyncio.gather(*(made(application, guest) for _ in range(6)))
    assert await RecoveryCode.all().count() == 1
    outcomes = await asyncio.gather(
        *(signed_in(application, code) for code in codes), return_exceptions=True
    )
    assert sum(isinstance(one, Session) for one in outcomes) == 1


async def test_a_guest_signs_in_while_it_becomes_a_user_and_is_left_with_no_session(
    application: Application, guest: Viewer
) -> None:
    code = await made(application, guest)
    assert guest.id is not None
    *outcomes, user = await asyncio.gather(
        *(signed_in(application, code) for _ in range(6)),
        application.identities.sign_in(ADA, guest.id),
        return_exceptions=True,
    )
    assert isinstance(user, Session)
    await application.accounts.viewer(f"Bearer {user.access_token}")
    for one in outcomes:
        assert isinstance(one, Session | UnauthenticatedError)
        if isinstance(one, Session):
            with pytest.raises(UnauthenticatedError):
                await application.accounts.viewer(f"Bearer {one.access_token}")
    await refusal_of(application, code)


async def test_a_guest_comes_back_though_no_new_guests_are_let_in(
    application: Application, guest: Viewer
) -> None:
    code = await made(application, guest)
    application.accounts.guest_login = False
    assert (await signed_in(application, code)).account_id == guest.id
