"""TLS by a file of the operator's: addresses, cookies, and uploads over HTTP/1.1 and 2."""

import asyncio
import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import trustme

from tests.acceptance.gql import Gql
from tests.acceptance.samples import image, noise
from tests.acceptance.serving import Server
from tests.nginx import nginx
from tests.ports import free_port

LIMIT = 8_000_000
CONTENT = noise(5_000_000)
AT_ONCE = 30


class Secured(NamedTuple):
    """A server behind nginx, its address, and whom its clients trust."""

    server: Server
    url: str
    trusted: ssl.SSLContext

    def client(self, token: str | None = None, *, http2: bool = False) -> httpx.Client:
        """Return a client that goes by TLS; close it."""
        return httpx.Client(base_url=self.url, http2=http2, **self.options(token))

    def options(self, token: str | None) -> dict[str, object]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return {"headers": headers, "verify": self.trusted, "trust_env": False, "timeout": 60}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    certificate = authority.issue_cert("127.0.0.1")
    pem = folder / "server.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(pem)
    port = free_port()
    tls = f"listen 127.0.0.1:{port} ssl http2; ssl_certificate {pem}; ssl_certificate_key {pem};"
    server = Server(folder / "data", max_upload_bytes=LIMIT)
    with nginx(folder / "nginx", [f"127.0.0.1:{server.port}"], tls=tls):
        yield Secured(server, f"https://127.0.0.1:{port}", trusted)
    assert server.stop() == 0
    assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def token(secured: Secured) -> str:
    return secured.server.guest()


def test_addresses_in_answers_are_of_https_and_lead_back(secured: Secured, token: str) -> None:
    with secured.client(token) as client:
        answer = client.post("/v1/media/upload", files={"file": ("a.png", image("PNG"))})
        file = answer.json()["data"]
        made = client.post(f"/v1/media/files/{file['id']}/preview").json()["data"]
        signed = client.post(f"/v1/media/files/{file['id']}/signed-url", json={}).json()["data"]
        query = "query ($id: ID!) { file(id: $id) { url streamUrl previewUrl } }"
        told = Gql(client).data(query, id=file["id"])["file"]
    for url in (file["url"], made["preview_url"], signed["url"], *told.values()):
        assert url.startswith(f"{secured.url}/"), url
    with secured.client() as anonymous:
        for url in (made["preview_url"], signed["url"]):
            assert anonymous.get(url).status_code == 200


def test_the_cookie_of_a_session_is_for_tls_alone(secured: Secured) -> None:
    with secured.client() as client:
        ours = {"origin": secured.url}
        made = client.post("/v1/auth/guest", json={"session": "cookie"}, headers=ours)
        assert "; Secure" in made.headers["set-cookie"]
        assert client.post("/v1/auth/refresh", headers=ours).status_code == 200


@pytest.mark.parametrize("http2", [False, True])
def test_files_go_up_and_down(secured: Secured, token: str, *, http2: bool) -> None:
    with secured.client(token, http2=http2) as client:
        answer = client.post("/v1/media/upload", files={"file": ("a.bin", CONTENT)})
        assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
        path = f"/v1/media/files/{answer.json()['data']['id']}/download"
        assert client.get(path).content == CONTENT
        part = client.get(path, headers={"range": "bytes=1000000-1999999"})
        assert (part.status_code, part.content) == (206, CONTENT[1_000_000:2_000_000])
        too_large = client.post("/v1/media/upload", files={"file": ("a.bin", bytes(LIMIT + 1))})
        assert (too_large.status_code, too_large.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_one_connection_of_http_2_carries_many_uploads_at_once(
    secured: Secured, token: str
) -> None:
    async def upload(client: httpx.AsyncClient, content: bytes) -> None:
        answer = await client.post("/v1/media/upload", files={"file": ("a.bin", content)})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["checksum"] == hashlib.sha256(content).hexdigest()

    async def uploads() -> None:
        limits = httpx.Limits(max_connections=1)
        options = secured.options(token)
        async with httpx.AsyncClient(
            base_url=secured.url, http2=True, limits=limits, **options
        ) as client:
            await asyncio.gather(*(upload(client, noise(100_000 + n)) for n in range(AT_ONCE)))

    asyncio.run(uploads())


def test_without_tls_addresses_stay_as_they_were_asked_for(
    tmp_path: Path, secured: Secured
) -> None:
    with nginx(tmp_path / "nginx", [f"127.0.0.1:{secured.server.port}"]) as url:
        headers = {"authorization": f"Bearer {secured.server.guest()}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
            made = client.post("/v1/media/upload", files={"file": ("a.txt", b"a")}).json()["data"]
    assert made["url"].startswith(f"{url}/")
