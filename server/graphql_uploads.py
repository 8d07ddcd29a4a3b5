"""GraphQL multipart requests: operations, map, then files, each staged while it streams in.

Source: GraphQL multipart request specification (jaydenseric), version 2.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import BadMultipartError
from server.graphql_multipart import UploadMap, parse_map, parse_operations
from services.received import Received
from services.uploads import Uploads
from streaming.multipart import MultipartForm, Part
from streaming.request import application_of, body_of


@asynccontextmanager
async def staged_request(request: Request, viewer: Viewer) -> AsyncIterator[dict[str, Any]]:
    """Yield the operations object with every file staged and in its place.

    Files that nothing has claimed when the block ends are discarded.

    Raises:
        UnauthenticatedError: Nobody is signed in; the body is not read.
        BadMultipartError: The request breaks the specification; nothing is kept.
        PayloadTooLargeError: A file is too large; nothing is kept.
    """
    Policy.require_writer(viewer)
    form = MultipartForm(request.headers.get("content-type", ""), body_of(request))
    incoming = _Incoming(form, application_of(request).uploads, viewer)
    try:
        yield await incoming.read()
    finally:
        await incoming.discard_unclaimed()


class _Incoming:
    """The parts of one request, in the order that the specification demands."""

    def __init__(self, form: MultipartForm, uploads: Uploads, viewer: Viewer) -> None:
        self._form = form
        self._uploads = uploads
        self._viewer = viewer
        self._staged: list[Received] = []

    async def read(self) -> dict[str, Any]:
        parts = self._form.parts()
        operations = parse_operations(await self._leading(parts, "operations"))
        uploads = UploadMap(operations, parse_map(await self._leading(parts, "map")))
        async for part in parts:
            await self._stage(part, uploads)
        missing = uploads.missing()
        if missing:
            raise BadMultipartError(f"The map names files that were not sent: {missing[0][:80]!r}.")
        return operations

    async def discard_unclaimed(self) -> None:
        for received in self._staged:
            await self._uploads.discard(received)

    async def _leading(self, parts: AsyncIterator[Part], name: str) -> bytes:
        part = await anext(parts, None)
        if part is None or part.name != name:
            raise BadMultipartError(
                "Send the parts in this order: operations, map, then the files that map names."
            )
        return await self._form.small(part)

    async def _stage(self, part: Part, uploads: UploadMap) -> None:
        if part.name not in uploads.names:
            raise BadMultipartError(f"The map does not name the part {part.name[:80]!r}.")
        if part.filename is None:
            raise BadMultipartError(f"The part {part.name[:80]!r} must be a file, with a filename.")
        received = await self._uploads.receive(
            self._viewer, part.chunks, part.filename, part.content_type
        )
        self._staged.append(received)
        uploads.place(part.name, received)
