"""Servers that share everything: a database, an object store, a queue, and rate limits."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.samples import image, noise, writing
from tests.acceptance.serving import Server, eventually
from tests.deployed import Deployment, deployed
from tests.faults.aftermath import Ledger, all_at_once
from tests.faults.aftermath import noise as fresh_noise

CONTENT = noise(2_000_000)


@pytest.fixture
def deployment(server: Server) -> Deployment:
    assert isinstance(server, Deployment)
    return server


@pytest.fixture
def replicas(deployment: Deployment, token: str) -> Iterator[list[httpx.Client]]:
    """Speak to each server by itself, as the same guest."""
    clients = [server.client(token) for server in deployment.servers]
    yield clients
    for client in clients:
        client.close()


def upload(client: httpx.Client, content: bytes, name: str) -> str:
    answer = client.post("/v1/media/upload", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    path: str = f"/v1/media/files/{answer.json()['data']['id']}"
    return path


def test_what_one_server_takes_every_other_gives(replicas: list[httpx.Client]) -> None:
    one, other = replicas
    path = upload(one, CONTENT, "a.bin")
    assert other.get(f"{path}/download").content == CONTENT
    assert other.delete(path).status_code == 204
    assert one.get(path).status_code == 404


def test_workers_make_what_any_server_is_asked_for(
    deployment: Deployment, replicas: list[httpx.Client]
) -> None:
    one, other = replicas
    path = upload(one, writing("A quiet harbour."), "page.png")
    assert other.post(f"{path}/extract-text").json()["data"]["text"].strip() == "A quiet harbour."
    made = other.post(f"{path}/preview").json()["data"]
    assert one.post(f"{path}/preview").json()["data"]["size"] == made["size"]
    for server in deployment.servers:
        children = Path(f"/proc/{server.process.pid}/task").glob("*/children")
        assert not "".join(each.read_text() for each in children).strip()


def test_rate_limits_count_what_all_servers_were_asked_for(replicas: list[httpx.Client]) -> None:
    def left(client: httpx.Client) -> int:
        told = client.get("/v1/media/files").headers["ratelimit"]
        return int(told.split("r=")[1].split(";")[0])

    one, other = replicas
    first = left(one)
    assert left(other) < first
    assert left(one) < first - 1


def test_signed_previews_come_from_the_cache_of_nginx(client: httpx.Client) -> None:
    path = upload(client, image("PNG"), "a.png")
    url = client.post(f"{path}/preview").json()["data"]["preview_url"]
    assert url.startswith(str(client.base_url).rstrip("/"))
    first, second = (httpx.get(url, trust_env=False) for _ in range(2))
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")


def test_a_revoked_preview_ends_at_nginx_too_however_many_ask_for_it(
    client: httpx.Client,
) -> None:
    path = upload(client, image("PNG"), "a.png")
    url = client.post(f"{path}/preview").json()["data"]["preview_url"]
    assert httpx.get(url, trust_env=False).status_code == 200
    assert client.post(f"{path}/revoke-links").status_code == 200

    def ask(_: int) -> None:
        with httpx.Client(trust_env=False) as anonymous:
            eventually(lambda: anonymous.get(url).status_code == 403, "the address has ended")
            assert {anonymous.get(url).status_code for _ in range(200)} == {403}

    all_at_once(ask, 8, 8)


def test_a_server_and_a_worker_that_are_killed_lose_nothing(tmp_path: Path) -> None:
    with deployed(tmp_path) as deployment:
        ledger = Ledger(deployment.guest())
        with deployment.client(ledger.token) as client:
            path = upload(client, writing("Still here."), "page.png")

        def send(number: int) -> None:
            with deployment.client(ledger.token) as client:
                if number == 30:
                    deployment.servers[0].kill()
                    deployment.workers[0].kill()
                answer = ledger.upload(client, fresh_noise(200_000))
                assert answer.status_code in {200, 502, 504}, answer.text

        all_at_once(send, 100, 8)
        assert len(ledger.kept) > 60
        with deployment.client(ledger.token) as client:
            text = client.post(f"{path}/extract-text", timeout=90).json()["data"]["text"]
            assert text.strip() == "Still here."
            for file_id, checksum in ledger.kept.items():
                got = client.get(f"/v1/media/files/{file_id}/download").content
                assert hashlib.sha256(got).hexdigest() == checksum
