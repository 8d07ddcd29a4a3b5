"""Files through GraphQL: every place an Upload can stand in, and every content it can have."""

import hashlib
from urllib.parse import unquote

import httpx
import orjson
import pytest

from tests.acceptance.gql import FilePart, Gql
from tests.acceptance.samples import SAMPLES, noise
from tests.acceptance.serving import Server, eventually
from tests.acceptance.wire import BOUNDARY, END, exchange, part, upload_head

FIELDS = "{ id filename size checksum mimeType tags description visibility url }"
UPLOAD = (
    "mutation ($file: Upload!, $input: UploadInput)"
    f" {{ upload(file: $file, input: $input) {FIELDS} }}"
)
UPLOAD_MANY = f"mutation ($files: [Upload!]!) {{ uploadMany(files: $files) {FIELDS} }}"


def assert_stored(client: httpx.Client, file: dict[str, object], content: bytes) -> None:
    assert file["size"] == len(content)
    assert file["checksum"] == hashlib.sha256(content).hexdigest()
    assert client.get(str(file["url"])).content == content


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_of_file_comes_back_as_it_went(
    client: httpx.Client, gql: Gql, name: str
) -> None:
    mime_type, content = SAMPLES[name]
    file = gql.upload(UPLOAD, {"file": None}, {"file": (name, content)})["upload"]
    assert (file["filename"], file["mimeType"]) == (name, mime_type)
    assert_stored(client, file, content)


def test_an_input_object_names_and_describes_the_file(client: httpx.Client, gql: Gql) -> None:
    given = {"filename": "b.txt", "description": "d", "tags": ["x", "y"], "visibility": "SHARED"}
    variables = {"file": None, "input": given}
    file = gql.upload(UPLOAD, variables, {"file": ("a.txt", b"text")})["upload"]
    assert {name: file[name] for name in given} == given
    assert_stored(client, file, b"text")
    listed = gql.data('{ files(filter: {tags: ["x", "y"]}) { nodes { id } totalCount } }')
    assert listed["files"] == {"nodes": [{"id": file["id"]}], "totalCount": 1}


def test_fifty_aliases_take_a_file_each(client: httpx.Client, gql: Gql) -> None:
    numbers = range(50)
    declared = ", ".join(f"$f{n}: Upload!" for n in numbers)
    fields = " ".join(f"a{n}: upload(file: $f{n}) {FIELDS}" for n in numbers)
    files = {f"f{n}": (f"{n}.bin", noise(5000, n)) for n in numbers}
    data = gql.upload(f"mutation ({declared}) {{ {fields} }}", dict.fromkeys(files), files)
    for n in numbers:
        assert data[f"a{n}"]["filename"] == f"{n}.bin"
        assert_stored(client, data[f"a{n}"], files[f"f{n}"][1])


def test_fifty_files_come_at_once_in_a_list(client: httpx.Client, gql: Gql) -> None:
    files = {f"files.{n}": (f"{n}.bin", noise(n * 1000, n)) for n in range(50)}
    stored = gql.upload(UPLOAD_MANY, {"files": [None] * 50}, files)["uploadMany"]
    for file, (name, content) in zip(stored, files.values(), strict=True):
        assert file["filename"] == name
        assert_stored(client, file, content)
    usage = gql.data("{ viewer { filesCount bytesUsed } files { totalCount } }")
    used = sum(len(content) for _, content in files.values())
    assert usage["viewer"] == {"filesCount": 50, "bytesUsed": used}
    assert usage["files"]["totalCount"] == 50


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("Grüße.txt", "Grüße.txt"),
        ("写真 🎬.jpg", "写真 🎬.jpg"),
        ('say "hi" 🎬.txt', 'say "hi" 🎬.txt'),
        ("path/to/🎬.txt", "🎬.txt"),
        ("C:\\photos\\a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("..", "unnamed"),
        ("n" * 400 + ".txt", "n" * 251 + ".txt"),
        ("100% & <b>.txt", "100% & <b>.txt"),
    ],
)
@pytest.mark.parametrize("transport", ["rest", "graphql"])
def test_any_name_is_kept_as_far_as_it_is_safe(
    client: httpx.Client, gql: Gql, transport: str, sent: str, stored: str
) -> None:
    if transport == "rest":
        answer = client.post("/v1/media/upload", files={"file": (sent, b"text")})
        file = answer.json()["data"]
    else:
        file = gql.upload(UPLOAD, {"file": None}, {"file": (sent, b"text")})["upload"]
    assert file["filename"] == stored
    served = client.get(file["url"]).headers["content-disposition"]
    plain, _, exact = served.partition("; filename*=UTF-8''")
    assert served.isascii()
    assert (unquote(exact) or plain.split('"')[1]) == stored


@pytest.mark.parametrize(
    ("parameters", "stored"),
    [
        (b"", "unnamed"),  # as gql sends a stream
        (b"; filename=\"=?utf-8?B?w5xiZXIudHh0?=\"; filename*=utf-8''%C3%9Cber.txt", "Über.txt"),
        (b"; filename*=ISO-8859-1''%DCber.txt", "Über.txt"),
        (b'; filename="\xdcber.txt"', "Über.txt"),
        (b'; filename="%C3%9Cber.txt"', "Über.txt"),
        (b'; filename="100%25.txt"', "100%25.txt"),
    ],
    ids=["none", ".NET", "RFC 5987", "Latin-1", "aiohttp", "a browser"],
)
@pytest.mark.parametrize("transport", ["rest", "graphql"])
def test_a_name_in_any_form_is_understood(
    server: Server, token: str, transport: str, parameters: bytes, stored: str
) -> None:
    name = b"file" if transport == "rest" else b"0"
    head = b'Content-Disposition: form-data; name="%b"%b\r\n\r\n' % (name, parameters)
    body = b"--%b\r\n%btext\r\n%b" % (BOUNDARY.encode(), head, END)
    path = "/v1/media/upload"
    if transport == "graphql":
        operations = orjson.dumps({"query": UPLOAD, "variables": {"file": None}})
        mapping = b'{"0": ["variables.file"]}'
        body = part("operations", None, operations) + part("map", None, mapping) + body
        path = "/graphql"
    answer = exchange(server, upload_head(token, f"Content-Length: {len(body)}", path=path), body)
    data = orjson.loads(answer.body)["data"]
    assert (data["upload"] if transport == "graphql" else data)["filename"] == stored


