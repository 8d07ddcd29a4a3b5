"""Requests without a Host header, with several, or with one that is none."""

import pytest

from tests.acceptance.serving import Server
from tests.acceptance.wire import exchange


def asked(server: Server, *lines: str, version: str = "1.1", target: str = "/healthz") -> int:
    whole = "\r\n".join([f"GET {target} HTTP/{version}", *lines, "\r\n"])
    return exchange(server, whole.encode("latin-1"), method="GET").status


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("Host:",),
        ("Host: one.example", "Host: two.example"),
        ("Host: one.example", "host: one.example"),
        ("Host: one.example, two.example/path",),
        *((f"Host: {name}",) for name in ("a b", "a/b", "user@host", "[", "[::1", "a:b", "%zz")),
    ],
    ids=str,
)
@pytest.mark.parametrize("target", ["/healthz", "http://one.example/healthz"])
def test_a_request_is_for_one_host(server: Server, lines: tuple[str, ...], target: str) -> None:
    assert asked(server, *lines, target=target) == 400


@pytest.mark.parametrize(
    "name", ["one.example", "one.example:8000", "127.0.0.1", "[::1]:8000", "a_b-c", "xn--bcher-kva"]
)
def test_any_name_and_address_will_do(server: Server, name: str) -> None:
    assert asked(server, f"Host: {name}") == 200


def test_http_1_0_needs_no_host(server: Server) -> None:
    assert asked(server, version="1.0") == 200
    assert asked(server, "Host: a", "Host: b", version="1.0") == 400
