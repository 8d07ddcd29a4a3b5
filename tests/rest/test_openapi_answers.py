"""What the running server answers, held to the OpenAPI document: statuses, headers and bodies."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]  # ships no type hints

from core.ids import IdPrefix, new_id
from core.settings import Settings
from services.readiness import KEEP_SECONDS
from tests.rest.described import (
    CONTENT,
    DOCUMENT,
    FILE,
    MAX_UPLOAD_BYTES,
    ORIGIN,
    SCHEMAS,
    Api,
    check_against,
    operations,
    served,
    validate,
)
from tests.services.clock import Clock


async def test_an_uploaded_file_has_every_described_property_and_no_other(api: Api) -> None:
    tags = ["one", "two"]
    file = await api.upload(tags=tags, description="Ten times ten", visibility="shared")
    described = SCHEMAS["File"]["properties"].keys()
    # A text has no dimensions, and whoever uploads it is not told whose it is.
    assert file.keys() == described - {"width", "height", "duration", "blurhash", "owner"}
    assert file["tags"] == tags
    assert (await api.upload(tags='["one", "two"]'))["tags"] == tags


async def test_a_file_is_listed_looked_at_changed_and_deleted_as_described(api: Api) -> None:
    path = f"/v1/media/files/{(await api.upload())['id']}"
    listed = (await api.ask("GET", "/v1/media/files", 200)).json()
    assert listed.keys() == SCHEMAS["FileList"]["properties"].keys()
    assert len(listed["data"]) == 1
    await api.ask("HEAD", "/v1/media/files", 200)
    await api.ask("GET", path, 200)
    await api.ask("HEAD", path, 200)
    changed = await api.ask("PATCH", path, 200, json={"description": None, "tags": ["new"]})
    assert changed.json()["data"]["tags"] == ["new"]
    await api.ask("DELETE", path, 204)
    await api.ask("GET", path, 404)
    await api.ask("PATCH", path, 404, json={})
    await api.ask("DELETE", path, 404)


async def test_a_bulk_change_of_visibility_is_answered_as_described(api: Api) -> None:
    file = await api.upload()
    path, wanted = "/v1/media/files/bulk-visibility", {"file_ids": [file["id"], FILE]}
    for count, outcome in ((1, "changed"), (0, "unchanged")):
        answer = await api.ask("POST", path, 200, json={**wanted, "visibility": "public"})
        results = [{"id": file["id"], "outcome": outcome}, {"id": FILE, "outcome": "not_found"}]
        assert answer.json() == {"data": {"changed_count": count, "results": results}}
    for wrong in ({}, wanted, {**wanted, "visibility": "x"}, {"visibility": "public"}):
        await api.ask("POST", path, 400, json=wrong)
    await api.ask("POST", path, 400, json={**wanted, "visibility": "public", "more": 1})
    await api.ask("POST", path, 400, json={"file_ids": [FILE] * 1001, "visibility": "public"})
    await api.ask("POST", path, 401, json={**wanted, "visibility": "public"}, signed_in=False)


async def test_a_bulk_change_of_tags_is_answered_as_described(api: Api) -> None:
    file = await api.upload(tags=["old"])
    path, ids = "/v1/media/files/bulk-tag", {"file_ids": [file["id"], FILE]}
    for count, outcome in ((1, "changed"), (0, "unchanged")):
        answer = await api.ask("POST", path, 200, json={**ids, "add": ["new"], "remove": ["old"]})
        results = [{"id": file["id"], "outcome": outcome}, {"id": FILE, "outcome": "not_found"}]
        assert answer.json() == {"data": {"changed_count": count, "results": results}}
    most = {**ids, "add": [str(number) for number in range(50)], "remove": None}
    answer = await api.ask("POST", path, 200, json=most)
    assert answer.json()["data"]["results"][0]["outcome"] == "too_many_tags"
    for wrong in (
        {},
        ids,
        {"add": ["x"]},
        {**ids, "add": "x"},
        {**ids, "add": [""]},
        {**ids, "remove": [1]},
        {**ids, "add": ["x"], "remove": ["x"]},
        {**ids, "add": ["x"], "more": 1},
        {**most, "add": [*most["add"], "x"]},
        {"file_ids": [FILE] * 1001, "add": ["x"]},
    ):
        await api.ask("POST", path, 400, json=wrong)
    await api.ask("POST", path, 401, json={**ids, "add": ["x"]}, signed_in=False)


async def test_a_bulk_deletion_is_answered_as_described(api: Api) -> None:
    ids = [(await api.upload())["id"], new_id(IdPrefix.FILE), "nonsense"]
    path = "/v1/media/files/bulk-delete"
    answered = await api.ask("POST", path, 200, json={"file_ids": ids})
    assert [one["outcome"] for one in answered.json()["data"]["results"]] == [
        "deleted",
        "not_found",
        "not_found",
    ]
    most = SCHEMAS["BulkDelete"]["properties"]["file_ids"]["maxItems"]
    await api.ask("POST", path, 200, json={"file_ids": ["x"] * most})
    await api.ask("POST", path, 400, json={"file_ids": ["x"] * (most + 1)})
    await api.ask("POST", path, 400, json={"file_ids": "x"})


@pytest.mark.parametrize("operation", ["download", "stream"])
async def test_bytes_are_answered_as_described(api: Api, operation: str) -> None:
    file = await api.upload()
    path = f"/v1/media/files/{file['id']}/{operation}"
    tag = {"etag": f'"{file["checksum"]}"'}
    whole = await api.ask("GET", path, 200)
    assert whole.content == CONTENT
    await api.ask("HEAD", path, 200, headers={"range": "bytes=0-9"})
    part = await api.ask("GET", path, 206, headers={"range": "bytes=10-19"})
    assert part.headers["content-range"] == f"bytes 10-19/{len(CONTENT)}"
    await api.ask("GET", path, 206, headers={"range": "bytes=0-1,10-11"})
    await api.ask("GET", path, 200, headers={"range": "bytes=0-1", "if-range": '"other"'})
    await api.ask("GET", path, 304, headers={"if-none-match": tag["etag"]})
    await api.ask("HEAD", path, 304, headers={"if-none-match": tag["etag"]})
    await api.ask("GET", path, 412, headers={"if-match": '"other"'})
    await api.ask("HEAD", path, 412, headers={"if-match": '"other"'})
    await api.ask("GET", path, 416, headers={"range": f"bytes={len(CONTENT)}-"})


@pytest.mark.parametrize("operation", ["", "/download", "/stream"])
async def test_a_public_file_needs_no_token_and_a_private_one_does(
    api: Api, operation: str
) -> None:
    public, private = await api.upload(visibility="public"), await api.upload()
    await api.ask("GET", f"/v1/media/files/{public['id']}{operation}", 200, signed_in=False)
    await api.ask("GET", f"/v1/media/files/{private['id']}{operation}", 401)
    await api.ask("HEAD", f"/v1/media/files/{private['id']}{operation}", 401)


async def test_signed_addresses_are_made_followed_and_revoked_as_described(api: Api) -> None:
    path = f"/v1/media/files/{(await api.upload())['id']}"
    described = SCHEMAS["SignedUrlRequest"]["properties"]
    for operation in described["operation"]["enum"]:
        for disposition in described["disposition"]["enum"]:
            asked = {"operation": operation, "disposition": disposition, "expires_in": 60}
            made = await api.ask("POST", f"{path}/signed-url", 200, json=asked)
            url = made.json()["data"]["url"].removeprefix(ORIGIN)
            assert (await api.ask("GET", url, 200)).content == CONTENT
            await api.ask("HEAD", url, 200)
            await api.ask("GET", f"{url}x", 403)
            await api.ask("HEAD", f"{url}x", 403)
    for bound, beyond in (("minimum", -1), ("maximum", 1)):
        seconds = described["expires_in"][bound]
        await api.ask("POST", f"{path}/signed-url", 200, json={"expires_in": seconds})
        await api.ask("POST", f"{path}/signed-url", 400, json={"expires_in": seconds + beyond})
    default = (await api.ask("POST", f"{path}/signed-url", 200)).json()["data"]
    assert default["operation"] == described["operation"]["default"]
    revoked = await api.ask("POST", f"{path}/revoke-links", 200)
    assert revoked.json() == (await api.ask("GET", path, 200)).json()
    await api.ask("GET", url, 403, signed_in=False)


def needs_a_token() -> list[tuple[str, str]]:
    return [
        (path, method) for path, method, one in operations() if one["security"] == [{"bearer": []}]
    ]


@pytest.mark.parametrize(("path", "method"), needs_a_token())
async def test_what_is_said_to_need_a_token_is_refused_without(
    api: Api, path: str, method: str
) -> None:
    found = path.format(
        file_id=new_id(IdPrefix.FILE),
        key_id=new_id(IdPrefix.API_KEY),
        account_id=new_id(IdPrefix.USER),
    )
    bodies: dict[str, Any] = {"patch": {}, "post": {"file_ids": []}}
    await api.ask(method.upper(), found, 401, signed_in=False, json=bodies.get(method))


async def test_the_files_of_others_are_refused_as_described(api: Api) -> None:
    shared = f"/v1/media/files/{(await api.upload(visibility='shared'))['id']}"
    private = f"/v1/media/files/{(await api.upload())['id']}"
    await api.sign_in()
    await api.ask("GET", shared, 200)
    await api.ask("PATCH", shared, 403, json={})
    await api.ask("DELETE", shared, 403)
    await api.ask("POST", f"{shared}/signed-url", 403)
    await api.ask("POST", f"{shared}/revoke-links", 403)
    await api.ask("POST", f"{private}/signed-url", 404)
    await api.ask("POST", f"{private}/revoke-links", 404)
    await api.ask("GET", f"{private}/download", 404)
    await api.ask("GET", "/v1/media/files?scope=all", 403)


async def test_every_limit_of_a_list_holds_as_described(api: Api) -> None:
    parameters = DOCUMENT["paths"]["/v1/media/files"]["get"]["parameters"]
    for name, schema in ((one["name"], one["schema"]) for one in parameters):
        for value in schema.get("enum", ()):
            status = 403 if value == "all" else 200
            await api.ask("GET", "/v1/media/files", status, params={name: value})
        if "enum" in schema:
            await api.ask("GET", "/v1/media/files", 400, params={name: "nonsense"})
        if schema["type"] == "integer":
            for bound, beyond in ((schema["minimum"], -1), (schema["maximum"], 1)):
                await api.ask("GET", "/v1/media/files", 200, params={name: bound})
                await api.ask("GET", "/v1/media/files", 400, params={name: bound + beyond})


async def test_a_list_without_parameters_is_the_described_default(api: Api) -> None:
    for _ in range(3):
        await api.upload()
    parameters = DOCUMENT["paths"]["/v1/media/files"]["get"]["parameters"]
    defaults = {
        one["name"]: one["schema"]["default"] for one in parameters if "default" in one["schema"]
    }
    given = await api.ask("GET", "/v1/media/files", 200, params=defaults)
    assert given.json() == (await api.ask("GET", "/v1/media/files", 200)).json()
    assert defaults.keys() == {"limit", "offset", "sort", "scope"}


CHANGES: list[tuple[dict[str, Any], int]] = [
    ({}, 200),
    ({"filename": "x" * 255}, 200),
    ({"filename": "x" * 256}, 400),
    ({"filename": ""}, 400),
    ({"filename": None}, 400),
    ({"description": "x" * 10_000}, 200),
    ({"description": "x" * 10_001}, 400),
    ({"description": None}, 200),
    ({"tags": [str(number) for number in range(50)]}, 200),
    ({"tags": [str(number) for number in range(51)]}, 400),
    ({"tags": ["x" * 64]}, 200),
    ({"tags": ["x" * 65]}, 400),
    ({"tags": [""]}, 400),
    ({"tags": "x"}, 400),
    ({"tags": None}, 400),
    ({"visibility": "public"}, 200),
    ({"visibility": "secret"}, 400),
    ({"size": 1}, 400),
]


@pytest.mark.parametrize(("changes", "status"), CHANGES)
async def test_a_change_that_fits_the_description_is_made_and_no_other(
    api: Api, changes: dict[str, Any], status: int
) -> None:
    file = await api.upload()
    await api.ask("PATCH", f"/v1/media/files/{file['id']}", status, json=changes)
    if status == 200:
        validate(changes, SCHEMAS["FileChanges"])
    else:
        with pytest.raises(ValidationError):
            validate(changes, SCHEMAS["FileChanges"])


async def test_a_wrong_upload_is_refused_as_described(api: Api) -> None:
    await api.upload(400, visibility="secret")
    await api.upload(400, unknown="field")
    await api.upload(413, b"x" * (MAX_UPLOAD_BYTES + 1))
    path = "/v1/media/upload"
    multipart = {"content-type": "multipart/form-data; boundary=b"}
    await api.ask("POST", path, 400, content=b"--b--\r\n", headers=multipart)
    await api.ask("POST", path, 400, content=b"--b\r\ncut off", headers=multipart)
    await api.ask("POST", path, 415, json={})
    compressed = {**multipart, "content-encoding": "gzip"}
    await api.ask("POST", path, 415, content=b"--b--\r\n", headers=compressed)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b" " * 1024 * 1024 + b"{}", "application/json", 413),
    ],
)
async def test_a_wrong_json_body_is_refused_as_described(
    api: Api, body: bytes, kind: str, status: int
) -> None:
    paths = {
        "PATCH": f"/v1/media/files/{(await api.upload())['id']}",
        "POST": "/v1/media/files/bulk-delete",
    }
    for method, path in paths.items():
        await api.ask(method, path, status, content=body, headers={"content-type": kind})


async def test_a_token_that_is_not_valid_is_refused_as_described(api: Api) -> None:
    wrong = {"authorization": "Bearer nonsense"}
    await api.ask("GET", "/v1/media/files", 401, headers=wrong)
    await api.ask("POST", "/graphql", 401, headers=wrong, json={"query": "{ __typename }"})


async def test_guest_login_that_is_switched_off_is_refused_as_described(tmp_path: Path) -> None:
    async with served(Settings(data_dir=tmp_path, guest_login=False)) as api:
        await api.ask("POST", "/llm/auth/guest-login", 403)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/media/files"),
        ("GET", "/v1/media/upload"),
        ("GET", "/v1/media/files/bulk-delete"),
        ("GET", "/v1/media/files/bulk-visibility"),
        ("GET", "/v1/media/files/bulk-tag"),
        ("POST", f"/v1/media/files/{FILE}"),
        ("DELETE", f"/v1/media/files/{FILE}/download"),
        ("GET", "/llm/auth/guest-login"),
        ("POST", "/openapi.json"),
    ],
)
async def test_a_method_that_an_address_lacks_is_refused_as_described(
    api: Api, method: str, path: str
) -> None:
    response = await api.client.request(method, path)
    assert response.status_code == 405
    check_against(DOCUMENT["components"]["responses"]["NoSuchMethod"], response)
    allowed = {one.strip().lower() for one in response.headers["allow"].split(",")}
    template = re.sub("file_[^/]{26}", "{file_id}", path)
    assert allowed == DOCUMENT["paths"][template].keys()


async def test_an_unknown_address_is_refused_as_described(api: Api) -> None:
    response = await api.client.get("/v1/media/nothing")
    assert response.status_code == 404
    check_against(DOCUMENT["components"]["responses"]["NoSuchAddress"], response)


async def test_health_and_readiness_are_answered_as_described(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("services.readiness.time", clock)
    for path in ("/healthz", "/readyz"):
        await api.ask("GET", path, 200, signed_in=False)
        await api.ask("HEAD", path, 200)
    await api.app.state.application.storage.close()  # as after a lost volume
    clock.now += KEEP_SECONDS
    await api.ask("GET", "/readyz", 503)
    await api.ask("HEAD", "/readyz", 503)


async def test_graphql_is_answered_as_described(api: Api) -> None:
    await api.ask("GET", "/graphql", 200, params={"query": "{ __typename }"})
    await api.ask("GET", "/graphql", 200, headers={"accept": "text/html"})
    await api.ask("POST", "/graphql", 200, json={"query": "{ __typename }"})
    mutation = {"query": 'mutation { delete(id: "x") }'}
    refused = await api.ask("GET", "/graphql", 405, params=mutation)
    assert refused.headers["allow"] == "POST"
    await api.ask("POST", "/graphql", 400, json={"query": ""})
    strict = {"accept": "application/graphql-response+json"}
    await api.ask("POST", "/graphql", 400, json={"query": "{"}, headers=strict)
    await api.ask("POST", "/graphql", 294, json=mutation, headers=strict)
    await api.ask("POST", "/graphql", 200, json=mutation)
    await api.ask("POST", "/graphql", 406, json={}, headers={"accept": "image/png"})
    await api.ask("POST", "/graphql", 415, content=b"{ __typename }")
