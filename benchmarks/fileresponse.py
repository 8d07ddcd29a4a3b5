"""What downloads are measured against: Starlette's FileResponse under uvicorn."""

import os
import sys

import uvicorn
from client import HOST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route


def main(path: str, port: int) -> None:
    """Serve the file at ``path``, whole and in ranges, with nothing else in the way."""

    async def file(_: Request) -> Response:
        return FileResponse(path)

    async def ready(_: Request) -> Response:
        return Response()

    app = Starlette(routes=[Route("/file", file), Route("/readyz", ready)])
    uvicorn.run(
        app,
        host=HOST,
        port=port,
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main(sys.argv[1], int(os.environ["MEDIA_PORT"]))
