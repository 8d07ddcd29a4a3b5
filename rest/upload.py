"""Upload over REST: one file and its metadata in a multipart form."""

from collections import defaultdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import BadMultipartError
from edge.idempotency import idempotency_key
from edge.request import application_of, base_url, body_of, length_of, viewer_of
from rest.responses import enveloped, file_json
from services.files.metadata import draft, tags_of_form
from services.uploads.idempotency import Attempt
from services.uploads.types import Received
from services.uploads.uploads import Uploads
from streaming.multipart import MultipartForm, Part

_FILE: Final = "file"


async def upload(request: Request) -> Response:
    """Store the form's file, and answer it as it is then."""
    viewer = await viewer_of(request)
    Policy.require_writer(viewer)
    uploads = application_of(request).uploads
    content_type = request.headers.get("content-type", "")
    form = MultipartForm(content_type, body_of(request), length_of(request))
    async with uploads.attempt(viewer, idempotency_key(request)) as attempt:
        await uploads.require_possible(viewer, form.least_content, attempt)
        incoming = _Incoming(uploads, viewer, form, attempt)
        try:
            await incoming.read()
            received = incoming.require_file()
            file = await uploads.claim(received, draft(incoming.metadata()), attempt)
        except BaseException:
            await incoming.discard()
            raise
    return enveloped(file_json(file, base_url(request)))


class _Incoming:
    """The parts of one form, the file staged as it passes by."""

    def __init__(
        self, uploads: Uploads, viewer: Viewer, form: MultipartForm, attempt: Attempt | None
    ) -> None:
        self._attempt = attempt
        self._uploads = uploads
        self._viewer = viewer
        self._form = form
        self._received: Received | None = None
        self._fields: defaultdict[str, list[str]] = defaultdict(list)

    async def read(self) -> None:
        async for part in self._form.parts():
            if part.name == _FILE:
                await self._stage(part)
            else:
                self._fields[part.name].append(await self._form.text(part))

    async def _stage(self, part: Part) -> None:
        if self._received is not None:
            raise BadMultipartError('Send one part named "file"; there is a second one.')
        self._received = await self._uploads.receive(
            self._viewer,
            part.chunks,
            part.filename,
            part.content_type,
            part.expected,
            self._attempt,
        )

    def require_file(self) -> Received:
        if self._received is None:
            raise BadMultipartError('The form has no part named "file".')
        return self._received

    def metadata(self) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, values in self._fields.items():
            if name == "tags":
                given[name] = tags_of_form(values)
            elif len(values) > 1:
                raise BadMultipartError(f"The field {name[:80]!r} may be sent only once.")
            elif values[0]:  # an empty form field means: not given
                given[name] = values[0]
        return given

    async def discard(self) -> None:
        if self._received is not None:
            await self._uploads.discard(self._received)
