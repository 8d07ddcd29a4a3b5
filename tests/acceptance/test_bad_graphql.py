"""GraphQL requests that are wrong: a code that says why, and no stack trace anywhere."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import pytest
from graphql import get_introspection_query

from tests.acceptance.gql import LEGACY, SPEC, FilePart, Gql, codes
from tests.acceptance.serving import Server
from tests.acceptance.wire import exchange, form, head, part, send_and_leave, upload_head

pytestmark = pytest.mark.usefixtures("leaves_nothing", "sound_library")

UPLOAD = "mutation ($file: Upload!) { upload(file: $file) { id } }"
UPLOAD_MANY = "mutation ($files: [Upload!]!) { uploadMany(files: $files) { id } }"
ONE: dict[str, Any] = {"query": UPLOAD, "variables": {"file": None}}
TWO: dict[str, Any] = {"query": UPLOAD_MANY, "variables": {"files": [None, None]}}
FILE: FilePart = ("a.txt", b"some text")


def assert_bad_multipart(answer: httpx.Response) -> None:
    assert codes(answer) == ["BAD_MULTIPART"]
    assert answer.status_code == 400
    assert answer.json().get("data") is None


# Multipart

WRONG_MAPS: list[object] = [[], None, 1, "x", True, b"", b"{", b"\xff", b"[" * 100_000]
WRONG_PATHS: list[object] = [None, 1, "variables.file", [], {}, [None], [1], [[]]]


@pytest.mark.parametrize(
    ("operations", "mapping"),
    [
        *[(ONE, wrong) for wrong in WRONG_MAPS],
        *[(ONE, {"0": wrong}) for wrong in WRONG_PATHS],
        *[(ONE, {"0": [path]}) for path in ("", "file", "variables", "variables.", "variables.x")],
        *[(ONE, {"0": [path]}) for path in ("query", "variables.file.x", "variables.file.0", ".")],
        *[(ONE, {"0": [path]}) for path in ("variables.__class__", "variables..file", "x\0", "🎬")],
        *[(TWO, {"0": [f"variables.files.{n}"]}) for n in ("2", "-1", "x", "1.5", "9" * 5000, "")],
        (ONE, {"0": ["variables.file", "variables.file"]}),
        (TWO, {"0": ["variables.files.0", "variables.files.2"]}),
        (TWO, {"0": ["variables.files.0"] * 101}),
        (TWO, {"0": ["variables.files.0"], "1": ["variables.files.0"]}),
        (ONE, {"": ["variables.file"]}),
        (ONE, b'{"0": ["variables.file"], "0": ["variables.file"]}'),
        (ONE | {"variables": None}, {"0": ["variables.file"]}),
        (ONE | {"variables": []}, {"0": ["variables.0"]}),
        (ONE | {"variables": "x"}, {"0": ["variables.0"]}),
        (ONE | {"variables": {"file": "x"}}, {"0": ["variables.file"]}),
        (ONE | {"variables": {"file": {"a": None}}}, {"0": ["variables.file"]}),
        *[
            (wrong, {"0": ["variables.file"]})
            for wrong in ("x", None, 1, True, [], [ONE], b"", b"{")
        ],
        (b"\xff", {"0": ["variables.file"]}),
        (b"[" * 100_000, {"0": ["variables.file"]}),
        (b'{"variables":' * 50_000, {"0": ["variables.file"]}),
        (b'{"query": "\\ud800", "variables": {"file": null}}', {"0": ["variables.file"]}),
        (ONE | {"padding": "x" * 1024 * 1024}, {"0": ["variables.file"]}),
        (ONE, {"0": ["variables.file"], "padding": ["x" * 1024 * 1024]}),
        (ONE, {"0": ["variables.file"], "1": ["variables.file2"]}),
        (ONE, {str(number): ["variables.file"] for number in range(101)}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_malformed_multipart_request_is_refused(
    gql: Gql, operations: object, mapping: object
) -> None:
    assert_bad_multipart(gql.multipart(operations, mapping, {"0": FILE}))


@pytest.mark.parametrize(
    "parts",
    {
        "nothing": [],
        "no map": [("operations", None, orjson.dumps(ONE))],
        "no operations": [("map", None, b"{}"), ("0", "a.txt", b"x")],
        "the map first": [("map", None, b"{}"), ("operations", None, orjson.dumps(ONE))],
        "the file first": [("0", "a.txt", b"x"), ("operations", None, b"{}"), ("map", None, b"{}")],
        "operations twice": [("operations", None, orjson.dumps(ONE))] * 2,
    }.items(),
    ids=lambda named: named[0],
)
def test_parts_out_of_order_are_refused(
    server: Server, token: str, parts: tuple[str, list[tuple[str, str | None, bytes]]]
) -> None:
    assert_form_refused(server, token, form(*parts[1]))


LEADING = part("operations", None, orjson.dumps(ONE)) + part(
    "map", None, b'{"0": ["variables.file"]}'
)


@pytest.mark.parametrize(
    "rest",
    {
        "a missing file": form(),
        "a file that the map does not name": form(("0", "a", b"x"), ("1", "b", b"y")),
        "a file twice": form(("0", "a", b"x"), ("0", "b", b"y")),
        "a part without a name": part("", "a", b"x") + form(("0", "a", b"x")),
        "a part with neither": part("0", "a", b"x") + b"--a-boundary\r\n\r\nx\r\n" + form(),
        "cut off in the file": part("0", "a", b"x")[:-2],
        "cut off after the file": part("0", "a", b"x"),
        "cut off in the closing boundary": form(("0", "a", b"x"))[:-5],
        "1,001 parts": form(*[("0", "a", b"x")] * 1001),
    }.items(),
    ids=lambda named: named[0],
)
def test_files_that_do_not_fit_the_map_are_refused(
    server: Server, token: str, rest: tuple[str, bytes]
) -> None:
    assert_form_refused(server, token, LEADING + rest[1])


def assert_form_refused(server: Server, token: str, body: bytes) -> None:
    start = upload_head(token, f"Content-Length: {len(body)}", path="/graphql")
    answer = exchange(server, start, body)
    assert (answer.status, answer.code) == (400, "BAD_MULTIPART")
    assert b"Traceback" not in answer.body


def test_a_client_that_leaves_in_the_middle_of_a_file_stores_nothing(
    server: Server, token: str
) -> None:
    start = upload_head(token, "Content-Length: 9999999", path="/graphql")
    send_and_leave(server, start, LEADING, part("0", "a", bytes(3_000_000)))


def test_a_file_over_the_limit_is_refused(gql: Gql) -> None:
    large = ("large.bin", bytes(32 * 1024 * 1024 + 1))
    answer = gql.multipart(ONE, {"0": ["variables.file"]}, {"0": large})
    assert (answer.status_code, codes(answer)) == (413, ["PAYLOAD_TOO_LARGE"])


def test_files_of_an_operation_that_fails_are_dropped(gql: Gql) -> None:
    for query in (
        "{ viewer { id } }",
        "mutation {",
        "{ nothing }",
        UPLOAD.replace("id", "nothing"),
    ):
        answer = gql.multipart(ONE | {"query": query}, {"0": ["variables.file"]}, {"0": FILE})
        assert answer.status_code in {200, 400}


def test_all_files_fall_with_the_one_that_is_refused(gql: Gql) -> None:
    query = UPLOAD_MANY.replace("$files)", '$files, input: {tags: [""]})')
    mapping = {"0": ["variables.files.0"], "1": ["variables.files.1"]}
    answer = gql.multipart(TWO | {"query": query}, mapping, {"0": FILE, "1": FILE})
    assert codes(answer) == ["VALIDATION_FAILED"]


@pytest.mark.parametrize("value", ["a string", 1, True, {"id": "x"}, ["x"], None])
def test_an_upload_must_be_a_file(gql: Gql, value: object) -> None:
    assert gql.code(UPLOAD, file=value) == "GRAPHQL_VALIDATION_FAILED"


def test_an_upload_must_be_a_variable(gql: Gql) -> None:
    assert gql.code('mutation { upload(file: "x") { id } }') == "GRAPHQL_VALIDATION_FAILED"


# JSON


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b"null", b'"x"', b"3", b"[" * 100_000, b'{"a":' * 50_000, b"\xff"),
        *(b"{}", b'{"query": null}', b'{"query": 1}', b'{"query": ""}', b'{"query": " "}'),
        *(b'{"query": []}', b'[{"query": "{ viewer { id } }"}]', b'{"query": "\\ud800"}'),
        *(b'{"query": "{ viewer { id } }", "variables": "x"}',),
        *(
            b'{"query": "{ viewer { id } }", "%b": %b}' % (name, wrong)
            for name in (b"variables", b"operationName", b"extensions")
            for wrong in (
                b"0",
                b"false",
                b"[]",
                b"[1]",
                b'"x"' if name != b"operationName" else b"{}",
            )
        ),
    ],
    ids=lambda body: body[:70],
)
@pytest.mark.parametrize("accept", [SPEC, LEGACY, "*/*"])
def test_a_request_that_is_none_is_refused(client: httpx.Client, body: bytes, accept: str) -> None:
    headers = {"content-type": "application/json", "accept": accept}
    answer = client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 400
    assert codes(answer) == ["VALIDATION_FAILED"]
    assert answer.headers["content-type"].startswith(SPEC if accept == SPEC else LEGACY)


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { id } } }", {}, "GRAPHQL_PARSE_FAILED"),
        ("\0", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($a: Int) { viewer { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (
            "query ($a: Int) { files(first: $a) { totalCount } }",
            {"a": "x"},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query ($a: ID!) { file(id: $a) { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($a: ID!) { file(id: $a) { id } }", {"a": None}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($a: ID!) { file(id: $a) { id } }", {"a": {}}, "GRAPHQL_VALIDATION_FAILED"),
        (
            "query ($a: FileFilter) { files(filter: $a) { totalCount } }",
            {"a": {"x": 1}},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ file(id: 1) { id } file(id: 2) { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment F on Query { ...F }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer " + "{ id " * 500 + "}" * 501, {}, "QUERY_TOO_COMPLEX"),
        ("{a" * 40_000, {}, "QUERY_TOO_COMPLEX"),
        (
            "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(101)) + " }",
            {},
            "QUERY_TOO_COMPLEX",
        ),
        ("{ " + "viewer { id } " * 102 + "}", {}, "QUERY_TOO_COMPLEX"),
        ("{ viewer { " + "id " * 3000 + "} }", {}, "QUERY_TOO_COMPLEX"),
        ("{ viewer { id } } #" + "x" * 200_000, {}, "QUERY_TOO_COMPLEX"),
        (
            "{ files(first: 100) { "
            + " ".join(f"a{n}: nodes {{ id url }}" for n in range(60))
            + " } }",
            {},
            "QUERY_TOO_COMPLEX",
        ),
        ("subscription { viewer { id } }", {}, "METHOD_NOT_ALLOWED"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_document_is_refused(
    client: httpx.Client, query: str, variables: Mapping[str, Any], code: str
) -> None:
    body = {"query": query, "variables": variables}
    answer = client.post("/graphql", json=body, headers={"accept": SPEC})
    assert set(codes(answer)) == {code}
    assert "data" not in answer.json()
    assert answer.status_code == (405 if code == "METHOD_NOT_ALLOWED" else 400)
    assert answer.headers["content-type"].startswith(SPEC)
    if code.startswith("GRAPHQL"):  # a well-formed request that fails is a 200 of the old type
        legacy = client.post("/graphql", json=body, headers={"accept": LEGACY})
        assert (legacy.status_code, set(codes(legacy))) == (200, {code})
        assert legacy.headers["content-type"].startswith(LEGACY)


def test_fragments_that_double_sixty_times_are_refused_at_once(gql: Gql) -> None:
    doubling = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    query = f"{{ ...F0 }} {doubling} fragment F60 on Query {{ a: viewer {{ id }} }}"
    assert gql.code(query) == "QUERY_TOO_COMPLEX"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        *[
            (arguments, "VALIDATION_FAILED")
            for arguments in ("first: -1", "first: 101", "last: -1")
        ],
        *[('after: "x"', "VALIDATION_FAILED"), ('before: ""', "VALIDATION_FAILED")],
        *[("first: 1, last: 1", "VALIDATION_FAILED"), ('after: "W10"', "VALIDATION_FAILED")],
        ("filter: {scope: ALL}", "FORBIDDEN"),
    ],
)
def test_wrong_arguments_of_a_list_are_refused(gql: Gql, arguments: str, code: str) -> None:
    assert gql.code(f"{{ files({arguments}) {{ totalCount }} }}") == code


@pytest.mark.parametrize("kind", ["text/plain", "application/graphql", "application/xml", ""])
def test_a_body_of_another_type_is_refused(client: httpx.Client, kind: str) -> None:
    answer = client.post(
        "/graphql", content=b'{"query": "{ viewer { id } }"}', headers={"content-type": kind}
    )
    assert (answer.status_code, codes(answer)) == (415, ["UNSUPPORTED_MEDIA_TYPE"])


def test_the_schema_describes_itself(gql: Gql) -> None:
    described = gql.data(get_introspection_query(specified_by_url=True))
    names = {one["name"] for one in described["__schema"]["types"]}
    assert {"Query", "Mutation", "File", "FileConnection", "Upload", "BigInt"} <= names


# Who is asking


@pytest.mark.parametrize(
    "query",
    [
        "{ files { totalCount } }",
        '{ file(id: "x") { id } }',
        '{ node(id: "x") { id } }',
        'mutation { delete(id: "x") }',
        "mutation { bulkDelete(ids: []) { deletedCount } }",
        'mutation { update(id: "x", input: {tags: []}) { id } }',
    ],
)
def test_who_is_not_signed_in_is_asked_to(server: Server, query: str) -> None:
    with server.client() as anonymous:
        assert Gql(anonymous).code(query) == "UNAUTHENTICATED"
        assert Gql(anonymous).data("{ viewer { id kind } }") == {
            "viewer": {"id": None, "kind": None}
        }


def test_an_upload_without_a_token_is_refused_before_its_body_comes(server: Server) -> None:
    lines = ("Content-Type: multipart/form-data; boundary=b", "Content-Length: 1000000")
    answer = exchange(server, head("POST /graphql", None, *lines))
    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("word", ["x", "a.b.c"])
def test_a_token_that_is_none_is_refused(server: Server, word: str) -> None:
    with server.client(word) as stranger:
        answer = Gql(stranger).post("{ viewer { id } }")
    assert (answer.status_code, codes(answer)) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"].startswith("Bearer")
