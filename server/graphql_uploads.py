"""GraphQL multipart requests: operations, map, then files, each staged while it streams in.

A part that ``map`` names is a file whether or not its head has a ``filename`` (RFC 7578, 4.2). Its
bytes are staged once, however many variables take them.

Source: GraphQL multipart request specification (jaydenseric), version 2.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import BadMultipartError
from edge.idempotency import idempotency_key
from edge.request import application_of, body_of, length_of, spend
from server.graphql_multipart import MAX_FILES, UploadMap, parse_map, parse_operations
from services.limits.rate_limits import OperationClass
from services.uploads.idempotency import Attempt
from services.uploads.types import ANY_LENGTH, Expected, Received
from services.uploads.uploads import Uploads
from streaming.multipart import MultipartForm, Part


@dataclass(frozen=True, slots=True)
class StagedRequest:
    """An operations object, its files in their places, and the idempotency key it came with."""

    operations: dict[str, Any]
    attempt: Attempt | None = None


@asynccontextmanager
async def staged_request(request: Request, viewer: Viewer) -> AsyncIterator[StagedRequest]:
    """Yield the operations object with every file staged and in its place.

    Files that nothing has claimed when the block ends are discarded.

    Raises:
        UnauthenticatedError: Nobody is signed in; the body is not read.
        BadMultipartError: The request breaks the specification; nothing is kept.
        PayloadTooLargeError: A file is too large; nothing is kept.
    """
    Policy.require_writer(viewer)
    content_type = request.headers.get("content-type", "")
    form = MultipartForm(content_type, body_of(request), length_of(request))
    uploads = application_of(request).uploads

    async def count(files: int) -> None:
        await spend(request, OperationClass.UPLOAD, files)

    async with uploads.attempt(viewer, idempotency_key(request)) as attempt:
        await uploads.require_possible(viewer, form.least_content, attempt, MAX_FILES)
        incoming = _Incoming(form, uploads, viewer, attempt, count)
        try:
            yield StagedRequest(await incoming.read(), attempt)
        finally:
            await incoming.discard_unclaimed()


class _Incoming:
    """The parts of one request, in the order that the specification demands."""

    def __init__(
        self,
        form: MultipartForm,
        uploads: Uploads,
        viewer: Viewer,
        attempt: Attempt | None,
        count: Callable[[int], Awaitable[None]],
    ) -> None:
        self._count = count
        self._attempt = attempt
        self._form = form
        self._uploads = uploads
        self._viewer = viewer
        self._staged: list[Received] = []

    async def read(self) -> dict[str, Any]:
        parts = self._form.parts()
        operations = parse_operations(await self._leading(parts, "operations"))
        uploads = UploadMap(operations, parse_map(await self._leading(parts, "map")))
        if uploads.count:
            await self._count(uploads.count)
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
        uses = uploads.uses(part.name)
        expected = _expected(part, is_last=uploads.missing() == (part.name,))
        received = await self._uploads.receive(
            self._viewer,
            part.chunks,
            part.filename,
            part.content_type,
            expected,
            self._attempt,
            uses,
        )
        self._staged.append(received)
        uploads.place(part.name, received.for_each_use())


def _expected(part: Part, *, is_last: bool) -> Expected:
    exact = part.expected.least == part.expected.most
    return part.expected if exact or is_last else ANY_LENGTH
