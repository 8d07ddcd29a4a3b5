"""Processing through the server: cached results, scans over all cores, and neighbours meanwhile."""

import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import ocr
from client import apart, call, request
from load import Load, load
from PIL import Image
from report import Row, Target, at_least, at_most
from serving import Server, create_account, environment, folder, media_server, process

_CACHED: Final = at_most(2, " ms")
_NEIGHBOUR: Final = at_most(50, " ms")
_PAGES: Final = 20
_JSON: Final = "content-type: application/json\r\n"


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on processing."""
    seconds, pages = (2.0, 6) if quick else (8.0, _PAGES)
    with folder() as data:
        _, token = create_account(data)
        with media_server(data, token) as server:
            yield from _cached(server, seconds)
            yield _neighbours(server, seconds)
    yield _scan(pages)


def _cached(server: Server, seconds: float) -> Iterator[Row]:
    picture = io.BytesIO()
    Image.effect_noise((1600, 1200), 50).save(picture, "JPEG")
    file_id = _upload(server, "photo.jpg", picture.getvalue())
    ask = _ask(server, file_id, "preview", {"size": "small"})
    made = server.json(ask)["data"]
    address = made["preview_url"].partition("//")[2].partition("/")[2]
    for what, message in {
        "POST preview, made before": ask,
        "GET of its signed address": request(f"GET /{address}"),
    }.items():
        before = server.processor_seconds()
        found = apart(load, server.port, [message], connections=1, seconds=seconds)
        used = (server.processor_seconds() - before) / len(found.latencies) * 1e3
        shown = f"{used:.2f} ms processor time; {_latency(found)}"
        yield _CACHED.row(what, used, shown)


def _neighbours(server: Server, seconds: float) -> Row:
    """Look at a file again and again while every worker recognises pages."""
    file_id = _upload(server, "a.txt", b"some text")
    message = server.get(f"/v1/media/files/{file_id}")
    quiet = apart(load, server.port, [message], connections=1, seconds=seconds)
    with _saturated(server):
        found = apart(load, server.port, [message], connections=1, seconds=seconds)
    shown = f"{_latency(found)}; while none works {_latency(quiet)}"
    return _NEIGHBOUR.row("A file's information while all workers work", found.p99 * 1e3, shown)


def _latency(found: Load) -> str:
    return f"p50 {found.p50 * 1e3:.2f} ms, p99 {found.p99 * 1e3:.2f} ms"


@contextmanager
def _saturated(server: Server) -> Iterator[None]:
    """Keep every worker, and a line before them, busy with OCR for the block."""
    over = threading.Event()

    def keep_busy(number: int) -> None:
        round_ = 0
        while not over.is_set():
            page = _page(f"{number} {round_}")
            file_id = _upload(server, "page.png", page)
            status, _ = call(server.port, _ask(server, file_id, "extract-text", {"language": "en"}))
            assert status == 200, status
            round_ += 1

    threads = [
        threading.Thread(target=keep_busy, args=(number,))
        for number in range(2 * len(os.sched_getaffinity(0)))
    ]
    for thread in threads:
        thread.start()
    time.sleep(2)  # until the engines are warm
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _scan(pages: int) -> Row:
    """Read a scan with one worker and with one for each core."""
    document = io.BytesIO()
    images = [Image.open(io.BytesIO(_page(str(number)))) for number in range(pages)]
    images[0].save(document, "PDF", save_all=True, append_images=images[1:], resolution=300)
    cores = len(os.sched_getaffinity(0))
    one, all_ = (_seconds_for(document.getvalue(), workers) for workers in (1, cores))
    shown = f"{one / all_:.2f}x the rate; {one:.1f} s with one worker, {all_:.1f} s with {cores}"
    return _bound(cores).row(
        f"OCR of a scan of {pages} pages, {cores} cores against one", one / all_, shown
    )


def _bound(cores: int) -> Target:
    return at_least(0.8 * cores, "x")


def _seconds_for(document: bytes, workers: int) -> float:
    with folder() as data:
        _, token = create_account(data)
        command = [sys.executable, "-m", "cli.main", "serve"]
        settings = environment(data) | {"MEDIA_WORKERS": str(workers)}
        with process(command, "/readyz", settings) as started:
            server = Server(started.pid, started.port, token)
            file_id = _upload(server, "scan.pdf", document)
            begun = time.perf_counter()
            found = server.json(_ask(server, file_id, "extract-text", {"language": "en"}))
            assert not found["data"]["failed_pages"], found
            return time.perf_counter() - begun


def _page(extra: str) -> bytes:
    page = ocr.page(f"{extra} {ocr.TEXTS['eng']} {ocr.TEXTS['eng']}", "DejaVuSerif", 300)
    target = io.BytesIO()
    page.save(target, "PNG")
    return target.getvalue()


def _upload(server: Server, name: str, content: bytes) -> str:
    boundary = "benchmark"
    body = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    ).encode()
    body += content + f"\r\n--{boundary}--\r\n".encode()
    kind = f"content-type: multipart/form-data; boundary={boundary}\r\n"
    file_id: str = server.json(request("POST /v1/media/upload", server.token, kind, body))["data"][
        "id"
    ]
    return file_id


def _ask(server: Server, file_id: str, operation: str, given: dict[str, str]) -> bytes:
    body = json.dumps(given).encode()
    return request(f"POST /v1/media/files/{file_id}/{operation}", server.token, _JSON, body)
