"""The access matrix, generated: every actor, visibility, operation and transport."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.gql import Gql
from tests.acceptance.serving import Server

CONTENT: Final = b"what the matrix guards"
MISSING: Final = "file_00000000000000000000000000"
OK: Final = "OK"
ACTORS: Final = ("anonymous", "owner", "guest", "user", "administrator")
VISIBILITIES: Final = ("private", "shared", "public")
AUDIENCES: Final = ("everyone", "users")

_HIDDEN = ("NOT_FOUND", "NOT_FOUND")
_READ = (OK, "FORBIDDEN")
_MATRIX: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    # of a foreign file: what reading gets, and what writing
    "anonymous": {
        "private": ("UNAUTHENTICATED", "UNAUTHENTICATED"),
        "shared": ("UNAUTHENTICATED", "UNAUTHENTICATED"),
        "public": (OK, "UNAUTHENTICATED"),
    },
    "guest": {"private": _HIDDEN, "shared": _READ, "public": _READ},
    "user": {"private": _HIDDEN, "shared": _READ, "public": _READ},
    "administrator": {"private": _READ, "shared": (OK, OK), "public": (OK, OK)},
    "owner": {"private": (OK, OK), "shared": (OK, OK), "public": (OK, OK)},
}
_STATUS: Final = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404}


@dataclass(frozen=True)
class World:
    """A server and its actors."""

    audience: str
    server: Server
    actors: Mapping[str, httpx.Client]

    def new_file(self, visibility: str) -> str:
        """Upload a file as its owner and return its id."""
        answer = self.actors["owner"].post(
            "/v1/media/upload",
            files={"file": ("a.txt", CONTENT)},
            data={"visibility": visibility},
        )
        file_id: str = answer.json()["data"]["id"]
        return file_id

    def expected(self, actor: str, visibility: str, operation: str) -> str:
        """Return OK or the code of the refusal that the matrix demands."""
        if self.audience == "users" and (actor, visibility) == ("guest", "shared"):
            return "NOT_FOUND"
        if (actor, visibility, operation) == ("administrator", "private", "delete"):
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
        serving = Server(data_dir, shared_audience="users")
    tokens = {
        "anonymous": None,
        "owner": serving.guest(),
        "guest": serving.guest(),
        "user": serving.account("user"),
        "administrator": serving.account("administrator"),
    }
    actors = {name: serving.client(token) for name, token in tokens.items()}
    yield World(request.param, serving, actors)
    for client in actors.values():
        client.close()
    if serving is not server:
        assert serving.stop() == 0


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


def _bulk(client: httpx.Client, file_id: str) -> str:
    answer = client.post("/v1/media/files/bulk-delete", json={"file_ids": [file_id]})
    if not answer.is_success:
        code: str = answer.json()["code"]
        return code
    (result,) = answer.json()["data"]["results"]
    return _bulk_code(result["outcome"])


def _gql(query: str) -> Attempt:
    def attempt(client: httpx.Client, file_id: str) -> str:
        body = Gql(client).post(query, {"id": file_id}).json()
        if "errors" not in body:
            return OK
        assert "a.txt" not in str(body)
        (error,) = body["errors"]
        code: str = error["extensions"]["code"]
        return code

    return attempt


def _gql_bulk(client: httpx.Client, file_id: str) -> str:
    query = "mutation ($id: ID!) { bulkDelete(ids: [$id]) { results { outcome } } }"
    body = Gql(client).post(query, {"id": file_id}).json()
    if "errors" in body:
        code: str = body["errors"][0]["extensions"]["code"]
        return code
    return _bulk_code(body["data"]["bulkDelete"]["results"][0]["outcome"])


def _bulk_code(outcome: str) -> str:
    return OK if outcome.upper() == "DELETED" else outcome.upper()


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
    "signed-url": ("link", _rest("POST", "/signed-url")),
    "signedUrl": ("link", _gql("query ($id: ID!) { file(id: $id) { signedUrl { url } } }")),
    "revoke-links": ("link", _rest("POST", "/revoke-links")),
    "revokeLinks": ("link", _gql("mutation ($id: ID!) { revokeLinks(id: $id) { id } }")),
    "DELETE": ("delete", _rest("DELETE")),
    "delete": ("delete", _gql("mutation ($id: ID!) { delete(id: $id) }")),
    "bulk-delete": ("delete", _bulk),
    "bulkDelete": ("delete", _gql_bulk),
}


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("actor", ACTORS)
def test_reading_goes_by_the_matrix(world: World, actor: str, visibility: str) -> None:
    file_id = world.new_file(visibility)
    expected = world.expected(actor, visibility, "read")
    got = {name: attempt(world.actors[actor], file_id) for name, attempt in READS.items()}
    assert got == dict.fromkeys(READS, expected)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("actor", ACTORS)
def test_writing_goes_by_the_matrix(world: World, actor: str, visibility: str, write: str) -> None:
    operation, attempt = WRITES[write]
    file_id = world.new_file(visibility)
    before = world.actors["owner"].get(f"/v1/media/files/{file_id}").json()
    expected = world.expected(actor, visibility, operation)
    assert attempt(world.actors[actor], file_id) == expected
    after = world.actors["owner"].get(f"/v1/media/files/{file_id}")
    if expected != OK or operation == "link":
        assert after.json() == before
    elif operation == "delete":
        assert after.status_code == 404
    else:
        assert after.json() != before


@pytest.mark.parametrize("visibility", VISIBILITIES)
@pytest.mark.parametrize("actor", ACTORS)
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
        "all": actor == "administrator",
    }
    for scope, seen in may_see.items():
        if actor == "anonymous":
            assert _refused(world.actors[actor], scope) == "UNAUTHENTICATED"
        elif scope == "all" and actor != "administrator":
            assert _refused(world.actors[actor], scope) == "FORBIDDEN"
        else:
            ids, total = _listed(world.actors[actor], scope)
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


def _listed(client: httpx.Client, scope: str) -> tuple[list[str], int]:
    """Return the ids of a list and its total, the same over both transports."""
    rest, gql = _both(client, scope)
    ids = [file["id"] for file in rest["data"]]
    assert [node["id"] for node in gql["data"]["files"]["nodes"]] == ids
    assert gql["data"]["files"]["totalCount"] == rest["meta"]["total"]
    return ids, rest["meta"]["total"]


@pytest.mark.parametrize("actor", ["anonymous", "guest", "user"])
def test_a_foreign_private_file_and_a_missing_one_answer_alike(world: World, actor: str) -> None:
    private = world.new_file("private")
    client = world.actors[actor]
    requests: list[tuple[str, str, dict[str, list[str]] | None]] = [
        ("GET", "", None),
        ("GET", "/download", None),
        ("GET", "/stream", None),
        ("HEAD", "/download", None),
        ("PATCH", "", {"tags": []}),
        ("DELETE", "", None),
        ("POST", "/signed-url", None),
        ("POST", "/revoke-links", None),
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
    ):
        hidden, missing = (Gql(client).post(query, {"id": one}) for one in (private, MISSING))
        assert hidden.content == missing.content.replace(MISSING.encode(), private.encode())
        assert _comparable(hidden) == _comparable(missing)


def _comparable(answer: httpx.Response) -> tuple[int, dict[str, str]]:
    own = {"date", "ratelimit"}  # how many operations are left goes down with each
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
    file_id = world.new_file("private")
    administrator = world.actors["administrator"]
    administrator.get(f"/v1/media/files/{file_id}/download")
    administrator.delete(f"/v1/media/files/{file_id}")
    for operation in ("read", "delete"):
        assert f": {operation} {file_id}" in world.server.log
