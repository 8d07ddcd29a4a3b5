"""What observing costs a request: the middleware around an application that does nothing.

Run with ``PYTHONPATH=. .venv/bin/python benchmarks/observing.py``.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.logs import JsonFormatter
from server.app import ROUTES
from server.observe import Observe

REQUESTS, ROUNDS = 5000, 7
HEADERS = [(b"host", b"localhost"), (b"authorization", b"Bearer x"), (b"accept", b"*/*")]


async def nothing(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer as a small route does, in two messages."""
    scope["endpoint"] = ROUTES[0].endpoint
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_: Message) -> None:
    pass


async def microseconds(app: ASGIApp) -> float:
    """Return what one request takes, the best of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(REQUESTS):
            scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/v1/media/files"}
            await app({**scope, "headers": HEADERS}, _receive, _send)
        rounds.append((time.perf_counter() - began) / REQUESTS * 1e6)
    return min(rounds)


def observed(level: int, *, counting: bool) -> Observe:
    """Return the middleware around nothing."""
    routes: list[Route] = list(ROUTES)
    return Observe(nothing, routes=routes, log_level=level, counting=counting, tracing=None)


async def main() -> None:
    """Print a table."""
    with open("/dev/null", "w", encoding="utf-8") as sink:  # noqa: ASYNC230, PTH123 - a device
        handler = logging.StreamHandler(sink)
        handler.setFormatter(JsonFormatter())
        logging.basicConfig(level=logging.INFO, handlers=[handler])
        bare = await microseconds(nothing)
        cases: Mapping[str, Observe] = {
            "ids alone (the default)": observed(logging.DEBUG, counting=False),
            "and figures": observed(logging.DEBUG, counting=True),
            "and JSON lines": observed(logging.INFO, counting=True),
        }
        for name, app in cases.items():
            print(f"{name:28} {await microseconds(app) - bare:6.1f} µs a request")


if __name__ == "__main__":
    asyncio.run(main())
