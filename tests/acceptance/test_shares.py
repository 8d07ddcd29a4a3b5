"""Sharing with named accounts, as its owner, its readers and others meet it over both APIs."""

import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.test_access_matrix import (
    ACTORS,
    OK,
    READS,
    SHARED_WITH,
    SHARES_OF,
    VISIBILITIES,
    World,
    listed,
    world,
)

__all__ = ["world"]


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("actor", ACTORS)
def test_shares_are_shown_to_owner_and_administrator_alone(
    world: World, actor: str, visibility: str
) -> None:
    file_id, client = world.new_file(visibility), world.actors[actor]
    found = Gql(client).post(SHARES_OF, {"id": file_id}).json()
    if world.expected(actor, visibility, "read") != OK:
        assert found["data"] == {"file": None}
    elif actor in {"owner", "administrator"}:
        named = {share["accountId"] for share in found["data"]["file"]["shares"]}
        by_name = {world.accounts[one] for one in SHARED_WITH if visibility == "shared with me"}
        assert named == {world.friend, *by_name}
    else:
        assert found["data"] == {"file": {"shares": None}}


def test_a_document_that_shares_and_stops_shows_what_holds_after_each_step(world: World) -> None:
    file_id, user = world.new_file("private"), world.accounts["user"]
    step = "(id: $id, accountIds: [$account]) { shares { accountId } }"
    found = Gql(world.actors["owner"]).data(
        f"mutation ($id: ID!, $account: ID!) {{ a: shareFile{step} b: unshareFile{step} }}",
        id=file_id,
        account=user,
    )
    shown = {name: [one["accountId"] for one in found[name]["shares"]] for name in "ab"}
    assert shown == {"a": [world.friend, user], "b": [world.friend]}


@pytest.mark.parametrize("actor", SHARED_WITH)
def test_the_end_of_sharing_hides_the_file_again(world: World, actor: str) -> None:
    file_id, client = world.new_file("shared with me"), world.actors[actor]
    query = "query ($id: ID!) { file(id: $id) { previewUrl } }"
    address = Gql(client).data(query, id=file_id)["file"]["previewUrl"]
    with world.server.client() as anybody:
        assert anybody.get(address).status_code == 200
        path = f"/v1/media/files/{file_id}/shares/{world.accounts[actor]}"
        assert world.actors["owner"].delete(path).status_code == 204
        assert anybody.get(address).status_code == 403
    got = {name: attempt(client, file_id) for name, attempt in READS.items()}
    assert got == dict.fromkeys(READS, "NOT_FOUND")
    assert file_id not in listed(client, "shared_with_me")[0]
    (other,) = set(SHARED_WITH) - {actor}
    got = {name: attempt(world.actors[other], file_id) for name, attempt in READS.items()}
    assert got == dict.fromkeys(READS, OK)
