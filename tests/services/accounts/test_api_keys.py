"""API keys: made once, recognised, limited to their scope, noted and revoked."""

from datetime import UTC, datetime, timedelta

import pytest

from auth.refresh_tokens import digest_of
from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    ConflictError,
    ErrorCode,
    ForbiddenError,
    InsufficientScopeError,
    MediaError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    ValidationFailedError,
)
from core.ids import IdPrefix, new_id
from models.api_key import ApiKey
from models.user import User, UserKind
from services.accounts.api_keys import NewKey, Scope
from services.accounts.attempts import FAILURES
from services.application import Application
from tests.services.clock import Clock
from tests.services.conftest import account, content_of, received, uploaded

HERE = "192.0.2.1"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("services.accounts.lookup_cache.time", made)
    return made


async def made(application: Application, owner: Viewer, *scopes: Scope) -> NewKey:
    return await application.api_keys.create(owner, "for a test", scopes or [Scope.WRITE])


async def by_key(application: Application, key: NewKey | str) -> Viewer:
    secret = key if isinstance(key, str) else key.secret
    return await application.accounts.viewer(f"Bearer {secret}", HERE)


async def test_a_key_signs_in_as_its_account(application: Application, owner: Viewer) -> None:
    key = await made(application, owner)
    viewer = await by_key(application, key)
    assert (viewer.id, viewer.kind, viewer.read_only) == (owner.id, UserKind.USER, False)
    file = await uploaded(application, viewer, b"by a script")
    assert await content_of(application, owner, file.id) == b"by a script"


async def test_a_key_is_shown_once_and_never_stored(
    application: Application, owner: Viewer
) -> None:
    key = await made(application, owner)
    assert key.secret.startswith("media_")
    assert len(key.secret) >= 6 + 43
    (listed,) = await application.api_keys.list(owner)
    assert listed == key.stored
    assert key.secret.startswith(listed.hint)
    assert len(listed.hint) < 12
    rows = await application.database.read("SELECT * FROM api_key")
    assert key.secret not in [value for row in rows for value in row]
    assert (await ApiKey.get()).digest == digest_of(key.secret)


async def test_a_read_key_reads_and_changes_nothing(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, b"mine")
    viewer = await by_key(application, await made(application, owner, Scope.READ))
    assert viewer.read_only
    assert await content_of(application, viewer, file.id) == b"mine"
    files = application.files
    for attempt in (
        lambda: received(application, viewer, b"x"),
        lambda: files.update(viewer, file.id, {"tags": []}),
        lambda: files.delete(viewer, file.id),
        lambda: files.bulk_delete(viewer, [file.id]),
        lambda: files.revoke_links(viewer, file.id),
        lambda: files.delete(viewer, new_id(IdPrefix.FILE)),  # nor learns what there is
    ):
        with pytest.raises(InsufficientScopeError):
            await attempt()
    assert await content_of(application, owner, file.id) == b"mine"


async def test_a_revoked_key_is_out_at_once_and_no_other(
    application: Application, owner: Viewer
) -> None:
    keys = [await made(application, owner) for _ in range(2)]
    for key in keys:
        await by_key(application, key)
    await application.api_keys.revoke(owner, keys[0].stored.id)
    with pytest.raises(UnauthenticatedError):
        await by_key(application, keys[0])
    await by_key(application, keys[1])
    for gone in (keys[0].stored.id, "\0", ""):
        with pytest.raises(NotFoundError):
            await application.api_keys.revoke(owner, gone)


async def test_keys_are_of_their_own_account(application: Application, owner: Viewer) -> None:
    key, other = await made(application, owner), await account(application)
    assert await application.api_keys.list(other) == []
    with pytest.raises(NotFoundError):
        await application.api_keys.revoke(other, key.stored.id)
    await by_key(application, key)


async def test_a_disabled_account_is_out_with_its_keys_within_half_a_minute(
    application: Application, owner: Viewer, clock: Clock
) -> None:
    key = await made(application, owner)
    await by_key(application, key)
    await User.filter(id=owner.id).update(disabled_at=datetime.now(UTC))
    clock.now += 31
    with pytest.raises(UnauthenticatedError):
        await by_key(application, key)
    await User.filter(id=owner.id).update(disabled_at=None)
    assert (await by_key(application, key)).id == owner.id


async def test_the_last_use_is_noted_at_most_once_a_minute(
    application: Application, owner: Viewer, clock: Clock
) -> None:
    key = await made(application, owner)
    assert key.stored.last_used_at is None
    row = ApiKey.filter(id=key.stored.id)
    await by_key(application, key)
    first = (await row.get()).last_used_at
    assert first is not None
    clock.now += 31
    await by_key(application, key)
    assert (await row.get()).last_used_at == first
    await row.update(last_used_at=datetime.now(UTC) - timedelta(seconds=61))
    await by_key(application, key)  # not looked up: it was, just now
    clock.now += 31
    await by_key(application, key)
    noted = (await application.api_keys.list(owner))[0].last_used_at
    assert noted is not None
    assert noted >= first


async def test_neither_nobody_nor_a_guest_nor_a_key_has_keys(
    application: Application, owner: Viewer
) -> None:
    guest = await account(application, UserKind.GUEST)
    script = await by_key(application, await made(application, owner))
    refusals: list[tuple[Viewer, type[MediaError]]] = [
        (ANONYMOUS, UnauthenticatedError),
        (guest, ForbiddenError),
        (script, ForbiddenError),
    ]
    for viewer, refusal in refusals:
        with pytest.raises(refusal):
            await made(application, viewer)
        with pytest.raises(refusal):
            await application.api_keys.list(viewer)
        with pytest.raises(refusal):
            await application.api_keys.revoke(viewer, new_id(IdPrefix.API_KEY))


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b", "a\u202eb"])
async def test_a_key_has_a_name(application: Application, owner: Viewer, name: str) -> None:
    with pytest.raises(ValidationFailedError):
        await application.api_keys.create(owner, name, [Scope.READ])
    with pytest.raises(ValidationFailedError):
        await application.api_keys.create(owner, "name", [])


async def test_an_account_has_a_bounded_number_of_keys(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.accounts.api_keys.MAX_KEYS", 2)
    keys = [await made(application, owner) for _ in range(2)]
    with pytest.raises(ConflictError):
        await made(application, owner)
    await application.api_keys.revoke(owner, keys[0].stored.id)
    await made(application, owner)


async def test_too_many_wrong_keys_have_to_wait_and_a_right_one_has_not(
    application: Application, owner: Viewer
) -> None:
    key = await made(application, owner)
    for number in range(FAILURES.count):
        with pytest.raises(UnauthenticatedError):
            await by_key(application, f"media_{number}")
    with pytest.raises(RateLimitedError) as refusal:
        await by_key(application, "media_wrong")
    assert refusal.value.code is ErrorCode.RATE_LIMITED
    assert (await by_key(application, key)).id == owner.id
