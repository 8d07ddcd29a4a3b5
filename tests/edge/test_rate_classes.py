"""What each route counts as."""

import pytest
from starlette.endpoints import HTTPEndpoint

from edge.rate_classes import UNLIMITED, operation_class
from server.app import ROUTES
from services.limits.rate_limits import OperationClass

READ, WRITE, UPLOAD = OperationClass.READ, OperationClass.WRITE, OperationClass.UPLOAD
DOWNLOAD, PROCESSING = OperationClass.DOWNLOAD, OperationClass.PROCESSING
SIGN_IN = OperationClass.SIGN_IN
FILE = "/v1/media/files/{file_id}"
EXPECTED = {
    ("GET", "/v1/media/files"): READ,
    ("POST", "/v1/media/files/bulk-delete"): WRITE,
    ("POST", "/v1/media/files/bulk-visibility"): WRITE,
    ("POST", "/v1/media/files/bulk-tag"): WRITE,
    ("GET", FILE): READ,
    ("PATCH", FILE): WRITE,
    ("DELETE", FILE): WRITE,
    ("GET", f"{FILE}/download"): DOWNLOAD,
    ("GET", f"{FILE}/stream"): DOWNLOAD,
    ("GET", f"{FILE}/preview"): DOWNLOAD,
    ("POST", f"{FILE}/preview"): PROCESSING,
    ("POST", f"{FILE}/extract-text"): PROCESSING,
    ("POST", f"{FILE}/analyze"): PROCESSING,
    ("POST", f"{FILE}/signed-url"): WRITE,
    ("POST", f"{FILE}/revoke-links"): WRITE,
    ("POST", "/v1/media/upload"): UPLOAD,
    ("GET", "/v1/account/usage"): READ,
    ("GET", f"{FILE}/shares"): READ,
    ("POST", f"{FILE}/shares"): WRITE,
    ("DELETE", f"{FILE}/shares/{{account_id}}"): WRITE,
    ("GET", "/v1/audit"): READ,
    ("POST", "/llm/auth/guest-login"): SIGN_IN,
    ("GET", "/v1/auth/options"): READ,
    ("POST", "/v1/auth/guest"): SIGN_IN,
    ("POST", "/v1/auth/recover"): SIGN_IN,
    ("GET", "/v1/auth/recovery-code"): READ,
    ("POST", "/v1/auth/recovery-code"): WRITE,
    ("DELETE", "/v1/auth/recovery-code"): WRITE,
    ("POST", "/v1/auth/refresh"): SIGN_IN,
    ("POST", "/v1/auth/logout"): SIGN_IN,
    ("GET", "/v1/auth/oidc/login"): SIGN_IN,
    ("GET", "/v1/auth/oidc/callback"): SIGN_IN,
    ("GET", "/v1/auth/api-keys"): READ,
    ("POST", "/v1/auth/api-keys"): WRITE,
    ("DELETE", "/v1/auth/api-keys/{key_id}"): WRITE,
    ("GET", "/assets/{name}"): None,
    ("GET", "/openapi.json"): READ,
}


def routed() -> set[tuple[str, str]]:
    found = set()
    for route in ROUTES:
        endpoint = route.endpoint
        if isinstance(endpoint, type) and issubclass(endpoint, HTTPEndpoint):
            methods = {name.upper() for name in vars(endpoint) if name.islower()}
        else:
            methods = route.methods or set()
        known = methods & {"GET", "POST", "PATCH", "DELETE", "PUT"}
        found |= {(method, route.path) for method in known}
    return found


def test_every_route_is_limited_or_known_not_to_be() -> None:
    assert {one for one in routed() if one[1] not in UNLIMITED} == EXPECTED.keys()


@pytest.mark.parametrize(("method", "path"), EXPECTED)
def test_a_request_counts_as_what_it_does(method: str, path: str) -> None:
    assert operation_class(method, path) is EXPECTED[method, path]
    if method == "GET":
        assert operation_class("HEAD", path) is EXPECTED[method, path]


@pytest.mark.parametrize("path", sorted(UNLIMITED))
def test_health_is_not_limited_and_graphql_counts_for_itself(path: str) -> None:
    assert operation_class("GET", path) is None


def test_an_address_that_is_not_there_counts_too() -> None:
    assert operation_class("GET", "/nowhere") is READ
    assert operation_class("PUT", "/nowhere") is WRITE
