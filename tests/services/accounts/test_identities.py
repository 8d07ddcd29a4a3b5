"""Users by a provider's word, and guests that become them: on both engines, and at once."""

import asyncio
from datetime import UTC, datetime

import pytest

from auth.viewer import Viewer
from core.errors import ForbiddenError, UnauthenticatedError
from models.blob import Blob
from models.file import FileTag
from models.share import FileShare
from models.user import User, UserKind
from services.accounts.identities import Identity
from services.accounts.sessions import Session
from services.application import Application
from services.files.metadata import draft
from services.sharing.share_names import share_names
from tests.services.conftest import account, content_of, received, uploaded

ADA = Identity("https://issuer.example", "ada", "ada@example.org", "Ada")


async def viewer_of(application: Application, session: Session) -> Viewer:
    return await application.accounts.viewer(f"Bearer {session.access_token}")


async def test_a_guest_that_becomes_a_user_keeps_its_id_and_loses_its_tokens(
    application: Application,
) -> None:
    guest = await application.accounts.sign_in_guest(refreshable=True)
    lasting = application.accounts._signer.issue(guest.account_id)  # as before there were sessions
    owner = await viewer_of(application, guest)
    file = await uploaded(application, owner, b"kept")
    session = await application.identities.sign_in(ADA, guest.account_id)
    viewer = await viewer_of(application, session)
    assert (viewer.id, viewer.kind) == (guest.account_id, UserKind.USER)
    assert await content_of(application, viewer, file.id) == b"kept"
    for token in (guest.access_token, lasting):
        with pytest.raises(UnauthenticatedError):
            await application.accounts.viewer(f"Bearer {token}")
    with pytest.raises(UnauthenticatedError):
        await application.accounts.refresh(guest.refresh_token or "", "")
    found = await application.accounts.account(viewer)
    assert (found.email, found.name) == (ADA.email, ADA.name)


async def test_files_of_a_guest_move_with_all_that_belongs_to_them(
    application: Application,
) -> None:
    first = await application.identities.sign_in(ADA)
    user = await viewer_of(application, first)
    guest = await account(application, UserKind.GUEST)
    stranger = await account(application, UserKind.GUEST)
    own = await uploaded(application, user, b"both", tags=["home"])
    same = await uploaded(application, guest, b"both", tags=["away"])
    twice = [await uploaded(application, guest, b"twice", tags=["away"]) for _ in range(2)]
    foreign = await uploaded(application, stranger, b"both")
    assert guest.id is not None
    again = await application.identities.sign_in(ADA, guest.id)
    assert again.account_id == first.account_id
    for file in (own, same, *twice):
        found = await application.files.get(user, file.id)
        assert found.owner_id == user.id
        content = b"both" if file.id in {own.id, same.id} else b"twice"
        assert await content_of(application, user, file.id) == content
    assert (await application.files.get(user, same.id)).blob_id == own.blob_id
    assert (await application.files.find(foreign.id)) == foreign
    assert await FileTag.filter(owner_id=user.id, name="away").count() == 3
    totals = await application.accounts.account(user)
    assert (totals.files_count, totals.bytes_used) == (4, 18)
    left = await User.get(id=guest.id)
    assert (left.files_count, left.bytes_used, left.merged_into) == (0, 0, user.id)
    assert left.disabled_at is not None
    await application.sweeper.sweep()
    assert await Blob.filter(owner_id=guest.id).count() == 0


async def test_what_others_share_with_a_guest_moves_with_it(application: Application) -> None:
    user = await viewer_of(application, await application.identities.sign_in(ADA))
    guest, friend = [await account(application, UserKind.GUEST) for _ in range(2)]
    assert user.id is not None
    assert guest.id is not None
    with_guest, with_both = [await uploaded(application, friend) for _ in range(2)]
    own = await uploaded(application, guest)
    await application.shares.share(friend, with_guest.id, share_names([guest.id]))
    await application.shares.share(friend, with_both.id, share_names([guest.id, user.id]))
    await application.shares.share(guest, own.id, share_names([user.id, str(friend.id)]))
    await application.identities.sign_in(ADA, guest.id)
    held = {(share.file_id, share.account_id) for share in await FileShare.all()}
    expected = {(with_guest.id, user.id), (with_both.id, user.id), (own.id, friend.id)}
    assert held == expected
    assert await content_of(application, user, with_guest.id)


