"""The access matrix, generated: every actor, visibility, operation and transport."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.bulk import (
    bulk_delete,
    bulk_tag,
    bulk_visibility,
    gql_bulk_delete,
    gql_bulk_tag,
    gql_bulk_visibility,
)
from tests.acceptance.conftest import MANY_READS
from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server

CONTENT: Final = b"what the matrix guards"
MISSING: Final = "file_00000000000000000000000000"
OK: Final = "OK"
ACTORS: Final = ("anonymous", "owner", "guest", "user", "administrator")
VISIBILITIES: Final = ("private", "shared", "shared with me", "public")
SHARED_WITH: Final = ("guest", "user")
AUDIENCES: Final = ("everyone", "users")
PAIRS: Final = {
    "everyone": [(actor, visibility) for actor in ACTORS for visibility in VISIBILITIES],
    "users": [("guest", "shared"), ("user", "shared"), ("owner", "shared")],  # what it changes
}
ROWS: Final = [(audience, *pair) for audience, pairs in PAIRS.items() for pair in pairs]
by_row = pytest.mark.parametrize(("world", "actor", "visibility"), ROWS, indirect=["world"])

_HIDDEN = ("NOT_FOUND", "NOT_FOUND")
_READ = (OK, "FORBIDDEN")
_MATRIX: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    # of a foreign file: what reading gets, and what writing
    "anonymous": {
        "private": ("UNAUTHENTICATED", "UNAUTHENTICATED"),
        "shared": ("UNAUTHENTICATED", "UNAUTHENTICATED"),
        "shared with me": ("UNAUTHENTICATED", "UNAUTHENTICATED"),
        "public": (OK, "UNAUTHENTICATED"),
    },
    "guest": {"private": _HIDDEN, "shared": _READ, "shared with me": _READ, "public": _READ},
    "user": {"private": _HIDDEN, "shared": _READ, "shared with me": _READ, "public": _READ},
    "administrator": {
        "private": _READ,
        "shared": (OK, OK),
        "shared with me": _READ,  # with others, that is
        "public": (OK, OK),
    },
    "owner": dict.fromkeys(VISIBILITIES, (OK, OK)),
}
_ADMINISTRATORS: Final = {"delete", "share"}
"""What an administrator may do to what is not theirs, whatever its visibility."""
_STATUS: Final = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404}


@dataclass(frozen=True)
class World:
    """A server and its actors."""

    audience: str
    server: Server
    actors: Mapping[str, httpx.Client]
    accounts: Mapping[str, str]
    friend: str

    def new_file(self, visibility: str) -> str:
        """Upload a file as its owner, share it with a friend and others, and return its id."""
        by_name = visibility == "shared with me"
        answer = self.actors["owner"].post(
            "/v1/media/upload",
            files={"file": ("a.txt", CONTENT)},
            data={"visibility": "private" if by_name else visibility},
        )
        file_id: str = answer.json()["data"]["id"]
        named = [self.accounts[actor] for actor in SHARED_WITH if by_name]
        path, body = f"/v1/media/files/{file_id}/shares", {"account_ids": [self.friend, *named]}
        assert self.actors["owner"].post(path, json=body).status_code == 200
        FRIENDS[file_id] = self.friend
        return file_id

    def expected(self, actor: str, visibility: str, operation: str) -> str:
        """Return OK or the code of the refusal that the matrix demands."""
        if self.audience == "users" and (actor, visibility) == ("guest", "shared"):
            return "NOT_FOUND"
        if actor == "administrator" and operation in _ADMINISTRATORS:
            return OK
        read, write = _MATRIX[actor][visibility]
        return read if operation == "read" else write


@pytest.fixture(scope="module", params=AUDIENCES)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: Server
) -> Iterator[World]:
    """Be every actor, on a server that lets guests read what is shared and on one that does not."""
    serving = server
    if request.param == "users":
        data_dir = tmp_path_factory.mktemp("users") / "data"
        serving = Server(data_dir, shared_audience="users", rate_read=MANY_READS)
    tokens = {
        "anonymous": None,
        "owner": serving.guest(),
        "guest": serving.guest(),
        "user": serving.account("user"),
        "administrator": serving.account("administrator"),
    }
    actors = {name: serving.client(token) for name, token in tokens.items()}
    accounts = {
        name: Gql(actors[name]).data("{ viewer { id } }")["viewer"]["id"]
        for name in ACTORS
        if name != "anonymous"
    }
    with serving.client() as anybody:
        yield World(request.param, serving, actors, accounts, new_account(anybody))
    for client in actors.values():
        client.close()
    if serving is not server:
        assert serving.stop() == 0


NOBODY: Final = "user_00000000000000000000000000"
FRIENDS: Final[dict[str, str]] = {}
"""By file, an account that it is shared with and that is no actor."""


def new_account(client: httpx.Client) -> str:
    return str(client.post("/llm/auth/guest-login").json()["user_id"])


# Each operation returns OK or the code of its refusal, whatever the transport.

Attempt = Callable[[httpx.Client, str], str]


def _rest(method: str, path: str = "", **options: object) -> Attempt:
    def attempt(client: httpx.Client, file_id: str) -> str:
        answer = client.request(method, f"/v1/media/files/{file_id}{path}", **options)  # type: ignore[arg-type]
        if answer.is_success:
            return OK
        assert CONTENT not in answer.content
        if method == "HEAD":
            return next(code for code, status in _STATUS.items() if status == answer.status_code)
        code: str = answer.json()["code"]
        assert answer.status_code == _STATUS[code]
        return code

    return attempt


def _gql(query: str, named: Callable[[httpx.Client, str], str] | None = None) -> Attempt:
    def attempt(client: httpx.Client, file_id: str) -> str:
        account = {"account": named(client, file_id)} if named else {}
        body = Gql(client).post(query, {"id": file_id, **account}).json()
        if "errors" not in body:
            return OK
        assert "a.txt" not in str(body)
        (error,) = body["errors"]
        code: str = error["extensions"]["code"]
        return code

    return attempt


def _share(client: httpx.Client, file_id: str) -> str:
    return _rest("POST", "/shares", json={"account_ids": [new_account(client)]})(client, file_id)


def _unshare(client: httpx.Client, file_id: str) -> str:
    return _rest("DELETE", f"/shares/{_friend(client, file_id)}")(client, file_id)


def _friend(_: httpx.Client, file_id: str) -> str:
    return FRIENDS.get(file_id, NOBODY)


_BY_NAME: Final = (
    "mutation ($id: ID!, $account: ID!) {{ {}(id: $id, accountIds: [$account]) {{ id }} }}"
)
SHARES_OF: Final = (
    "query ($id: ID!) { file(id: $id) { shares { accountId kind name email createdAt } } }"
)

READS: Final[Mapping[str, Attempt]] = {
    "information": _rest("GET"),
    "HEAD of information": _rest("HEAD"),
    "download": _rest("GET", "/download"),
    "HEAD of download": _rest("HEAD", "/download"),
    "range": _rest("GET", "/download", headers={"range": "bytes=1-3"}),
    "stream": _rest("GET", "/stream"),
    "HEAD of stream": _rest("HEAD", "/stream"),
    "preview": _rest("POST", "/preview", json={"size": "small"}),
    "bytes of the preview": _rest("GET", "/preview?size=small"),
    "HEAD of the preview": _rest("HEAD", "/preview?size=small"),
    "extract-text": _rest("POST", "/extract-text", json={}),
    "analyze": _rest("POST", "/analyze", json={}),
    "preview of GraphQL": _gql("mutation ($id: ID!) { preview(id: $id, size: SMALL) { width } }"),
    "extractText": _gql("mutation ($id: ID!) { extractText(id: $id) { text } }"),
    "analyze of GraphQL": _gql("mutation ($id: ID!) { analyze(id: $id) { fileType } }"),
    "file": _gql("query ($id: ID!) { file(id: $id) { id filename owner { id } } }"),
    "node": _gql("query ($id: ID!) { node(id: $id) { id ... on File { filename } } }"),
}
WRITES: Final[Mapping[str, tuple[str, Attempt]]] = {
    "PATCH": ("update", _rest("PATCH", json={"description": "changed"})),
    "visibility": ("update", _rest("PATCH", json={"visibility": "public"})),
    "update": (
        "update",
        _gql('mutation ($id: ID!) { update(id: $id, input: {tags: ["x"]}) { id } }'),
    ),
    "bulk-visibility": ("update", bulk_visibility),
    "bulkSetVisibility": ("update", gql_bulk_visibility),
    "bulk-tag": ("update", bulk_tag),
    "bulkTag": ("update", gql_bulk_tag),
    "signed-url": ("link", _rest("POST", "/signed-url")),
    "signedUrl": ("link", _gql("query ($id: ID!) { file(id: $id) { signedUrl { url } } }")),
    "revoke-links": ("link", _rest("POST", "/revoke-links")),
    "revokeLinks": ("link", _gql("mutation ($id: ID!) { revokeLinks(id: $id) { id } }")),
    "shares": ("share", _rest("GET", "/shares")),
    "HEAD of shares": ("share", _rest("HEAD", "/shares")),
    "share": ("share", _share),
    "shareFile": ("share", _gql(_BY_NAME.format("shareFile"), lambda c, _: new_account(c))),
    "unshare": ("share", _unshare),
    "unshareFile": ("share", _gql(_BY_NAME.format("unshareFile"), _friend)),
    "DELETE": ("delete", _rest("DELETE")),
    "delete": ("delete", _gql("mutation ($id: ID!) { delete(id: $id) }")),
    "bulk-delete": ("delete", bulk_delete),
    "bulkDelete": ("delete", gql_bulk_delete),
}


_EFFECTS: Final = {"share": 1, "shareFile": 1, "unshare": -1, "unshareFile": -1}
"""How many shares a file has more after what succeeded."""


@by_row
def test_reading_goes_by_the_matrix(world: World, actor: str, visibility: str) -> None:
    file_id = world.new_file(visibility)
    expected = world.expected(actor, visibility, "read")
    got = {name: attempt(world.actors[actor], file_id) for name, attempt in READS.items()}
    assert got == dict.fromkeys(READS, expected)


@pytest.mark.parametrize("write", WRITES)
def test_writing_goes_by_the_matrix(world: World, write: str) -> None:
    pairs = PAIRS[world.audience]
    got = {pair: _written(world, *pair, write) for pair in pairs}
    assert got == {pair: world.expected(*pair, WRITES[write][0]) for pair in pairs}


def _written(world: World, actor: str, visibility: str, write: str) -> str:
    """Attempt an operation on a new file, check what became of the file, return the outcome."""
    operation, attempt = WRITES[write]
    file_id = world.new_file(visibility)
    before = world.actors["owner"].get(f"/v1/media/files/{file_id}").json()
    outcome = attempt(world.actors[actor], file_id)
    after = world.actors["owner"].get(f"/v1/media/files/{file_id}")
    shared = world.actors["owner"].get(f"/v1/media/files/{file_id}/shares")
    if outcome != OK or operation in {"link", "share"}:
        assert after.json() == before
        effect = _EFFECTS.get(write, 0) if outcome == OK else 0
        assert len(shared.json()["data"]) - (visibility == "shared with me") * 2 == 1 + effect
    elif operation == "delete":
        assert after.status_code == 404
    else:
        assert after.json() != before
    return outcome


@by_row
def test_lists_hold_what_the_actor_may_read_and_count_no_more(
    world: World, actor: str, visibility: str
) -> None:
    file_id = world.new_file(visibility)
    may_see = {
        "own": actor == "owner",
        "shared": visibility == "shared"
        and (
            actor in {"user", "administrator"}
            or (actor == "guest" and world.audience == "everyone")
        ),
        "shared_with_me": visibility == "shared with me" and actor in SHARED_WITH,
        "all": actor == "administrator",
    }
    for scope, seen in may_see.items():
        if actor == "anonymous":
            assert _refused(world.actors[actor], scope) == "UNAUTHENTICATED"
        elif scope == "all" and actor != "administrator":
            assert _refused(world.actors[actor], scope) == "FORBIDDEN"
        else:
            ids, total = listed(world.actors[actor], scope)
            assert (file_id in ids) == seen
            assert total >= len(ids)
            assert total > 0 or not ids
            if scope == "own" and actor != "owner":
                assert (ids, total) == ([], 0)


def _both(client: httpx.Client, scope: str) -> tuple[Any, Any]:
    query = "query ($f: FileFilter) { files(first: 100, filter: $f) { nodes { id } totalCount } }"
    gql = Gql(client).post(query, {"f": {"scope": scope.upper()}})
    rest = client.get("/v1/media/files", params={"scope": scope, "limit": 100})
    return rest.json(), gql.json()


def _refused(client: httpx.Client, scope: str) -> str:
    """Return the code that refuses a list, the same over both transports."""
    rest, gql = _both(client, scope)
    code: str = rest["code"]
    assert gql["errors"][0]["extensions"]["code"] == code
    return code


def listed(client: httpx.Client, scope: str) -> tuple[list[str], int]:
    """Return the ids of a list and its total, the same over both transports."""
    rest, gql = _both(client, scope)
    ids = [file["id"] for file in rest["data"]]
    assert [node["id"] for node in gql["data"]["files"]["nodes"]] == ids
    assert gql["data"]["files"]["totalCount"] == rest["meta"]["total"]
    return ids, rest["meta"]["total"]


@pytest.mark.parametrize("actor", ["anonymous", "guest", "user"])
def test_a_foreign_private_file_and_a_missing_one_answer_alike(world: World, actor: str) -> None:
    private, client = world.new_file("private"), world.actors[actor]
    named: dict[str, list[str]] = {"account_ids": [world.friend]}
    requests: list[tuple[str, str, dict[str, list[str]] | None]] = [
        ("GET", "", None),
        ("GET", "/download", None),
        ("GET", "/stream", None),
        ("HEAD", "/download", None),
        ("PATCH", "", {"tags": []}),
        ("DELETE", "", None),
        ("POST", "/signed-url", None),
        ("POST", "/revoke-links", None),
        ("POST", "/preview", {}),
        ("GET", "/preview", None),
        ("POST", "/extract-text", {}),
        ("POST", "/analyze", {}),
        ("GET", "/shares", None),
        ("POST", "/shares", named),
        ("DELETE", f"/shares/{world.friend}", None),
    ]
    for method, path, body in requests:
        hidden, missing = (
            client.request(method, f"/v1/media/files/{file_id}{path}", json=body)
            for file_id in (private, MISSING)
        )
        assert hidden.content == missing.content.replace(MISSING.encode(), private.encode())
        assert _comparable(hidden) == _comparable(missing)
    for query in (
        "query ($id: ID!) { file(id: $id) { id } }",
        "query ($id: ID!) { node(id: $id) { id } }",
        "mutation ($id: ID!) { update(id: $id, input: {tags: []}) { id } }",
        "mutation ($id: ID!) { delete(id: $id) }",
        "mutation ($id: ID!) { revokeLinks(id: $id) { id } }",
        "mutation ($id: ID!) { bulkDelete(ids: [$id]) { deletedCount results { id outcome } } }",
        "mutation ($id: ID!) { bulkSetVisibility(ids: [$id], visibility: PUBLIC) {changedCount} }",
        'mutation ($id: ID!) { bulkTag(ids: [$id], add: ["x"]) { changedCount } }',
        f'mutation ($id: ID!) {{ shareFile(id: $id, accountIds: ["{world.friend}"]) {{ id }} }}',
        f'mutation ($id: ID!) {{ unshareFile(id: $id, accountIds: ["{world.friend}"]) {{ id }} }}',
        SHARES_OF,
    ):
        hidden, missing = (Gql(client).post(query, {"id": one}) for one in (private, MISSING))
        assert hidden.content == missing.content.replace(MISSING.encode(), private.encode())
        assert _comparable(hidden) == _comparable(missing)


def _comparable(answer: httpx.Response) -> tuple[int, dict[str, str]]:
    own = {"date", "ratelimit", "x-request-id"}  # how many operations are left goes down
    return answer.status_code, {k: v for k, v in answer.headers.items() if k not in own}


def test_only_who_is_signed_in_may_upload(world: World) -> None:
    for actor, client in world.actors.items():
        rest = client.post("/v1/media/upload", files={"file": ("a.txt", b"x")})
        operations = {
            "query": "mutation ($f: Upload!) { upload(file: $f) { id } }",
            "variables": {"f": None},
        }
        gql = Gql(client).multipart(operations, {"0": ["variables.f"]}, {"0": ("a", b"x")})
        if actor == "anonymous":
            assert (rest.status_code, gql.status_code) == (401, 401)
            continue
        assert rest.json()["data"]["size"] == gql.json()["data"]["upload"].get("size", 1)
        own = [rest.json()["data"]["id"], gql.json()["data"]["upload"]["id"]]
        assert client.post("/v1/media/files/bulk-delete", json={"file_ids": own}).json()["data"][
            "deleted_count"
        ] == len(own)


def test_what_an_administrator_does_to_foreign_files_is_audited(world: World) -> None:
    file_id, administrator = world.new_file("private"), world.actors["administrator"]
    administrator.get(f"/v1/media/files/{file_id}/download")
    administrator.delete(f"/v1/media/files/{file_id}")
    for operation in ("read", "delete"):
        assert f": {operation} {file_id}" in world.server.log
