"""What a server tells Prometheus of itself, as a process."""

from contextlib import ExitStack
from pathlib import Path

from tests.acceptance.serving import Server, eventually
from tests.acceptance.wire import part, upload_head
from tests.faults.aftermath import figure
from tests.ports import free_port

CLIENTS = 7


def test_connections_and_tasks_are_counted_while_they_last(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", metrics_address=f"127.0.0.1:{free_port()}")
    try:
        token = server.guest()
        eventually(lambda: figure(server, "media_client_connections") == 0, "nobody is there")
        tasks = figure(server, "media_asyncio_tasks")
        with ExitStack() as held:
            for _ in range(CLIENTS):
                connection = held.enter_context(server.connect())
                connection.sendall(upload_head(token, "Content-Length: 1000"))
                connection.sendall(part("file", "a.bin", b"")[:-2])
            eventually(
                lambda: figure(server, "media_client_connections") == CLIENTS, "they are counted"
            )
            eventually(
                lambda: figure(server, "media_asyncio_tasks") >= tasks + CLIENTS,
                "so are their requests",
            )
        eventually(lambda: figure(server, "media_client_connections") == 0, "nobody is left")
        eventually(lambda: figure(server, "media_asyncio_tasks") == tasks, "nor any request")
        assert server.stop() == 0
    finally:
        server.kill()
