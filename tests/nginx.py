"""nginx for tests, with the configuration that deployments have."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.serving import Server
from tests.ports import free_port

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "deploy" / "nginx" / "media.conf.template"
_PATIENCE_SECONDS = 60
_MAIN = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/media.conf;
}}
"""


@contextmanager
def nginx(
    folder: Path, upstreams: Sequence[str], objects: Path | None = None, *, tls: str = ""
) -> Iterator[str]:
    """Run nginx in front of ``upstreams`` (``host:port``); yield its URL.

    ``tls`` is what the operator's file says of TLS.
    """
    port = free_port()
    folder.mkdir()
    (folder / "tls").mkdir()
    (folder / "tls" / "tls.conf").write_text(tls)
    settings = {
        "MEDIA_UPSTREAM": " ".join(f"server {upstream};" for upstream in upstreams),
        "MEDIA_NGINX_LISTEN": f"127.0.0.1:{port}",
        "MEDIA_NGINX_CACHE": f"{folder}/previews",
        "MEDIA_NGINX_TLS": f"{folder}/tls",
        "MEDIA_NGINX_OBJECTS": str(objects or folder),
    }
    (folder / "media.conf").write_text(filled_in(TEMPLATE.read_text(), settings))
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
    process = subprocess.Popen(  # noqa: S603 - our own configuration
        ["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    )
    try:
        _await(f"http://127.0.0.1:{port}/healthz", process, folder / "error.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextmanager
def in_front(server: Server, folder: Path) -> Iterator[None]:
    """Have clients reach ``server`` through nginx, for the block."""
    with nginx(folder, [f"127.0.0.1:{server.port}"]) as url:
        server.url, server.port = url, int(url.rpartition(":")[2])
        yield


def filled_in(template: str, settings: Mapping[str, str]) -> str:
    """Return ``template`` with its variables in place, as nginx's image does it."""
    return re.sub(r"\$\{(\w+)\}", lambda found: settings[found[1]], template)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"nginx did not start:\n{log.read_text()}")
        time.sleep(0.02)
