"""Sharing by e-mail address: whom an address names, who may ask, and what is told of people."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from auth.viewer import ANONYMOUS, Viewer
from core.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    ValidationFailedError,
)
from models.file import StoredFile
from models.share import Share
from models.user import MAX_EMAIL, User, UserKind
from services.accounts.identities import Identity
from services.application import Application
from services.sharing.share_names import share_names
from tests.services.conftest import account, checked, uploaded

ISSUER = "https://issuer.example"
NO_ADDRESSES = [
    "",
    "@",
    "ada",
    "ada@",
    "@example.org",
    "a da@example.org",
    "ada@exam ple.org",
    "ada@@example.org",
    "ada@example.org, eve@example.org",
    "ada\0@example.org",
    "\ud800@example.org",
    "ada@example.org\u202e",
    "a" * MAX_EMAIL + "@example.org",
]


@pytest.fixture
async def application(settings: Any) -> AsyncIterator[Application]:
    """The application whose users sign in by one provider."""
    async with checked(settings, oidc_issuer=ISSUER) as started:
        yield started


async def user(
    application: Application,
    email: str | None,
    *,
    subject: str | None = None,
    issuer: str = ISSUER,
    name: str | None = "Somebody",
) -> Viewer:
    """Return a user whom a provider vouches for."""
    identity = Identity(issuer, subject or str(email), email, name)
    session = await application.identities.sign_in(identity)
    return Viewer(session.account_id, UserKind.USER)


@pytest.fixture
async def owner(application: Application) -> Viewer:
    return await user(application, "owner@example.org", name="Olga Owner")


@pytest.fixture
async def ada(application: Application) -> Viewer:
    return await user(application, "Ada@Example.org", subject="ada", name="Ada Lovelace")


@pytest.fixture
async def file(application: Application, owner: Viewer) -> StoredFile:
    return await uploaded(application, owner)


async def share(application: Application, viewer: Viewer, file: StoredFile, *emails: str) -> None:
    await application.shares.share(viewer, file.id, share_names(None, emails))


async def shares(application: Application, viewer: Viewer, file: StoredFile) -> list[Share]:
    return await application.shares.of_file(viewer, file.id)


@pytest.mark.parametrize("address", ["Ada@Example.org", "ada@example.org", "  ADA@EXAMPLE.ORG "])
async def test_an_address_names_its_account_in_any_case(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile, address: str
) -> None:
    await share(application, owner, file, address)
    read = await application.files.get(ada, file.id)
    assert read.granted_to == ada.id
    (shown,) = await shares(application, owner, file)
    assert (shown.account_id, shown.kind) == (ada.id, UserKind.USER)
    assert (shown.name, shown.email) == ("Ada Lovelace", "Ada@Example.org")


async def test_several_are_named_at_once_and_twice_is_once(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile
) -> None:
    eve = await user(application, "eve@example.org")
    await share(application, owner, file, "ada@example.org", "EVE@example.org", "Ada@example.org")
    found = await shares(application, owner, file)
    assert {one.account_id for one in found} == {ada.id, eve.id}


async def test_letters_beyond_a_to_z_are_not_taken_for_each_other(
    application: Application, owner: Viewer, file: StoredFile
) -> None:
    long_s, kelvin = "\u017fam@example.org", "ni\u212aa@example.org"
    await user(application, long_s)
    await user(application, kelvin)
    assert long_s.casefold() == "sam@example.org"
    for other in ("sam@example.org", "nika@example.org"):
        with pytest.raises(NotFoundError):
            await share(application, owner, file, other)
    zoe = await user(application, "ZO\u00cb@example.org")
    await share(application, owner, file, "zo\u00cb@EXAMPLE.org")
    assert [one.account_id for one in await shares(application, owner, file)] == [zoe.id]
    for other in ("zo\u00eb@example.org", "zoE\u0308@example.org"):
        with pytest.raises(NotFoundError):
            await share(application, owner, file, other)


@pytest.mark.parametrize("unknown", ["nobody@example.org", "disabled@example.org"])
async def test_no_account_and_a_disabled_one_are_refused_alike_and_with_them_all(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile, unknown: str
) -> None:
    disabled = await user(application, "disabled@example.org")
    await User.filter(id=disabled.id).update(disabled_at=datetime.now(UTC))
    with pytest.raises(NotFoundError) as refused:
        await share(application, owner, file, "ada@example.org", unknown)
    assert refused.value.message == f"There is no account with the address '{unknown}'."
    assert await shares(application, owner, file) == []


async def test_an_address_that_was_not_verified_names_nobody(
    application: Application, owner: Viewer, file: StoredFile
) -> None:
    claims = {"sub": "mallory", "email": "mallory@example.org", "email_verified": False}
    await application.identities.sign_in(Identity.of_claims(ISSUER, claims))
    with pytest.raises(NotFoundError):
        await share(application, owner, file, "mallory@example.org")


async def test_an_address_counts_by_the_word_of_the_server_s_own_provider(
    application: Application, owner: Viewer, file: StoredFile
) -> None:
    former = await user(application, "ada@example.org", issuer="https://former.example")
    with pytest.raises(NotFoundError):
        await share(application, owner, file, "ada@example.org")
    ada = await user(application, "ada@example.org")
    assert former.id != ada.id
    await share(application, owner, file, "ada@example.org")
    assert [one.account_id for one in await shares(application, owner, file)] == [ada.id]


async def test_an_address_that_two_accounts_have_names_neither(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile
) -> None:
    other = await user(application, "ada@example.org", subject="ada at another desk")
    with pytest.raises(ConflictError, match="by its id"):
        await share(application, owner, file, "ada@example.org")
    assert await shares(application, owner, file) == []
    await User.filter(id=other.id).update(disabled_at=datetime.now(UTC))
    await share(application, owner, file, "ada@example.org")
    assert [one.account_id for one in await shares(application, owner, file)] == [ada.id]


async def test_an_address_that_has_moved_on_names_who_has_it_now(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile
) -> None:
    await share(application, owner, file, "ada@example.org")
    await user(application, "lovelace@example.org", subject="ada", name="Ada King")
    with pytest.raises(NotFoundError):
        await share(application, owner, file, "ada@example.org")
    (shown,) = await shares(application, owner, file)
    assert (shown.account_id, shown.email) == (ada.id, "Ada@Example.org")
    await share(application, owner, file, "lovelace@example.org")
    (shown,) = await shares(application, owner, file)
    assert (shown.name, shown.email) == ("Ada King", "lovelace@example.org")


async def test_nobody_shares_with_the_owner_of_the_file(
    application: Application, owner: Viewer, file: StoredFile
) -> None:
    administrator = await account(application, UserKind.ADMINISTRATOR)
    for viewer in (owner, administrator):
        with pytest.raises(ValidationFailedError, match="owner"):
            await share(application, viewer, file, "OWNER@example.org")


async def test_guests_learn_nothing_by_addresses(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile
) -> None:
    guest = await account(application, UserKind.GUEST)
    own = await uploaded(application, guest)
    refusals = []
    for address in ("ada@example.org", "nobody@example.org"):
        with pytest.raises(ForbiddenError) as refused:
            await share(application, guest, own, address)
        refusals.append(refused.value.message)
        with pytest.raises(NotFoundError, match="file"):
            await share(application, guest, file, address)
        with pytest.raises(UnauthenticatedError):
            await share(application, ANONYMOUS, file, address)
    assert refusals[0] == refusals[1]
    await application.shares.share(guest, own.id, share_names([str(ada.id)]))


async def test_who_knows_an_id_alone_is_not_told_whose_it_is(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile
) -> None:
    await application.shares.share(owner, file.id, share_names([str(ada.id)]))
    (shown,) = await shares(application, owner, file)
    assert (shown.account_id, shown.name, shown.email) == (ada.id, None, None)
    await share(application, owner, file, "ada@example.org")
    (told,) = await shares(application, owner, file)
    assert (told.name, told.email) == ("Ada Lovelace", "Ada@Example.org")
    assert told.created_at == shown.created_at
    await application.shares.share(owner, file.id, share_names([str(ada.id)]))
    assert await shares(application, owner, file) == [told]


async def test_an_administrator_shares_by_address_too(
    application: Application, owner: Viewer, ada: Viewer, file: StoredFile
) -> None:
    administrator = await account(application, UserKind.ADMINISTRATOR)
    await share(application, administrator, file, "ada@example.org")
    assert await shares(application, administrator, file) == await shares(application, owner, file)


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused_before_anything_is_asked(text: str) -> None:
    with pytest.raises(ValidationFailedError, match="no e-mail address"):
        share_names(None, ["ada@example.org", text])


def test_accounts_are_named_in_one_way() -> None:
    for ids, emails in ((None, None), (["x"], ["ada@example.org"]), ([], [])):
        with pytest.raises(ValidationFailedError, match="not both"):
            share_names(ids, emails)
    for wrong in ([], [f"{number}@example.org" for number in range(101)]):
        with pytest.raises(ValidationFailedError, match="1 to 100"):
            share_names(None, wrong)
