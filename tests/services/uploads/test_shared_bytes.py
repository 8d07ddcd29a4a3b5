"""One body that becomes several files: staged once, each file a row and a charge of its own."""

import pytest

from auth.viewer import Viewer
from core.errors import (
    ConflictError,
    NotFoundError,
    QuotaExceededError,
    ValidationFailedError,
)
from core.settings import MIB, Settings
from models.file import StoredFile
from services.application import Application
from services.files.metadata import Draft
from services.uploads.idempotency import Attempt
from services.uploads.types import Expected, Received
from tests.services.conftest import (
    account,
    assert_invariants,
    body,
    checked,
    content_of,
    staged_count,
    uploaded,
)

CONTENT = b"shared bytes"


async def staged(
    application: Application, viewer: Viewer, uses: int = 2, attempt: Attempt | None = None
) -> list[Received]:
    """Receive a body and return one for each use."""
    received = await application.uploads.receive(
        viewer, body(CONTENT), "a.txt", attempt=attempt, uses=uses
    )
    return received.for_each_use()


async def references(application: Application) -> list[int]:
    return [row[0] for row in await application.database.read("SELECT refs FROM blob")]


async def assert_stored(application: Application, viewer: Viewer, files: list[StoredFile]) -> None:
    assert len({file.id for file in files}) == len(files)
    assert await references(application) == [len(files)]
    usage = await application.quotas.usage(viewer)
    assert (usage.files, usage.bytes) == (len(files), len(files) * len(CONTENT))
    for file in files:
        assert await content_of(application, viewer, file.id) == CONTENT
    await assert_invariants(application)


async def test_all_uses_in_one_claim_share_one_object(
    application: Application, owner: Viewer
) -> None:
    bodies = await staged(application, owner, 100)
    assert staged_count(application) == 1
    files = await application.uploads.claim_all(bodies, Draft(tags=["x"]))
    await assert_stored(application, owner, files)


async def test_each_use_may_be_claimed_by_itself(application: Application, owner: Viewer) -> None:
    first, second, third = await staged(application, owner, 3)
    files = [await application.uploads.claim(first, Draft(filename="1"))]
    files += await application.uploads.claim_all([second, third], Draft(filename="2"))
    assert [file.filename for file in files] == ["1", "2", "2"]
    await assert_stored(application, owner, files)


async def test_uses_share_what_the_owner_had_before(
    application: Application, owner: Viewer
) -> None:
    before = await uploaded(application, owner, CONTENT)
    first, second, third = await staged(application, owner, 3)
    files = await application.uploads.claim_all([first, second], Draft())
    files.append(await application.uploads.claim(third, Draft()))
    assert {file.blob_id for file in files} == {before.blob_id}
    await assert_stored(application, owner, [before, *files])


async def test_a_use_that_nothing_claims_leaves_nothing(
    application: Application, owner: Viewer
) -> None:
    first, second = await staged(application, owner)
    file = await application.uploads.claim(first, Draft())
    await application.uploads.discard(second)
    await assert_stored(application, owner, [file])
    await application.uploads.discard((await staged(application, owner))[0])
    await assert_stored(application, owner, [file])


async def test_a_use_is_claimed_once(application: Application, owner: Viewer) -> None:
    first, second = await staged(application, owner)
    file = await application.uploads.claim(first, Draft())
    with pytest.raises(ValidationFailedError, match="a variable of its own"):
        await application.uploads.claim(first, Draft())
    again = await application.uploads.claim(second, Draft())
    await assert_stored(application, owner, [file, again])
    doubled, _ = await staged(application, owner)
    with pytest.raises(ValidationFailedError):
        await application.uploads.claim_all([doubled, doubled], Draft())
    await assert_stored(application, owner, [file, again])


async def test_a_use_whose_bytes_were_deleted_meanwhile_is_refused(
    application: Application, owner: Viewer
) -> None:
    first, second = await staged(application, owner)
    file = await application.uploads.claim(first, Draft())
    await application.files.delete(owner, file.id)
    with pytest.raises(ConflictError, match="send it again"):
        await application.uploads.claim(second, Draft())
    assert (await application.quotas.usage(owner)).files == 0


async def test_a_claim_that_fails_makes_no_file_and_ends_the_other_uses(
    settings: Settings,
) -> None:
    async with checked(settings, storage_url="memory:") as application:
        viewer = await account(application)
        assert viewer.id is not None
        bodies = await staged(application, viewer, 3)
        await application.quotas.assign(viewer.id, quota_bytes=2 * len(CONTENT) - 1)
        with pytest.raises(QuotaExceededError):
            await application.uploads.claim_all(bodies[:2], Draft())
        with pytest.raises(ConflictError):
            await application.uploads.claim(bodies[2], Draft())
        assert (await application.quotas.usage(viewer)).files == 0


@pytest.mark.parametrize("limits", [{"quota_bytes": 19}, {"quota_files": 1}])
async def test_uses_that_cannot_all_fit_are_refused_before_the_body_is_read(
    settings: Settings, limits: dict[str, int]
) -> None:
    async with checked(settings, storage_url="memory:", **limits) as application:
        viewer = await account(application)
        unread = body(b"x" * 10)
        with pytest.raises(QuotaExceededError):
            await application.uploads.receive(
                viewer, unread, "a", expected=Expected(10, 10), uses=2
            )
        assert [chunk async for chunk in unread] == [b"x" * 10]
        fits = await application.uploads.receive(viewer, body(b"x" * 9), "a", uses=1)
        await application.uploads.claim(fits, Draft())


async def test_uses_count_once_towards_what_may_be_under_way(settings: Settings) -> None:
    limits = {"staged_bytes": MIB, "max_upload_bytes": MIB}
    async with checked(settings, storage_url="memory:", **limits) as application:
        viewer = await account(application)
        whole = Expected(MIB, MIB)
        received = await application.uploads.receive(
            viewer, body(bytes(MIB)), "a", expected=whole, uses=50
        )
        files = await application.uploads.claim_all(received.for_each_use(), Draft())
        assert (await application.quotas.usage(viewer)).bytes == MIB * len(files) == MIB * 50


async def test_a_retry_answers_the_files_of_the_first_request(
    application: Application, owner: Viewer
) -> None:
    made = []
    for _ in range(2):
        async with application.uploads.attempt(owner, "key") as attempt:
            bodies = await staged(application, owner, 2, attempt)
            made.append(await application.uploads.claim_all(bodies, Draft(), attempt))
    assert made[0] == made[1]
    await assert_stored(application, owner, made[0])
    await application.files.delete(owner, made[0][0].id)
    async with application.uploads.attempt(owner, "key") as attempt:
        bodies = await staged(application, owner, 2, attempt)
        with pytest.raises(NotFoundError):
            await application.uploads.claim_all(bodies, Draft(), attempt)
