"""A real OpenID Connect provider on loopback, and a browser that signs in with it."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Final
from urllib.parse import urljoin

import httpx
import pytest

from tests.acceptance.serving import PATIENCE_SECONDS, ROOT, Server

PROVIDER: Final = ROOT / "tests" / "oidc" / "provider.mjs"
CLIENT: Final = {"oidc_client_id": "media", "oidc_client_secret": "a secret of the tests alone"}
SAME_ORIGIN: Final = {"sec-fetch-site": "same-origin"}

_ACTION: Final = re.compile(r'<form[^>]* action="([^"]+)"')


@contextmanager
def provider(*, host: str = "127.0.0.1", claims: str = "at-userinfo") -> Iterator[str]:
    """Run the provider; yield its issuer."""
    with subprocess.Popen(  # noqa: S603 - our own program
        ["/usr/bin/env", "node", str(PROVIDER), host, claims],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        issuer = process.stdout.readline().strip()
        if not issuer:
            pytest.fail("the provider did not start: `make test` installs it")
        yield issuer
        assert process.stdin is not None
        process.stdin.close()


class Browser:
    """Keeps cookies as a browser does: each site's apart, strict ones at home.

    It sends ``media_session``, which is strict, with what its own page asks for, and not when
    the provider sends it back.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        """Send what a page of the server asks for, with all cookies."""
        return self._send(method, path, self.cookies, **options)

    def guest(self) -> str:
        """Be a new guest by cookie; return the access token."""
        made = self.ask("POST", "/v1/auth/guest", json={"session": "cookie"})
        token: str = made.json()["access_token"]
        return token

    def refreshed(self) -> dict[str, str]:
        """Return the next tokens of the cookie's session."""
        answer = self.ask("POST", "/v1/auth/refresh")
        assert answer.is_success, answer.text
        tokens: dict[str, str] = answer.json()
        return tokens

    def sign_in(self, name: str, return_to: str = "/app") -> httpx.Response:
        """Sign in as ``name`` from a page of the server; return the answer to coming back."""
        sent = self.ask("GET", "/v1/auth/oidc/login", params={"return_to": return_to})
        assert sent.status_code == 302, sent.text
        return self.come_back(at_provider(sent.headers["location"], name))

    def come_back(self, address: str) -> httpx.Response:
        """Follow the provider's way back to the server."""
        lax = {name: value for name, value in self.cookies.items() if name != "media_session"}
        return self._send("GET", address.removeprefix(self.server.url), lax)

    def _send(
        self, method: str, path: str, cookies: Mapping[str, str], **options: object
    ) -> httpx.Response:
        jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
        headers = {**SAME_ORIGIN, **({"cookie": jar} if jar else {})}
        with self.server.client() as client:
            answer = client.request(method, path, headers=headers, **options)  # type: ignore[arg-type]
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
        return answer


def at_provider(address: str, name: str) -> str:
    """Fill in the provider's forms as ``name``; return where it sends the browser in the end."""
    with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        issuer = httpx.URL(address).copy_with(raw_path=b"/")
        answer = client.get(address)
        while True:
            if answer.has_redirect_location:
                address = urljoin(str(answer.url), answer.headers["location"])
                if httpx.URL(address).port != issuer.port:
                    return address
                answer = client.get(address)
                continue
            action, fields = _filled(answer, name)
            answer = client.post(action, data=fields)


def cancelled_at_provider(address: str) -> str:
    """Refuse to sign in; return where the provider sends the browser then."""
    with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=True) as client:
        shown = client.get(address)
        (abort,) = re.findall(r'href="([^"]+/abort)"', shown.text)
        client.follow_redirects = False
        answer = client.get(urljoin(str(shown.url), abort))
        answer = client.get(urljoin(str(answer.url), answer.headers["location"]))
        back: str = answer.headers["location"]
        return back


def _filled(answer: httpx.Response, name: str) -> tuple[str, dict[str, str]]:
    assert answer.is_success, answer.text
    (action,) = _ACTION.findall(answer.text)
    prompt = "login" if 'value="login"' in answer.text else "consent"
    fields = {"prompt": prompt, "login": name, "password": "whatever"}
    return urljoin(str(answer.url), action), fields
