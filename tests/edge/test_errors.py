"""The table of errors: complete, told alike over REST and GraphQL, silent about faults."""

import logging
from collections.abc import Callable
from http import HTTPStatus

import httpx
import pytest
from graphql import GraphQLError, GraphQLSyntaxError, parse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import (
    BusyError,
    ErrorCode,
    ForbiddenError,
    KeyInUseError,
    MediaError,
    NotFoundError,
    QuotaExceededError,
    RateLimitedError,
    StorageFullError,
    TooManyUploadsError,
    UnauthenticatedError,
    UnavailableError,
)
from edge.errors import INTERNAL_MESSAGE, STATUS, on_fault, on_http_error, on_media_error
from server.graphql_errors import graphql_error
from streaming.ranges import RangeNotSatisfiableError

SECRET = "/srv/data/secret-key"


def error_classes(base: type[MediaError] = MediaError) -> list[type[MediaError]]:
    children = [child for cls in base.__subclasses__() for child in error_classes(cls)]
    return [base, *children]


def error_with(code: ErrorCode) -> MediaError:
    error = MediaError("Something a caller may read.")
    error.code = code
    return error


async def answer_to(error: Exception, path: str = "/broken") -> httpx.Response:
    """Return what a server answers whose one route raises ``error``."""

    async def broken(_: Request) -> Response:
        raise error

    handlers = {MediaError: on_media_error, HTTPException: on_http_error, Exception: on_fault}
    app = Starlette(routes=[Route("/broken", broken)], exception_handlers=handlers)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://media.example") as client:
        return await client.get(path)


def test_every_code_has_its_status() -> None:
    assert STATUS.keys() == set(ErrorCode)
    assert all(status >= HTTPStatus.BAD_REQUEST for status in STATUS.values())


def test_every_error_of_the_domain_has_a_code_of_its_own() -> None:
    codes = [cls.code for cls in error_classes() if cls.__module__ == MediaError.__module__]
    assert len(codes) > 10
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("code", ErrorCode)
async def test_an_error_is_answered_as_problem_details(code: ErrorCode) -> None:
    response = await answer_to(error_with(code), "/broken?token=kept-to-ourselves")
    status = STATUS[code]
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": "Something a caller may read.",
        "code": code.value,
        "instance": "/broken",
    }


FIGURES: dict[str, int | str | None] = {"quota_bytes": 7, "held_by_others": None, "bytes": 0}


async def test_the_figures_of_an_error_are_a_member_of_their_own() -> None:
    told = (await answer_to(QuotaExceededError("Too much.", **FIGURES))).json()
    assert told["figures"] == FIGURES
    assert (told["detail"], told["code"]) == ("Too much.", "QUOTA_EXCEEDED")


def test_graphql_tells_the_same_figures_in_its_own_spelling() -> None:
    cause = QuotaExceededError("Too much.", **FIGURES)
    told = graphql_error(GraphQLError("", path=["upload"], original_error=cause))
    assert told["message"] == "Too much."
    assert told["extensions"] == {
        "code": "QUOTA_EXCEEDED",
        "figures": {"quotaBytes": 7, "heldByOthers": None, "bytes": 0},
    }


@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (RateLimitedError("Wait.", retry_after_seconds=17), "retry-after", "17"),
        (TooManyUploadsError("Wait."), "retry-after", "5"),
        (KeyInUseError("Wait."), "retry-after", "5"),
        (UnauthenticatedError("Sign in."), "www-authenticate", 'Bearer realm="media"'),
        (UnavailableError("Wait."), "retry-after", "2"),
        (RangeNotSatisfiableError(7), "content-range", "bytes */7"),
    ],
)
async def test_an_error_brings_the_headers_that_belong_to_it(
    error: MediaError, name: str, value: str
) -> None:
    assert (await answer_to(error)).headers[name] == value


async def test_an_unknown_address_is_a_problem_too() -> None:
    response = await answer_to(NotFoundError("unused"), "/nowhere")
    assert response.status_code == 404
    assert response.json()["code"] == "NOT_FOUND"
    assert response.json()["instance"] == "/nowhere"


async def test_a_method_that_is_not_there_is_a_problem_with_the_ones_that_are() -> None:
    error = HTTPException(405, headers={"Allow": "GET, HEAD"})
    response = await answer_to(error)
    assert response.status_code == 405
    assert response.json()["code"] == "METHOD_NOT_ALLOWED"
    assert response.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("error", [RuntimeError(SECRET), OSError(2, "gone", SECRET), KeyError()])
async def test_a_fault_never_describes_itself(error: Exception) -> None:
    response = await answer_to(error)
    assert response.status_code == 500
    assert response.json()["detail"] == INTERNAL_MESSAGE
    assert response.json()["code"] == "INTERNAL"
    assert SECRET not in response.text
    assert type(error).__name__ not in response.text


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (MediaError("A fault of ours."), True),
        (UnavailableError("The storage does not answer."), False),
        (StorageFullError("There is no room."), False),  # a line of warning each
        (BusyError("Too many wait."), False),
        (NotFoundError("There is no such file."), False),
        (ForbiddenError("Not yours."), False),
    ],
)
async def test_only_the_server_s_own_failures_are_logged(
    caplog: pytest.LogCaptureFixture,
    error: MediaError,
    logged: bool,  # noqa: FBT001 - a column of the table
) -> None:
    with caplog.at_level(logging.ERROR, "media.server"):
        await answer_to(error)
    assert bool(caplog.records) is logged


@pytest.mark.parametrize("code", ErrorCode)
def test_graphql_tells_the_same_code_and_message(code: ErrorCode) -> None:
    cause = error_with(code)
    error = GraphQLError(cause.message, path=["file"], original_error=cause)
    assert graphql_error(error) == {
        "message": "Something a caller may read.",
        "path": ["file"],
        "extensions": {"code": code.value},
    }


def test_graphql_finds_the_cause_however_deep() -> None:
    inner = GraphQLError("inner", original_error=NotFoundError("There is no such file."))
    told = graphql_error(GraphQLError("outer", path=["file"], original_error=inner))
    assert told["message"] == "There is no such file."
    assert told["extensions"] == {"code": "NOT_FOUND"}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda fault: GraphQLError(str(fault), path=["file"], original_error=fault),
        lambda fault: GraphQLError(str(fault), original_error=fault),
        lambda fault: GraphQLError(
            str(fault), original_error=GraphQLError(str(fault), original_error=fault)
        ),
        lambda fault: GraphQLError(str(fault), path=["file", "url"]),
    ],
)
def test_graphql_never_describes_a_fault(wrap: Callable[[Exception], GraphQLError]) -> None:
    told = graphql_error(wrap(RuntimeError(SECRET)))
    assert told["message"] == INTERNAL_MESSAGE
    assert told["extensions"] == {"code": "INTERNAL"}
    assert SECRET not in str(told)


def test_graphql_drops_what_extensions_an_error_brought() -> None:
    error = GraphQLError("no such field", extensions={"stack": SECRET})
    assert graphql_error(error)["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


def test_graphql_explains_a_document_that_cannot_be_parsed() -> None:
    with pytest.raises(GraphQLSyntaxError) as raised:
        parse("{")
    told = graphql_error(raised.value)
    assert told["message"] == "Syntax Error: Expected Name, found <EOF>."
    assert told["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}


def test_graphql_explains_a_document_that_is_wrong_whatever_its_words() -> None:
    told = graphql_error(GraphQLError("Syntax Error is no field of type 'Query'."))
    assert told["message"] == "Syntax Error is no field of type 'Query'."
    assert told["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
