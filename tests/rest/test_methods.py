"""Every route and every method: HEAD is GET without the body, what a route lacks is a 405."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from core.settings import Settings
from server.app import ROUTES
from tests.rest.described import DOCUMENT, FILE, Api, served

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
PAGES: Final = {"/": {"GET", "HEAD"}, "/assets/{name}": {"GET", "HEAD"}}
"""What people look at is not in the document."""

ANSWERED: Final = PAGES | {
    path: {method.upper() for method in item} for path, item in DOCUMENT["paths"].items()
}
WITH_HEAD: Final = [path for path, methods in ANSWERED.items() if "HEAD" in methods]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with served(Settings(data_dir=tmp_path, rate_limits=False)) as api:
        await api.sign_in()
        yield api


def address(path: str, file_id: str = FILE) -> str:
    return path.format(file_id=file_id, account_id="user_x", key_id="key_x", name="x.js")


def test_every_route_is_among_these() -> None:
    assert {route.path for route in ROUTES} == set(ANSWERED)


async def test_a_method_that_a_route_lacks_gets_those_that_it_has(api: Api) -> None:
    for path, answered in ANSWERED.items():
        for method in set(METHODS) - answered:
            answer = await api.client.request(method, address(path))
            assert answer.status_code == 405, (method, path)
            assert set(answer.headers["allow"].split(", ")) == answered, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"


async def test_head_answers_as_get_does_without_the_body(api: Api) -> None:
    file = await api.upload()
    for path in WITH_HEAD:
        got, headed = [
            await api.client.request(method, address(path, file["id"]))
            for method in ("GET", "HEAD")
        ]
        assert headed.status_code == got.status_code, path
        assert headed.content == b"", path
        unlike = {"x-request-id", "last-modified"}
        assert {name: value for name, value in headed.headers.items() if name not in unlike} == {
            name: value for name, value in got.headers.items() if name not in unlike
        }, path


async def test_scripts_of_other_origins_may_ask_any_route_what_it_takes(api: Api) -> None:
    asked = {"origin": "https://app.example", "access-control-request-method": "GET"}
    for path in ANSWERED:
        answer = await api.client.options(address(path), headers=asked)
        assert answer.status_code == 200, path
        assert answer.headers["access-control-allow-origin"] in {"*", asked["origin"]}