async def test_an_upload_of_a_guest_that_has_moved_is_refused_at_its_end(
    application: Application,
) -> None:
    await application.identities.sign_in(ADA)
    guest = await account(application, UserKind.GUEST)
    assert guest.id is not None
    under_way = await received(application, guest, b"late")
    await application.identities.sign_in(ADA, guest.id)
    with pytest.raises(UnauthenticatedError):
        await application.uploads.claim(under_way, draft({}))


async def test_many_first_sign_ins_at_once_make_one_account(application: Application) -> None:
    guests = [await account(application, UserKind.GUEST) for _ in range(3)]
    for number, guest in enumerate(guests):
        await uploaded(application, guest, str(number).encode())
    sessions = await asyncio.gather(
        *(application.identities.sign_in(ADA, guest.id) for guest in guests),
        application.identities.sign_in(ADA),
    )
    assert len({session.account_id for session in sessions}) == 1
    assert await User.filter(subject="ada").count() == 1
    assert (await User.get(subject="ada")).files_count == 3


async def test_a_guest_moves_while_it_uploads_and_deletes(application: Application) -> None:
    await application.identities.sign_in(ADA)
    guest = await account(application, UserKind.GUEST)
    files = [await uploaded(application, guest, b"x%d" % number) for number in range(8)]

    async def upload(number: int) -> None:
        try:
            await uploaded(application, guest, b"x%d" % number)
        except UnauthenticatedError:
            return

    await asyncio.gather(
        *(upload(number) for number in range(8)),
        *(application.files.bulk_delete(guest, [file.id]) for file in files[:4]),
        application.identities.sign_in(ADA, guest.id),
    )
    assert guest.id is not None
    left = await User.get(id=guest.id)
    assert (left.files_count, left.bytes_used) == (0, 0)
    await application.sweeper.sweep()  # what the invariants hold is checked at the end


async def test_a_user_is_not_merged_into_another(application: Application) -> None:
    user = await account(application)
    file = await uploaded(application, user)
    session = await application.identities.sign_in(ADA, user.id)
    assert session.account_id != user.id
    assert (await application.files.get(user, file.id)).owner_id == user.id


async def test_a_disabled_account_does_not_sign_in_and_takes_no_files(
    application: Application,
) -> None:
    session = await application.identities.sign_in(ADA)
    await User.filter(id=session.account_id).update(disabled_at=datetime.now(UTC))
    guest = await account(application, UserKind.GUEST)
    file = await uploaded(application, guest)
    with pytest.raises(ForbiddenError):
        await application.identities.sign_in(ADA, guest.id)
    assert (await application.files.get(guest, file.id)).owner_id == guest.id


async def test_what_the_provider_says_of_a_person_is_kept_up_to_date(
    application: Application,
) -> None:
    await application.identities.sign_in(ADA)
    later = Identity(ADA.issuer, ADA.subject, None, "Ada L.")
    session = await application.identities.sign_in(later)
    found = await application.accounts.account(await viewer_of(application, session))
    assert (found.email, found.name) == (None, "Ada L.")


@pytest.mark.parametrize("subject", [None, "", 1, ["ada"], "x" * 256])
def test_claims_that_name_nobody_are_refused(subject: object) -> None:
    with pytest.raises(UnauthenticatedError):
        Identity.of_claims(ADA.issuer, {"sub": subject})


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_address_counts_only_if_it_is_verified(verified: object) -> None:
    claims = {"sub": "ada", "email": "root@example.org", "email_verified": verified, "name": 5}
    assert Identity.of_claims("i", claims) == Identity("i", "ada", None, None)
