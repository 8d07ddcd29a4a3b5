"""The operations besides files: signing in, GraphQL, health and this document."""

from typing import Final

from core.errors import ErrorCode
from rest.openapi.parts import (
    ANYONE,
    EITHER,
    NO_STORE,
    Json,
    answer,
    header,
    json_content,
    operation,
    parameter,
    problems,
    ref,
    with_head,
)

_OBJECT: Final[Json] = {"type": "object"}
_REQUEST: Final[Json] = {
    "type": "object",
    "required": ["query"],
    "properties": {
        "query": {"type": "string"},
        "operationName": {"type": ["string", "null"]},
        "variables": {"type": ["object", "null"]},
        "extensions": {"type": ["object", "null"]},
    },
}
_RESULT_TYPES: Final = ("application/json", "application/graphql-response+json")
_IN_QUERY: Final = (
    ("query", "The document: queries, not mutations."),
    ("operationName", "Which operation of the document to execute."),
    ("variables", "The variables, as a JSON object."),
    ("extensions", "A JSON object."),
)
_REFUSALS: Final = {
    "400": "The request or the document is wrong.",
    "401": "The token is not valid.",
    "406": "`Accept` names neither content type.",
    "429": "You, or your address, did too much in a short time; retry.",
    "503": "Database or storage does not answer now; retry.",
}
_REFUSALS_OF_BODIES: Final = {
    "408": "The body stopped coming for too long.",
    "413": "A file or the body passes its limit.",
    "415": "The body is neither JSON nor a multipart form, or is compressed.",
    "507": "The server has no room left.",
}


def service_paths() -> Json:
    """Return the path items besides files."""
    return {
        "/llm/auth/guest-login": {"post": _guest_login()},
        "/graphql": {**with_head(_graphql_query()), "post": _graphql()},
        "/openapi.json": with_head(_openapi()),
        "/healthz": with_head(_healthz()),
        "/readyz": with_head(_readyz()),
    }


def _guest_login() -> Json:
    session = answer(
        "The account and its token.",
        ref("GuestSession"),
        headers=NO_STORE,
    )
    codes = (ErrorCode.FORBIDDEN, ErrorCode.UNAVAILABLE, ErrorCode.STORAGE_FULL)
    return operation(
        "guestLogin",
        "accounts",
        "Sign in as a guest",
        "Makes a new guest account and answers its bearer token. No body is read. 403 where the"
        " server's operator has switched guest login off.",
        security=ANYONE,
        responses={"200": session, **problems(codes)},
    )


def _graphql_query() -> Json:
    refused = {**_REFUSALS, "405": "Mutations are sent by POST."}
    allow = {"Allow": header("The method to use.")}
    responses = _graphql_responses(refused)
    responses["405"]["headers"] = allow
    text = {"schema": {"type": "string"}}
    responses["200"]["content"]["text/html"] = text
    not_built = "The GraphiQL page has not been built; the text says how."
    responses["503"] = {"description": not_built, "content": {"text/plain": text}}
    return operation(
        "graphqlQuery",
        "graphql",
        "Query by GraphQL",
        "GraphQL over HTTP; the schema tells of itself by introspection. A browser that sends no"
        " `query` and accepts HTML gets the GraphiQL page.",
        security=EITHER,
        parameters=[parameter("query", name, description) for name, description in _IN_QUERY],
        responses=responses,
    )


def _graphql() -> Json:
    form = {"schema": {**_OBJECT, "required": ["operations", "map"]}}
    return operation(
        "graphql",
        "graphql",
        "Query or mutate by GraphQL",
        "GraphQL over HTTP as JSON; with files as a form, as the GraphQL multipart request"
        " specification says (`operations`, `map`, then the files). Errors carry"
        " `extensions.code`, the same codes as here.",
        security=EITHER,
        requestBody={
            "required": True,
            "content": {**json_content(_REQUEST), "multipart/form-data": form},
        },
        responses=_graphql_responses({**_REFUSALS, **_REFUSALS_OF_BODIES}),
    )


def _graphql_responses(refused: dict[str, str]) -> Json:
    """GraphQL tells of its errors in its own shape; only a fault is a problem."""
    content = {kind: {"schema": _OBJECT} for kind in _RESULT_TYPES}
    result = {"description": "The result, perhaps with errors.", "content": {**content}}
    refusals: Json = {
        status: {"description": description, "content": content}
        for status, description in refused.items()
    }
    refusals["429"]["headers"] = {"Retry-After": header("Seconds to wait.", pattern="^[0-9]+$")}
    partial = {
        "description": "Data beside errors, to those who accept the second content type.",
        "content": {_RESULT_TYPES[1]: content[_RESULT_TYPES[1]]},
    }
    return {"200": result, "294": partial, **refusals, **problems(())}


def _openapi() -> Json:
    return operation(
        "openapi",
        "service",
        "Get this document",
        "Answers the OpenAPI description of the REST routes.",
        security=ANYONE,
        responses={"200": answer("OpenAPI 3.1.", _OBJECT), **problems(())},
    )


def _healthz() -> Json:
    return operation(
        "health",
        "service",
        "Does the server live?",
        "Answers as long as the process answers at all.",
        security=ANYONE,
        limited=False,
        responses={"200": answer("It does.", ref("Health")), **problems(())},
    )


def _readyz() -> Json:
    retry = {"Retry-After": header("Seconds to wait before asking again.")}
    return operation(
        "readiness",
        "service",
        "Can the server serve?",
        "Whether database and storage answered within the last two seconds: however many ask, one"
        " probe runs at a time. 503 as soon as the server begins to shut down.",
        security=ANYONE,
        limited=False,
        responses={
            "200": answer("It can.", ref("Health")),
            "503": answer("Not now.", ref("Health"), headers=retry),
            **problems(()),
        },
    )
