"""What the server's protocol uses of uvicorn's internals: another version may lack it."""

import ast
import asyncio
import inspect
from pathlib import Path
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from server import heads
from server.heads import HttpProtocol

OVERRIDDEN = {
    *("connection_made", "connection_lost", "data_received", "send_400_response"),
    *("on_message_begin", "on_header", "on_headers_complete", "on_body", "on_message_complete"),
    *("on_response_complete", "timeout_keep_alive_handler"),
}
READ = {
    *("cycle", "expect_100_continue", "flow", "headers", "loop", "parser", "pipeline"),
    *("server_state", "timeout_keep_alive", "transport", "url"),
}
OF_A_CYCLE = {"disconnected", "message_event", "response_complete", "response_started"}


def test_the_protocol_uses_of_uvicorn_what_is_named_here() -> None:
    module = ast.parse(Path(heads.__file__).read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    own = HttpProtocol.__dict__.keys() - OVERRIDDEN | {"_protocol"}
    assert used - own == READ


@pytest.mark.parametrize("name", sorted(OVERRIDDEN))
def test_uvicorn_has_the_methods_that_are_overridden(name: str) -> None:
    ours, theirs = getattr(HttpProtocol, name), getattr(HttpToolsProtocol, name)
    assert inspect.signature(ours).parameters.keys() == inspect.signature(theirs).parameters.keys()


async def test_uvicorn_has_the_attributes_that_are_read() -> None:
    config = uvicorn.Config(Mock(), interface="asgi3", ws="none", lifespan="off")
    connection = HttpToolsProtocol(config, ServerState(), {}, asyncio.get_running_loop())
    connection.connection_made(Mock(get_extra_info=Mock(return_value=None)))
    connection.data_received(b"GET / HTTP/1.1\r\n\r\n")
    assert vars(connection).keys() >= READ
    assert vars(connection.cycle).keys() >= OF_A_CYCLE
    assert callable(connection.flow.resume_reading)
    assert connection.server_state.default_headers == []
    await asyncio.gather(*connection.tasks, return_exceptions=True)
