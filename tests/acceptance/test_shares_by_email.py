"""Sharing by e-mail address over both APIs, among people who signed in with a real provider."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.openid import CLIENT, Browser, provider
from tests.acceptance.serving import Server
from tests.acceptance.test_graphiql_examples import run

LOOKUPS: Final = 20
MISSING: Final = "file_00000000000000000000000000"
SHARE: Final = (
    "mutation ($id: ID!, $ids: [ID!], $emails: [String!]) {"
    " shareFile(id: $id, accountIds: $ids, emails: $emails)"
    " { shares { accountId kind name email } } }"
)
OWNER: Final = "query ($id: ID!) { file(id: $id) { owner { id kind name email } } }"
WITH_ME: Final = """
{ files(first: 9, filter: {scope: SHARED_WITH_ME}) { nodes { id owner { name email } } } }
"""


@dataclass(frozen=True)
class Person:
    """Somebody who signed in."""

    client: httpx.Client
    account_id: str

    @property
    def gql(self) -> Gql:
        return Gql(self.client)

    def upload(self, visibility: str = "private") -> str:
        answer = self.client.post(
            "/v1/media/upload",
            files={"file": ("a.txt", b"shared")},
            data={"visibility": visibility},
        )
        file_id: str = answer.json()["data"]["id"]
        return file_id


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with provider() as issuer:
        server = Server(
            tmp_path_factory.mktemp("by-email") / "data",
            oidc_issuer=issuer,
            rate_lookup=f"{LOOKUPS}/day",
            **CLIENT,
        )
        yield server
        assert "Traceback" not in server.log
        assert server.stop() == 0


@pytest.fixture(scope="module")
def signed_in(serving: Server) -> Iterator[Callable[[str], Person]]:
    """Sign people in, each once."""
    known: dict[str, Person] = {}
    with ExitStack() as opened:

        def sign_in(name: str) -> Person:
            if name not in known:
                browser = Browser(serving)
                browser.sign_in(name)
                tokens = browser.refreshed()
                client = opened.enter_context(serving.client(tokens["access_token"]))
                known[name] = Person(client, tokens["user_id"])
            return known[name]

        yield sign_in


@pytest.fixture
def ada(signed_in: Callable[[str], Person]) -> Person:
    return signed_in("ada")


@pytest.fixture
def eve(signed_in: Callable[[str], Person]) -> Person:
    return signed_in("eve")


def by_rest(person: Person, file_id: str, **body: Any) -> httpx.Response:
    return person.client.post(f"/v1/media/files/{file_id}/shares", json=body)


def by_graphql(person: Person, file_id: str, **variables: Any) -> dict[str, Any]:
    body: dict[str, Any] = person.gql.post(SHARE, {"id": file_id, **variables}).json()
    return body


def code_of(person: Person, file_id: str, emails: list[str]) -> str:
    """Return how sharing ends, the same over both APIs."""
    rest = by_rest(person, file_id, emails=emails)
    code: str = "OK" if rest.is_success else rest.json()["code"]
    errors = by_graphql(person, file_id, emails=emails).get("errors", [])
    assert [one["extensions"]["code"] for one in errors] == ([] if code == "OK" else [code])
    return code


def test_an_owner_sees_whom_and_the_reader_sees_whose(ada: Person, eve: Person) -> None:
    for share in (
        lambda file_id: by_rest(ada, file_id, emails=["Eve@Example.ORG"]).json()["data"],
        lambda file_id: by_graphql(ada, file_id, emails=["Eve@Example.ORG"])["data"]["shareFile"][
            "shares"
        ],
    ):
        file_id = ada.upload()
        (shown,) = share(file_id)
        assert (shown["name"], shown["email"]) == ("EVE", "eve@example.org")
        listed = ada.client.get(f"/v1/media/files/{file_id}/shares").json()["data"]
        assert [(one["account_id"], one["kind"]) for one in listed] == [(eve.account_id, "user")]
        owner = {"id": ada.account_id, "kind": "USER", "name": "ADA", "email": "ada@example.org"}
        assert eve.gql.data(OWNER, id=file_id)["file"]["owner"] == owner
        (mine,) = [one for one in eve.gql.data(WITH_ME)["files"]["nodes"] if one["id"] == file_id]
        assert mine["owner"] == {"name": "ADA", "email": "ada@example.org"}
        path = f"/v1/media/files/{file_id}"
        assert eve.client.get(path).json()["data"]["owner"] == {**owner, "kind": "user"}
        rest = eve.client.get("/v1/media/files?scope=shared_with_me").json()["data"]
        assert {**owner, "kind": "user"} in [one["owner"] for one in rest if one["id"] == file_id]
        assert "owner" not in ada.client.get(path).json()["data"]
        assert eve.client.get(f"/v1/media/files/{file_id}/download").content == b"shared"


def test_nobody_else_is_told_who_owns_a_file(
    serving: Server, ada: Person, eve: Person, signed_in: Callable[[str], Person]
) -> None:
    file_id = ada.upload("public")
    hidden = {"id": ada.account_id, "kind": "USER", "name": None, "email": None}
    with serving.client() as anybody, serving.client(serving.guest()) as guest:
        for client in (anybody, guest, eve.client, signed_in("mallory").client):
            assert Gql(client).data(OWNER, id=file_id)["file"]["owner"] == hidden
            assert "owner" not in client.get(f"/v1/media/files/{file_id}").json()["data"]
    # Nor by sharing something with the owner's id, which everybody reads.
    own = eve.upload()
    (shown,) = by_rest(eve, own, account_ids=[ada.account_id]).json()["data"]
    assert (shown["account_id"], shown["name"], shown["email"]) == (ada.account_id, None, None)


@pytest.mark.parametrize(
    ("emails", "code"),
    [
        (["nobody@example.org"], "NOT_FOUND"),
        (["unverified-ida@example.org"], "NOT_FOUND"),
        (["eve@example.org", "nobody@example.org"], "NOT_FOUND"),
        (["ada@example.org"], "VALIDATION_FAILED"),
        (["eve"], "VALIDATION_FAILED"),
        ([], "VALIDATION_FAILED"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    ada: Person, signed_in: Callable[[str], Person], emails: list[str], code: str
) -> None:
    signed_in("unverified-ida")
    file_id = ada.upload()
    assert code_of(ada, file_id, emails) == code
    assert ada.client.get(f"/v1/media/files/{file_id}/shares").json() == {"data": []}


def test_accounts_are_named_in_one_way(ada: Person, eve: Person) -> None:
    file_id = ada.upload()
    both = {"account_ids": [eve.account_id], "emails": ["eve@example.org"]}
    for body in ({}, both, {"account_ids": None, "emails": None}, {"emails": "eve@example.org"}):
        answer = by_rest(ada, file_id, **body)
        assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    for variables in ({}, {"ids": both["account_ids"], "emails": both["emails"]}):
        (error,) = by_graphql(ada, file_id, **variables)["errors"]
        assert error["extensions"]["code"] == "VALIDATION_FAILED"


def test_guests_cannot_find_out_who_has_an_account(serving: Server, ada: Person) -> None:
    with serving.client(serving.guest()) as client:
        guest = Person(client, "")
        own, foreign = guest.upload(), ada.upload()
        answers = [
            by_rest(guest, own, emails=[address])
            for address in ("eve@example.org", "nobody@example.org")
        ]
        assert {answer.status_code for answer in answers} == {403}
        assert answers[0].content == answers[1].content
        assert code_of(guest, own, ["eve@example.org"]) == "FORBIDDEN"
        assert code_of(guest, foreign, ["eve@example.org"]) == "NOT_FOUND"
        assert code_of(guest, MISSING, ["eve@example.org"]) == "NOT_FOUND"
    with serving.client() as anybody:
        assert code_of(Person(anybody, ""), foreign, ["eve@example.org"]) == "UNAUTHENTICATED"


def test_addresses_are_counted_by_account_whichever_api_names_them(
    signed_in: Callable[[str], Person],
) -> None:
    grace = signed_in("grace")
    file_id = grace.upload()
    half = [f"nobody{number}@example.org" for number in range(LOOKUPS // 2)]
    assert by_rest(grace, file_id, emails=half).json()["code"] == "NOT_FOUND"
    answer = grace.gql.post(SHARE, {"id": file_id, "emails": half})
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert '"lookup";r=0' in answer.headers["ratelimit"]
    refused = by_rest(grace, file_id, emails=["eve@example.org"])
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) > 0
    (error,) = by_graphql(grace, file_id, emails=["eve@example.org"])["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    by_id = by_rest(grace, file_id, account_ids=[signed_in("eve").account_id])
    assert by_id.is_success


def test_the_example_in_graphiql_runs(ada: Person, eve: Person) -> None:
    ids = {"{example}": ada.upload(), "{email}": "eve@example.org"}
    (shown,) = run("shareByEmail", ada.gql, ids)["shareFile"]["shares"]
    assert shown["accountId"] == eve.account_id