def test_an_empty_file_is_a_file(client: httpx.Client, gql: Gql) -> None:
    file = gql.upload(UPLOAD, {"file": None}, {"file": ("empty", b"")})["upload"]
    assert_stored(client, file, b"")
    stored = gql.upload(
        UPLOAD_MANY, {"files": [None, None]}, {"files.0": ("a", b""), "files.1": ("b", b"x")}
    )["uploadMany"]
    assert [one["size"] for one in stored] == [0, 1]


def test_the_same_content_twice_is_two_files_and_one_object(
    server: Server, client: httpx.Client, gql: Gql
) -> None:
    before = len(server.traces()["objects"])
    part: FilePart = ("a.bin", noise(100_000, 7))
    files = {"files.0": part, "files.1": part}
    first, second = gql.upload(UPLOAD_MANY, {"files": [None, None]}, files)["uploadMany"]
    third = gql.upload(UPLOAD, {"file": None}, {"file": part})["upload"]
    assert len({first["id"], second["id"], third["id"]}) == 3
    eventually(server.is_settled, "the copies are cleared up")
    assert len(server.traces()["objects"]) == before + 1
    for gone, left in ((first, second), (second, third)):
        client.delete(f"/v1/media/files/{gone['id']}")
        assert_stored(client, left, part[1])
    client.delete(f"/v1/media/files/{third['id']}")
    assert len(server.traces()["objects"]) == before
    assert gql.data("{ viewer { filesCount bytesUsed } }")["viewer"] == {
        "filesCount": 0,
        "bytesUsed": 0,
    }


def test_one_part_fills_several_variables(server: Server, client: httpx.Client, gql: Gql) -> None:
    before = len(server.traces()["objects"])
    query = (
        "mutation ($a: Upload!, $b: Upload!, $many: [Upload!]!)"
        f" {{ a: upload(file: $a) {FIELDS}"
        f' b: upload(file: $b, input: {{filename: "b.txt"}}) {FIELDS}'
        f" many: uploadMany(files: $many) {FIELDS} }}"
    )
    variables = {"a": None, "b": None, "many": [None, None]}
    paths = ["variables.many.1", "variables.b", "variables.a", "variables.many.0"]
    answer = gql.multipart(
        {"query": query, "variables": variables}, {"0": paths}, {"0": ("a.txt", b"some text")}
    )
    data = answer.json()["data"]
    files = [data["a"], data["b"], *data["many"]]
    assert len({file["id"] for file in files}) == 4
    assert [file["filename"] for file in files] == ["a.txt", "b.txt", "a.txt", "a.txt"]
    for file in files:
        assert_stored(client, file, b"some text")
    assert gql.data("{ viewer { filesCount bytesUsed } }")["viewer"] == {
        "filesCount": 4,
        "bytesUsed": 4 * len(b"some text"),
    }
    eventually(server.is_settled, "nothing is left of the upload")
    assert len(server.traces()["objects"]) == before + 1


def test_a_variable_that_nothing_claims_leaves_the_files_of_the_others(
    server: Server, client: httpx.Client, gql: Gql
) -> None:
    query = f"mutation ($a: Upload!) {{ a: upload(file: $a) {FIELDS} }}"
    operations = {"query": query, "variables": {"a": None, "b": None}}
    mapping = {"0": ["variables.b", "variables.a"]}
    answer = gql.multipart(operations, mapping, {"0": ("a.txt", b"text")})
    assert_stored(client, answer.json()["data"]["a"], b"text")
    eventually(server.is_settled, "nothing is left of the upload")
    assert gql.data("{ files { totalCount } }")["files"]["totalCount"] == 1


def test_files_that_nothing_claims_leave_nothing(server: Server, gql: Gql) -> None:
    before = server.traces()
    query = "query ($a: Boolean = true) { viewer { id } files { totalCount @include(if: $a) } }"
    operations = {"query": query, "variables": {"file": None}}
    answer = gql.multipart(operations, {"0": ["variables.file"]}, {"0": ("a", noise(3_000_000))})
    assert answer.json()["data"]["files"] == {"totalCount": 0}
    eventually(lambda: server.traces() == before, "the file is cleared up")


def test_a_variable_used_twice_is_stored_once_and_the_second_use_refused(
    server: Server, gql: Gql
) -> None:
    query = "mutation ($f: Upload!) { a: upload(file: $f) { id } b: upload(file: $f) { id } }"
    operations = {"query": query, "variables": {"f": None}}
    answer = gql.multipart(operations, {"0": ["variables.f"]}, {"0": ("a", b"text")}).json()
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["VALIDATION_FAILED"]
    assert gql.data("{ files { totalCount } }")["files"]["totalCount"] in {0, 1}
    eventually(server.is_settled, "what was not used is cleared up")
