"""GraphQL over HTTP: methods, content types, statuses, and which operation runs."""

from collections.abc import Mapping

import httpx
import pytest

from tests.acceptance.gql import LEGACY, SPEC, Gql, codes
from tests.acceptance.serving import Server


@pytest.mark.parametrize(
    "request_",
    [
        {"query": "query A { viewer { id } } query B { viewer { kind } }"},
        {"query": "query A { viewer { id } }", "operationName": "B"},
        {"query": "fragment F on File { id }"},
    ],
    ids=["several, none named", "another named", "none there"],
)
@pytest.mark.parametrize("transport", ["json", "query string", "multipart"])
@pytest.mark.parametrize(("accept", "status"), [(SPEC, 400), (LEGACY, 200), ("*/*", 200)])
def test_it_must_be_clear_which_operation_runs(
    client: httpx.Client, request_: Mapping[str, str], accept: str, status: int, transport: str
) -> None:
    # GraphQL specification (2025), section 6.1; GraphQL over HTTP, sections 6.4.1 and 6.4.2
    client.headers["accept"] = accept
    if transport == "json":
        answer = client.post("/graphql", json=request_)
    elif transport == "query string":
        answer = client.get("/graphql", params=request_)
    else:
        answer = Gql(client).multipart(request_, {}, {})
    assert (answer.status_code, codes(answer)) == (status, ["VALIDATION_FAILED"])
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    ("accept", "status"), [(SPEC, 294), (f"{SPEC}, {LEGACY}", 294), (LEGACY, 200), ("*/*", 200)]
)
@pytest.mark.parametrize(
    "query", ['{ viewer { id } file(id: "x") { id } }', "{ files { nodes { id } } }"]
)
def test_data_beside_errors_has_a_status_of_its_own(
    server: Server, query: str, accept: str, status: int
) -> None:
    # GraphQL over HTTP, "Status Codes": even where the data is null, which it is in the second.
    with server.client() as anonymous:
        answer = anonymous.post("/graphql", json={"query": query}, headers={"accept": accept})
    assert (answer.status_code, codes(answer)) == (status, ["UNAUTHENTICATED"])
    assert "data" in answer.json()


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        ("", 200, LEGACY),
        ("*/*", 200, LEGACY),
        (LEGACY, 200, LEGACY),
        ("application/*", 200, LEGACY),
        (SPEC, 200, SPEC),
        (f"{SPEC}, {LEGACY}", 200, SPEC),
        (f"{SPEC}; charset=utf-8, {LEGACY}; charset=utf-8", 200, SPEC),
        (f"{SPEC};q=0, {LEGACY};q=0.1", 200, LEGACY),
        (f"{SPEC};q=0, */*", 200, LEGACY),
        (f"{LEGACY};q=0, */*", 200, SPEC),
        (f"{SPEC};q=0.5, {LEGACY}", 200, LEGACY),
        (f"{SPEC}; q=0.0", 406, LEGACY),
        ("*/*;q=0", 406, LEGACY),
        *((other, 406, LEGACY) for other in ("text/csv", "image/*")),
    ],
)
def test_the_answer_comes_in_a_type_that_is_accepted(
    client: httpx.Client, accept: str, status: int, kind: str
) -> None:
    answer = client.post(
        "/graphql", json={"query": "{ viewer { id } }"}, headers={"accept": accept}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


def test_a_query_may_come_by_get_and_a_mutation_may_not(client: httpx.Client) -> None:
    asked = {
        "query": "query ($n: Int) { files(first: $n) { totalCount } }",
        "variables": '{"n": 1}',
    }
    assert client.get("/graphql", params=asked).json() == {"data": {"files": {"totalCount": 0}}}
    mutation = {"query": 'mutation { delete(id: "x") }'}
    answer = client.get("/graphql", params=mutation)
    assert (answer.status_code, codes(answer)) == (405, ["METHOD_NOT_ALLOWED"])
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("variables", ["x", "[]", "1", "{", "[" * 5_000])
def test_wrong_variables_by_get_are_refused(client: httpx.Client, variables: str) -> None:
    asked = {"query": "{ viewer { id } }", "variables": variables}
    answer = client.get("/graphql", params=asked)
    assert (answer.status_code, codes(answer)) == (400, ["VALIDATION_FAILED"])
    assert answer.json()["errors"][0]["message"].startswith("variables ")
