"""Sessions: rotation, reuse, grace, and every way that they end."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from auth.refresh_tokens import digest_of, session_of
from core.errors import ForbiddenError, RateLimitedError, UnauthenticatedError
from core.settings import Settings
from models.login_session import LoginSession
from models.user import User, UserKind
from services.accounts.attempts import FAILURES
from services.accounts.sessions import GRACE_SECONDS, Session
from services.application import Application
from tests.services.conftest import checked

HERE = "192.0.2.1"


@pytest.fixture
async def session(application: Application) -> Session:
    return await application.accounts.sign_in_guest(refreshable=True)


def token_of(session: Session) -> str:
    assert session.refresh_token is not None
    return session.refresh_token


async def refreshed(application: Application, token: str) -> Session:
    return await application.accounts.refresh(token, HERE)


async def is_let_in(application: Application, session: Session) -> bool:
    try:
        viewer = await application.accounts.viewer(f"Bearer {session.access_token}")
    except UnauthenticatedError:
        return False
    return viewer.id == session.account_id


async def rotated_long_ago(token: str, seconds: float = GRACE_SECONDS + 1) -> None:
    when = datetime.now(UTC) - timedelta(seconds=seconds)
    assert await LoginSession.filter(id=session_of(token)).update(rotated_at=when) == 1


async def test_a_session_is_short_lived_and_refreshed(
    application: Application, session: Session
) -> None:
    assert session.expires_in == application.settings.access_lifetime_seconds
    assert session.refresh_expires_in == application.settings.refresh_lifetime_seconds
    following = session
    for _ in range(3):
        following = await refreshed(application, token_of(following))
        assert following.account_id == session.account_id
        assert following.kind is UserKind.GUEST
        assert await is_let_in(application, following)
    assert token_of(following) != token_of(session)
    assert session_of(token_of(following)) == session_of(token_of(session))


async def test_no_refresh_token_is_stored(application: Application, session: Session) -> None:
    following = await refreshed(application, token_of(session))
    row = await LoginSession.get(id=session_of(token_of(session)))
    assert row.refresh_digest == digest_of(token_of(following))
    assert row.previous_digest == digest_of(token_of(session))
    secrets = {token_of(one).partition(".")[2] for one in (session, following)}
    rows = await application.database.read("SELECT * FROM login_session")
    assert not [value for row in rows for value in row if value in secrets]


async def test_a_used_refresh_token_ends_its_family_and_no_other(
    application: Application, session: Session
) -> None:
    other = await application.accounts.sign_in_guest(refreshable=True)
    following = await refreshed(application, token_of(session))
    await rotated_long_ago(token_of(session))
    for token in (token_of(session), token_of(following), token_of(session)):
        with pytest.raises(UnauthenticatedError):
            await refreshed(application, token)
    assert not await is_let_in(application, session)
    assert not await is_let_in(application, following)
    assert await is_let_in(application, await refreshed(application, token_of(other)))


async def test_one_used_long_before_the_last_ends_the_family_even_within_the_grace(
    application: Application, session: Session
) -> None:
    second = await refreshed(application, token_of(session))
    third = await refreshed(application, token_of(second))
    with pytest.raises(UnauthenticatedError):
        await refreshed(application, token_of(session))
    with pytest.raises(UnauthenticatedError):
        await refreshed(application, token_of(third))


async def test_tabs_that_refresh_at_once_get_the_same_successor(
    application: Application, session: Session
) -> None:
    answers = await asyncio.gather(*(refreshed(application, token_of(session)) for _ in range(8)))
    assert len({token_of(answer) for answer in answers}) == 1
    assert all([await is_let_in(application, answer) for answer in answers])
    assert await is_let_in(application, await refreshed(application, token_of(answers[0])))


async def test_the_grace_holds_over_a_change_of_the_secret(settings: Settings) -> None:
    old = settings.secret_key
    new = replace(settings, secret_key="x" * 40, previous_secret_keys=(old,))
    async with checked(settings) as application:
        session = await application.accounts.sign_in_guest(refreshable=True)
        following = await refreshed(application, token_of(session))
    async with checked(new) as application:
        assert await is_let_in(application, following)
        again = await refreshed(application, token_of(session))
        assert token_of(again) == token_of(following)
        assert await is_let_in(application, await refreshed(application, token_of(again)))


async def test_a_session_ends_with_its_time(application: Application, session: Session) -> None:
    now = datetime.now(UTC)
    rows = LoginSession.filter(id=session_of(token_of(session)))
    await rows.update(expires_at=now + timedelta(seconds=60))
    following = await refreshed(application, token_of(session))  # which lengthens it
    assert (await rows.get()).expires_at > now + timedelta(days=29)
    await rows.update(expires_at=now)
    with pytest.raises(UnauthenticatedError):
        await refreshed(application, token_of(following))


@pytest.mark.parametrize("which", ["first", "following"])
async def test_signing_out_ends_access_and_refreshing(
    application: Application, session: Session, which: str
) -> None:
    following = await refreshed(application, token_of(session))
    assert await is_let_in(application, following)
    await application.accounts.sign_out(token_of(session if which == "first" else following))
    assert not await is_let_in(application, session)
    assert not await is_let_in(application, following)
    with pytest.raises(UnauthenticatedError):
        await refreshed(application, token_of(following))
    await application.accounts.sign_out(token_of(session))


async def test_an_access_token_signs_its_session_out(
    application: Application, session: Session
) -> None:
    lasting = await application.accounts.sign_in_guest()
    for one in (session, lasting):
        viewer = await application.accounts.viewer(f"Bearer {one.access_token}")
        await application.accounts.end_session(viewer)
        assert not await is_let_in(application, one)
    with pytest.raises(UnauthenticatedError):
        await refreshed(application, token_of(session))


async def test_nobody_signs_out_a_session_whose_id_is_all_that_he_knows(
    application: Application, session: Session
) -> None:
    forged = f"{session_of(token_of(session))}.{'x' * 43}"
    await application.accounts.sign_out(forged)
    assert await is_let_in(application, session)


async def test_a_disabled_account_is_not_refreshed_and_goes_on_when_enabled(
    application: Application, session: Session
) -> None:
    await User.filter(id=session.account_id).update(disabled_at=datetime.now(UTC))
    with pytest.raises(UnauthenticatedError):
        await refreshed(application, token_of(session))
    await User.filter(id=session.account_id).update(disabled_at=None)
    assert await is_let_in(application, await refreshed(application, token_of(session)))


@pytest.fixture
def odd_tokens(session: Session) -> list[str]:
    session_id, _, secret = token_of(session).partition(".")
    return ["", ".", "x", session_id, f"{session_id}.", f".{secret}", f"x.{secret}", "\ud800" * 70]


async def test_what_is_no_refresh_token_is_refused_and_ends_nothing(
    application: Application, session: Session, odd_tokens: list[str]
) -> None:
    for odd in odd_tokens:
        with pytest.raises(UnauthenticatedError):
            await refreshed(application, odd)
        await application.accounts.sign_out(odd)
    assert await is_let_in(application, await refreshed(application, token_of(session)))


async def test_too_many_failures_of_an_address_have_to_wait_and_what_is_right_has_not(
    application: Application, session: Session
) -> None:
    for _ in range(FAILURES.count):
        with pytest.raises(UnauthenticatedError):
            await application.accounts.refresh("wrong", HERE)
    with pytest.raises(RateLimitedError) as refusal:
        await application.accounts.refresh("wrong", HERE)
    wait = refusal.value.figures["retry_after_seconds"]
    assert isinstance(wait, int)
    # A whole window, and what one failure of thirty takes of the next one.
    assert 1 <= wait <= FAILURES.seconds + FAILURES.seconds // FAILURES.count
    with pytest.raises(UnauthenticatedError):
        await application.accounts.refresh("wrong", "192.0.2.2")
    assert await is_let_in(application, await refreshed(application, token_of(session)))


async def test_guests_get_no_session_where_guest_login_is_off(settings: Settings) -> None:
    async with checked(settings, guest_login=False) as application:
        with pytest.raises(ForbiddenError):
            await application.accounts.sign_in_guest(refreshable=True)
        assert await LoginSession.all().count() == 0


async def test_sessions_that_have_ended_are_swept_and_no_others(application: Application) -> None:
    sessions = [await application.accounts.sign_in_guest(refreshable=True) for _ in range(4)]
    ids = [session_of(token_of(session)) for session in sessions]
    now = datetime.now(UTC)
    await LoginSession.filter(id=ids[0]).update(expires_at=now - timedelta(hours=25))
    await LoginSession.filter(id=ids[1]).update(revoked_at=now - timedelta(hours=25))
    await LoginSession.filter(id=ids[2]).update(revoked_at=now)
    await application.sweeper.sweep()
    assert {row.id for row in await LoginSession.all()} == set(ids[2:])
    assert [await is_let_in(application, session) for session in sessions] == [False] * 3 + [True]
    for session in sessions[:3]:
        with pytest.raises(UnauthenticatedError):
            await refreshed(application, token_of(session))
