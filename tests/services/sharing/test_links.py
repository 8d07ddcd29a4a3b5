"""Signed addresses: what they open, what ends them."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from auth import signing
from auth.signing import DAY, HOUR, MAX_LIFETIME, MIN_LIFETIME
from auth.viewer import Viewer
from core.errors import ForbiddenError, UnavailableError, ValidationFailedError
from models.file import StoredFile
from services.application import Application
from services.derivatives.preview_request import PreviewRequest
from services.sharing.links import (
    ContentDisposition,
    LinkRequest,
    SignedAddress,
    SignedLink,
    SignedOperation,
)
from tests.services.conftest import uploaded

NOON = 25_000 * DAY + 12 * HOUR

Ending = Callable[[Application, Viewer, StoredFile], Awaitable[object]]
ENDINGS: dict[str, Ending] = {
    "revoked": lambda application, owner, file: application.files.revoke_links(owner, file.id),
    "made public": lambda application, owner, file: application.files.update(
        owner, file.id, {"visibility": "public"}
    ),
    "deleted": lambda application, owner, file: application.files.delete(owner, file.id),
}


def address_of(link: SignedLink) -> SignedAddress:
    """Return what somebody brings who follows ``link``."""
    parts = urlsplit(link.path)
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    *_, file_id, operation = parts.path.split("/")
    return SignedAddress(
        file_id,
        SignedOperation(operation),
        ContentDisposition(query["disposition"]),
        int(query["expires"]),
        query["signature"],
    )


async def opened(application: Application, address: SignedAddress) -> bytes:
    found = await application.links.open(address)
    async with found.stored as stored:
        return b"".join([chunk async for chunk in stored.read()])


async def refusal(application: Application, address: SignedAddress) -> str:
    with pytest.raises(ForbiddenError) as refused:
        await application.links.open(address)
    return refused.value.message


@pytest.mark.parametrize("operation", SignedOperation)
@pytest.mark.parametrize("disposition", [*ContentDisposition, None])
async def test_an_address_opens_its_file(
    application: Application,
    owner: Viewer,
    operation: SignedOperation,
    disposition: ContentDisposition | None,
) -> None:
    file = await uploaded(application, owner, b"these bytes")
    wanted = LinkRequest(operation, disposition=disposition)
    link = await application.links.create(owner, file.id, wanted)
    assert link == application.links.sign(owner, file, wanted)
    assert link.path.startswith(f"/v1/media/files/{file.id}/{operation}?")
    assert await opened(application, address_of(link)) == b"these bytes"


@pytest.mark.parametrize("ending", ENDINGS)
async def test_an_address_ends_and_does_not_come_back(
    application: Application, owner: Viewer, ending: str
) -> None:
    file = await uploaded(application, owner)
    other = await uploaded(application, owner)
    address = address_of(application.links.sign(owner, file, LinkRequest()))
    others = address_of(application.links.sign(owner, other, LinkRequest()))
    await ENDINGS[ending](application, owner, file)
    said = await refusal(application, address)
    if ending != "deleted":
        again = await application.files.update(owner, file.id, {"visibility": "private"})
        assert await refusal(application, address) == said
        anew = address_of(application.links.sign(owner, again, LinkRequest()))
        assert await opened(application, anew) == b"content"
    assert await opened(application, others) == b"content"


async def test_an_address_does_not_end_with_other_changes(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, visibility="shared")
    address = address_of(application.links.sign(owner, file, LinkRequest()))
    changes = {"filename": "b.txt", "tags": ["x"], "description": "y", "visibility": "shared"}
    await application.files.update(owner, file.id, changes)
    assert await opened(application, address) == b"content"


async def test_an_address_is_of_the_bytes_that_it_was_made_for(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    other = await uploaded(application, owner, b"other bytes")
    address = address_of(application.links.sign(owner, file, LinkRequest()))
    show = "UPDATE file SET blob_id = ? WHERE id = ?"
    async with application.database.transaction() as transaction:
        await transaction.execute(show, other.blob_id, file.id)
    await refusal(application, address)
    async with application.database.transaction() as transaction:
        await transaction.execute(show, file.blob_id, file.id)


async def test_revoking_counts_however_many_do_it_at_once_and_changes_nothing_else(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner, tags=["a"])
    await asyncio.gather(*(application.files.revoke_links(owner, file.id) for _ in range(5)))
    after = await application.files.get(owner, file.id)
    assert after.links_version == file.links_version + 5
    assert after.updated_at == file.updated_at
    revoked = await application.files.revoke_links(owner, file.id)
    assert await application.files.get(owner, file.id) == revoked


async def test_an_address_is_the_same_within_a_bucket_and_ends_in_time(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner)

    def made_at(now: float) -> SignedLink:
        monkeypatch.setattr(signing.time, "time", lambda: now)
        return application.links.sign(owner, file, LinkRequest(expires_in=2 * DAY))

    link = made_at(NOON)
    assert link.expires_at == 25_003 * DAY
    assert made_at(NOON + 11 * HOUR) == link != made_at(NOON + 13 * HOUR)
    monkeypatch.setattr(signing.time, "time", lambda: link.expires_at - 0.001)
    assert await opened(application, address_of(link)) == b"content"
    monkeypatch.setattr(signing.time, "time", lambda: link.expires_at)
    await refusal(application, address_of(link))


async def test_an_address_of_a_file_that_goes_while_it_is_opened_is_refused_like_any(
    application: Application, owner: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploaded(application, owner)
    address = address_of(application.links.sign(owner, file, LinkRequest()))
    open_object = application.storage.open

    async def deleted_first(key: str) -> object:
        await application.files.delete(owner, file.id)
        return await open_object(key)

    monkeypatch.setattr(application.storage, "open", deleted_first)
    said = await refusal(application, address)
    assert said == await refusal(application, address)


async def test_lost_bytes_are_a_fault_of_the_server_not_of_the_address(
    application: Application, owner: Viewer
) -> None:
    file = await uploaded(application, owner)
    address = address_of(application.links.sign(owner, file, LinkRequest()))
    await application.storage.delete(file.blob_id)
    with pytest.raises(UnavailableError):
        await application.links.open(address)
    await application.files.delete(owner, file.id)


@pytest.mark.parametrize("seconds", [-1, 0, MIN_LIFETIME - 1, MAX_LIFETIME + 1, 2**70])
def test_the_time_has_bounds_that_the_refusal_names(seconds: int) -> None:
    with pytest.raises(ValidationFailedError, match="expires_in must be 60 to 604800 seconds"):
        LinkRequest(expires_in=seconds)


async def test_previews_end_with_the_links(application: Application, owner: Viewer) -> None:
    file = await uploaded(application, owner)
    revoked = await application.files.revoke_links(owner, file.id)
    wanted = PreviewRequest()
    before, after = (application.previews.link(one, wanted) for one in (file, revoked))
    assert before is not None
    assert after is not None
    assert before != after
    query = {name: value for name, (value,) in parse_qs(urlsplit(before).query).items()}
    with pytest.raises(ForbiddenError) as refused:
        await application.previews.open_link(
            file.id, wanted, int(query["expires"]), query["signature"]
        )
    link = address_of(application.links.sign(owner, file, LinkRequest()))
    assert refused.value.message == await refusal(application, link)
