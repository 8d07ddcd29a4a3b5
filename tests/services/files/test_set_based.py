"""Statements on many rows at once: their number does not depend on the number of rows."""

import hashlib
from datetime import UTC, datetime

import pytest

from auth.viewer import Viewer
from core.ids import IdPrefix, new_id
from models.blob import Blob
from models.derivative import Derivative, DerivativeKind, DerivativeState
from models.file import File, Visibility
from models.share import FileShare
from models.user import User, UserKind
from services.accounts.identities import Identity
from services.application import Application
from services.derivatives.probing import _Found
from services.files.files import MAX_BULK_DELETE, Outcome
from tests.services.conftest import account, assert_invariants, uploaded
from tests.statements import counted

ADA = Identity("https://issuer.example", "ada", "ada@example.org", "Ada")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def recorded(owner: Viewer, reader: Viewer, count: int, *, copies: int) -> list[str]:
    """Record shared files without bytes, ``copies`` of each content, each with a derivative."""
    assert owner.id is not None
    digests = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(count // copies)]
    blobs = [
        Blob(key=digest[:32], owner_id=owner.id, sha256=digest, size=1, refs=copies, created_at=NOW)
        for digest in digests
    ]
    files = [
        File(
            id=new_id(IdPrefix.FILE),
            owner_id=owner.id,
            blob_id=blob.key,
            filename="a",
            filename_folded="a",
            tags="[]",
            visibility=Visibility.PRIVATE,
            mime_type="text/plain",
            size=1,
            sha256=blob.sha256,
            created_at=NOW,
            updated_at=NOW,
        )
        for blob in blobs
        for _ in range(copies)
    ]
    await Blob.bulk_create(blobs)
    await File.bulk_create(files)
    await FileShare.bulk_create(
        FileShare(file_id=file.id, account_id=reader.id, created_at=NOW) for file in files
    )
    await Derivative.bulk_create(_derivative(blob) for blob in blobs)
    await User.filter(id=owner.id).update(files_count=count, bytes_used=count)
    return [file.id for file in files]


def _derivative(blob: Blob) -> Derivative:
    return Derivative(
        id=new_id(IdPrefix.DERIVATIVE),
        blob_id=blob.key,
        spec=blob.sha256,
        kind=DerivativeKind.PREVIEW,
        parameters="{}",
        state=DerivativeState.READY,
        claim=blob.key,
        claimed_until=NOW,
        key=blob.key[::-1],
        created_at=NOW,
    )


@pytest.mark.parametrize("copies", [1, 4])
async def test_a_thousand_files_are_deleted_in_ten_statements(
    in_memory: Application, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    owner, reader = await account(in_memory), await account(in_memory)
    ids = await recorded(owner, reader, MAX_BULK_DELETE, copies=copies)
    with counted(monkeypatch) as statements:
        outcomes = await in_memory.files.bulk_delete(owner, ids)
    assert {one.outcome for one in outcomes} == {Outcome.DELETED}
    # The files are locked and removed, the account and the blobs counted down; then the dead blobs
    # are found, and removed with their derivatives.
    assert len(statements) <= 10, statements
    await in_memory.sweeper.sweep()
    await assert_invariants(in_memory)


async def test_an_administrator_deletes_files_of_many_accounts_in_as_few_statements(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    administrator = await account(application, UserKind.ADMINISTRATOR)
    taken = []
    for count in (2, 12):
        owners = [await account(application) for _ in range(count)]
        ids = [(await uploaded(application, owner)).id for owner in owners]
        with counted(monkeypatch) as statements:
            await application.files.bulk_delete(administrator, ids)
        taken.append(len(statements))
    assert taken[0] == taken[1] <= 10


async def test_a_guest_moves_in_as_many_statements_however_much_content_both_have(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await application.identities.sign_in(ADA)
    user = Viewer(session.account_id, UserKind.USER)
    taken = []
    for count in (2, 12):
        guest = await account(application, UserKind.GUEST)
        for number in range(count):
            for viewer in (user, guest, guest):
                await uploaded(application, viewer, b"%d of %d" % (number, count))
        await uploaded(application, guest, b"its own of %d" % count)
        with counted(monkeypatch) as statements:
            await application.identities.sign_in(ADA, guest.id)
        taken.append(len(statements))
        await application.sweeper.sweep()
        await assert_invariants(application)
    assert taken[0] == taken[1]


async def test_what_was_found_of_shared_content_holds_for_the_files_of_a_guest(
    application: Application,
) -> None:
    session = await application.identities.sign_in(ADA)
    user = Viewer(session.account_id, UserKind.USER)
    guest = await account(application, UserKind.GUEST)
    mine, same = [await uploaded(application, viewer, b"same") for viewer in (user, guest)]
    await application.prober._record({mine.blob_id: _Found(4, 3, blurhash="L")})
    await application.identities.sign_in(ADA, guest.id)
    moved = await application.files.get(user, same.id)
    assert (moved.blob_id, moved.width, moved.blurhash) == (mine.blob_id, 4, "L")
    await application.sweeper.sweep()


async def test_what_probes_find_is_recorded_in_as_many_statements_for_many_blobs(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [await uploaded(application, owner, b"%d" % number) for number in range(12)]
    taken = []
    for some in (files[:1], files[1:]):
        with counted(monkeypatch) as statements:
            found = {file.blob_id: _Found(number + 1, 3, 1.25) for number, file in enumerate(some)}
            await application.prober._record(found)
        taken.append(len(statements))
        for number, file in enumerate(some):
            shown = await application.files.get(owner, file.id)
            assert (shown.width, shown.height, shown.duration) == (number + 1, 3, 1.25)
            assert shown.updated_at == file.updated_at
    assert taken[0] == taken[1]
