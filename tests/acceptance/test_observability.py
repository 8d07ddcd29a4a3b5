"""What a running server tells of itself: every line of its log, and figures for Prometheus."""

import json
import re
import socket
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.acceptance.gql import Gql
from tests.acceptance.serving import ROOT, Server, eventually
from tests.ports import free_port

PAGE = (ROOT / "docs" / "observability.md").read_text()


class Figures:
    """Reads figures as Prometheus does."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"

    def text(self) -> str:
        return httpx.get(self._url, trust_env=False).text

    def __call__(self, name: str) -> float:
        """Return the sample of that name and those labels; 0 if there is none."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.text(), re.MULTILINE)
        return float(found[1]) if found else 0.0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def observed(start: Callable[..., Server], port: int) -> Server:
    """Serve with JSON lines and figures."""
    return start(log_format="json", metrics_address=f"127.0.0.1:{port}")


@pytest.fixture
def figures(port: int) -> Figures:
    return Figures(port)


def lines(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.splitlines()]


def test_every_line_is_json_and_each_request_has_one(observed: Server) -> None:
    with observed.client(observed.guest()) as client:
        for number in range(3):
            client.get("/v1/media/files", headers={"x-request-id": f"list-{number}"})
        client.get("/healthz?token=s3cr3t&signature=s1gned")
    assert observed.stop() == 0
    told = [line for line in lines(observed) if line["logger"] == "media.access"]
    ids = [line["request_id"] for line in told if line["operation"] == "GET /v1/media/files"]
    assert ids == ["list-0", "list-1", "list-2"]
    assert {line["logger"] for line in lines(observed)} >= {"uvicorn.error", "media.server"}
    assert "s3cr3t" not in observed.log
    assert "s1gned" not in observed.log


@pytest.mark.parametrize("form", ["text", "json"])
def test_not_even_at_debug_are_contents_or_tokens_logged(
    start: Callable[..., Server], form: str
) -> None:
    server = start(log_level="debug", log_format=form)
    token = server.guest()
    with server.client(token) as client:
        made = client.post(
            "/v1/media/upload",
            files={"file": ("n4me.txt", b"c0ntent of the file")},
            data={"description": "d3scription", "tags": "t4g"},
        )
        path = f"/v1/media/files/{made.json()['data']['id']}"
        client.get("/v1/media/files", params={"name": "s3arch"})
        client.post(f"{path}/extract-text", json={})
        signed = client.post(f"{path}/signed-url").json()["data"]["url"]
        assert client.get(signed).content == b"c0ntent of the file"
        Gql(client).data("query ($n: String) { files(filter: {name: $n}) { totalCount } }", n="v4r")
    assert server.stop() == 0
    assert path in server.log
    signature = httpx.URL(signed).params["signature"]
    private = ("c0ntent", "n4me", "d3scription", "t4g", "s3arch", "v4r", signature, token)
    assert [one for one in private if one in server.log] == []


def test_a_failure_is_logged_with_its_cause_and_the_id_of_its_request(observed: Server) -> None:
    with observed.client(observed.guest()) as client:
        observed.rows("DROP TABLE file_tag")
        answer = client.get("/v1/media/files?tag=x", headers={"x-request-id": "broken"})
    assert answer.status_code >= 500
    assert observed.stop() == 0
    failures = [line for line in lines(observed) if "file_tag" in line.get("exception", "")]
    assert failures
    assert {line["request_id"] for line in failures} == {"broken"}


def test_an_administrators_access_is_audited_under_the_id_of_its_request(observed: Server) -> None:
    with observed.client(observed.guest()) as owner:
        made = owner.post("/v1/media/upload", files={"file": ("a.txt", b"x")})
        path = f"/v1/media/files/{made.json()['data']['id']}"
    with observed.client(observed.account("administrator")) as administrator:
        administrator.get(path, headers={"x-request-id": "why-i-looked"})
        (entry,) = administrator.get("/v1/audit").json()["data"]
    assert (entry["operation"], entry["request_id"]) == ("read", "why-i-looked")


def test_figures_follow_what_the_server_does(observed: Server, figures: Figures) -> None:
    with observed.client(observed.guest()) as client:
        made = client.post("/v1/media/upload", files={"file": ("a.txt", b"some text")})
        file_id = made.json()["data"]["id"]
        client.post(f"/v1/media/files/{file_id}/extract-text", json={})
        client.get("/v1/media/files/x")
        Gql(client).data("{ viewer { id } }")
    last = 'media_requests_total{operation="query viewer",status="2xx"}'
    eventually(lambda: figures(last) == 1, "the last request is counted")
    upload = 'operation="POST /v1/media/upload"'
    assert figures(f'media_requests_total{{{upload},status="2xx"}}') == 1
    assert figures(f"media_request_duration_seconds_count{{{upload}}}") == 1
    assert figures(f"media_received_bytes_total{{{upload}}}") > len(b"some text")
    one = 'operation="GET /v1/media/files/{file_id}",status="4xx"'
    assert figures(f"media_requests_total{{{one}}}") == 1
    done = 'media_worker_tasks_total{outcome="done",task="extract_text"}'
    assert figures(done) == 1
    assert figures("process_open_fds") > 0


def test_a_failure_of_a_file_is_counted_by_its_kind(observed: Server, figures: Figures) -> None:
    with observed.client(observed.guest()) as client:
        whole = BytesIO()
        Image.effect_noise((200, 200), 50).save(whole, "PNG")
        broken = whole.getvalue()[:2000]
        made = client.post("/v1/media/upload", files={"file": ("a.png", broken)})
        file_id = made.json()["data"]["id"]
        refused = client.post(f"/v1/media/files/{file_id}/preview", json={})
    assert refused.status_code == 422
    assert figures('media_worker_tasks_total{outcome="failed",task="preview"}') == 1


def test_uploads_are_in_flight_until_they_end(observed: Server, figures: Figures) -> None:
    token = observed.guest()
    head = (
        "POST /v1/media/upload HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n"
        f"authorization: Bearer {token}\r\ncontent-type: multipart/form-data; boundary=b\r\n\r\n"
        '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nsome'
    )
    assert figures("media_uploads_in_flight") == 0
    with observed.connect() as connection:
        connection.sendall(head.encode())
        eventually(lambda: figures("media_uploads_in_flight") == 1, "the upload is counted")
    eventually(lambda: figures("media_uploads_in_flight") == 0, "the upload is given up")


def test_every_figure_is_documented_and_no_other(observed: Server, figures: Figures) -> None:
    served = set(re.findall(r"^# HELP (media_\w+)", figures.text(), re.MULTILINE))
    documented = set(re.findall(r"`(media_\w+)`", PAGE))
    assert documented == served


def test_every_field_of_a_request_s_line_is_documented(observed: Server) -> None:
    with observed.client() as client:
        Gql(client).data("{ viewer { id } }")
    assert observed.stop() == 0
    told = [line for line in lines(observed) if line.get("operation") == "query viewer"]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [A-Z]", PAGE, re.MULTILINE)
    everywhere = {"time", "level", "logger", "message", "request_id"}
    documented = {name for row in rows for name in re.findall(r"\w+", row)}
    assert documented == set(told[0]) - everywhere


def test_a_metrics_address_that_is_taken_stops_the_start_with_a_clear_line(
    start: Callable[..., Server],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(pytest.fail.Exception, match="MEDIA_METRICS_ADDRESS"):
            start(metrics_address=address)
